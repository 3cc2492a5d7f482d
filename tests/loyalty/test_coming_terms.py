"""Terms that hold from a moment on: settled by from that very moment, shown before it, and taken back until it."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import time_machine
from django.core.management import call_command
from django.db import IntegrityError

from config.staff.roles import ADMINISTRATOR, FINANCE
from loyalty.errors import TermsNotValid
from loyalty.models import Lot, ProgrammeDraft, ProgrammeTerms
from loyalty.queries.programme_drafts import find_terms
from loyalty.queries.programme_files import find_programme_file
from loyalty.rules.programme_files import TermsPart
from loyalty.services.coming_terms import begin_terms, withdraw_terms
from loyalty.services.programme_arrivals import bring_programme
from loyalty.services.programme_drafts import (
    approve_programme_draft,
    submit_programme_draft,
    write_terms_draft,
)
from loyalty.services.welcome import welcome
from omnichannel.models import Programme
from tests.loyalty.conftest import Shop, basket, laws_broken
from tests.loyalty.test_admin_ledger import signed_in
from tests.loyalty.test_programme_drafts import FORM, press
from tests.loyalty.test_programme_files import exported, said

pytestmark = pytest.mark.django_db
TODAY = datetime(2026, 5, 10, 16, tzinfo=UTC)
IN_JUNE = datetime(2026, 6, 1, 4, tzinfo=UTC)
A_MOMENT = timedelta(seconds=1)


def terms(shop: Shop) -> TermsPart:
    found = find_terms(shop.programme.pk)
    assert found is not None
    return found


def scheduled(shop: Shop, live_from: datetime = IN_JUNE, **other: Any) -> ProgrammeDraft:
    """Terms that another person approved today, for a moment that has not come."""
    wanted = msgspec.structs.replace(terms(shop), **other)
    draft = write_terms_draft(shop.programme.pk, wanted, live_from=live_from, by="staff:1", now=TODAY)
    submit_programme_draft(draft.pk, by="staff:1", now=TODAY, asks_another=True)
    return approve_programme_draft(draft.pk, read=draft.digest(), by="staff:2", now=TODAY)


def paid_in(answer: dict[str, Any]) -> int:
    """What points paid, in minor units."""
    return int(answer["settlement"]["points_paid_minor"])


def can_be_spent() -> datetime:
    """From when the last points given can be spent."""
    return Lot.objects.latest("pk").available_from


def welcomed(shop: Shop, at: datetime) -> bool:
    """Whether somebody who enrols gets welcome points."""
    code = shop.programme.code
    return welcome(shop.enrol().pk, programme_code=code, happened_at=at, now=at)


def test_purchases_are_settled_by_the_terms_of_their_moment_whenever_the_clock_ticks(
    shop: Shop, clock: time_machine.Traveller
) -> None:
    member = shop.enrol()
    scheduled(shop, maturity_days=7, burn_points=20)

    clock.move_to(IN_JUNE - A_MOMENT)
    shop.commit(basket(5000, member=member))
    assert can_be_spent() == IN_JUNE - A_MOMENT

    clock.move_to(IN_JUNE)
    before_the_tick = shop.commit(basket(5000, member=member, spend_points=100)).json()
    assert can_be_spent() > IN_JUNE + timedelta(days=6)
    assert begin_terms(now=IN_JUNE) == 1
    assert begin_terms(now=IN_JUNE) == 0
    after_it = shop.commit(basket(5000, member=member, spend_points=100)).json()

    assert paid_in(before_the_tick) == paid_in(after_it) == 5
    assert terms(shop).maturity_days == 7
    assert laws_broken() == []


def test_a_quote_at_a_moment_uses_the_terms_of_that_moment(shop: Shop, clock: time_machine.Traveller) -> None:
    member = shop.enrol()
    shop.commit(basket(50_000, member=member))

    def paid(at: datetime) -> int:
        wanted = basket(5000, member=member, spend_points=1000, at=at.isoformat())
        return paid_in(shop.quote(wanted).json())

    scheduled(shop, burn_points=20)
    assert [paid(at) for at in (TODAY, IN_JUNE - A_MOMENT, IN_JUNE)] == [100, 100, 50]

    clock.move_to(IN_JUNE + A_MOMENT)
    begin_terms(now=IN_JUNE + A_MOMENT)
    assert [paid(at) for at in (TODAY, IN_JUNE - A_MOMENT, IN_JUNE)] == [100, 100, 50]


def test_a_purchase_told_late_is_worth_what_it_was_worth_then(
    shop: Shop, clock: time_machine.Traveller
) -> None:
    member = shop.enrol()
    scheduled(shop, maturity_days=7)
    clock.move_to(IN_JUNE + timedelta(hours=5))
    begin_terms(now=IN_JUNE + timedelta(hours=5))

    shop.commit(basket(5000, member=member, placed_at=(IN_JUNE - A_MOMENT).isoformat()))

    assert can_be_spent() == IN_JUNE - A_MOMENT


def test_a_file_changes_nothing_of_what_was_bought_before_it_came(
    shop: Shop, clock: time_machine.Traveller
) -> None:
    file, member = find_programme_file(shop.programme.code, now=TODAY), shop.enrol()
    assert file is not None
    assert file.terms is not None
    later = msgspec.structs.replace(file.terms, maturity_days=7)
    clock.move_to(IN_JUNE)
    bring_programme(msgspec.structs.replace(file, terms=later), by="import", now=IN_JUNE)

    shop.commit(basket(5000, member=member, placed_at=(IN_JUNE - A_MOMENT).isoformat()))

    assert can_be_spent() == IN_JUNE - A_MOMENT
    assert terms(shop) == later


def test_terms_are_withdrawn_until_they_begin(shop: Shop) -> None:
    before, draft = terms(shop), scheduled(shop, welcome_points=70)
    withdraw_terms(draft, by="staff:3", now=IN_JUNE - A_MOMENT)
    with pytest.raises(TermsNotValid):
        withdraw_terms(draft, by="staff:3", now=IN_JUNE - A_MOMENT)
    assert not welcomed(shop, IN_JUNE + A_MOMENT)
    assert begin_terms(now=IN_JUNE + A_MOMENT) == 0
    assert terms(shop) == before

    begun = scheduled(shop, welcome_points=70)
    with pytest.raises(TermsNotValid):
        withdraw_terms(begun, by="staff:3", now=IN_JUNE)
    with pytest.raises(IntegrityError, match="before_they_begin"):
        ProgrammeDraft.objects.filter(pk=begun.pk).update(withdrawn_at=IN_JUNE)


def test_welcome_points_are_those_of_the_day_of_enrolment(shop: Shop) -> None:
    scheduled(shop, welcome_points=70)
    assert not welcomed(shop, IN_JUNE - A_MOMENT)
    assert welcomed(shop, IN_JUNE)
    assert Lot.objects.get().credited == 70


def test_no_other_terms_hold_before_those_that_wait(shop: Shop) -> None:
    scheduled(shop, welcome_points=70)
    with pytest.raises(TermsNotValid, match="withdraw them first"):
        scheduled(shop, IN_JUNE + A_MOMENT, welcome_points=80)
    with pytest.raises(TermsNotValid, match="by itself, and at once"):
        scheduled(shop, IN_JUNE + A_MOMENT, rules_need_approval=True)


def test_terms_approved_after_their_moment_hold_from_their_approval(shop: Shop) -> None:
    draft = scheduled(shop, TODAY - A_MOMENT, welcome_points=70)
    assert (draft.live_from, terms(shop).welcome_points) == (TODAY, 70)


def test_a_month_is_chosen_on_the_page_and_shown_until_it_comes(
    shop: Shop, clock: time_machine.Traveller
) -> None:
    ProgrammeTerms.objects.update(rules_need_approval=True)
    finance, other = signed_in(FINANCE), signed_in(ADMINISTRATOR)
    page = f"/admin/loyalty/programmeterms/{ProgrammeTerms.objects.get().pk}/change/"
    late = FORM | {"welcome_points": "70", "live_from_0": "2026-05-09", "live_from_1": "08:00:00"}
    assert "This moment has passed" in finance.post(page, late).content.decode()
    loose = late | {"live_from_0": "2026-06-01"}
    del loose["rules_need_approval"]
    assert "by itself, and at once" in finance.post(page, loose).content.decode()

    finance.post(page, late | {"live_from_0": "2026-06-01"})
    draft = ProgrammeDraft.objects.get()
    assert "Holds from <bdi" in press(finance, draft, "_submit")
    assert "Approved: it is scheduled." in press(other, draft, "_approve", read=draft.digest())

    assert "Other terms hold from 2026-06-01 08:00 on" in finance.get(page).content.decode()
    assert "Withdraw them to write others" in finance.post(page, FORM).content.decode()
    assert "Withdrawn. The terms that hold go on." in press(finance, draft, "_withdraw")
    assert "Nothing else is scheduled" in finance.get(page).content.decode()
    assert terms(shop).welcome_points == 0


def test_what_an_own_draft_says_of_approvals_is_measured_by_what_holds(
    shop: Shop, clock: time_machine.Traveller
) -> None:
    ProgrammeTerms.objects.update(rules_need_approval=True)
    finance, row = signed_in(FINANCE), ProgrammeTerms.objects.get()
    page = f"/admin/loyalty/programmeterms/{row.pk}/change/"
    in_june = {"live_from_0": "2026-06-01", "live_from_1": "00:00:00"}
    loose = {name: value for name, value in FORM.items() if name != "rules_need_approval"}
    finance.post(page, loose)

    assert "by itself, and at once" in finance.post(page, loose | in_june).content.decode()
    assert finance.post(page, FORM | in_june).status_code == 302

    assert ProgrammeDraft.objects.get().live_from == IN_JUNE


def test_where_nobody_else_is_asked_saving_holds_at_once_and_stays_written_down(shop: Shop) -> None:
    page = f"/admin/loyalty/programmeterms/{ProgrammeTerms.objects.get().pk}/change/"
    alone = FORM | {"welcome_points": "70"}
    del alone["rules_need_approval"]
    saved = signed_in(ADMINISTRATOR).post(page, alone, follow=True).content.decode()
    assert "welcome points: 0 → 70" in saved
    assert terms(shop).welcome_points == 70


def test_coming_terms_travel_in_the_programme_s_file(
    shop: Shop, tmp_path: Path, capsys: Any, clock: time_machine.Traveller
) -> None:
    scheduled(shop, welcome_points=70)
    _, data = exported(shop, tmp_path, capsys)
    assert data["next_terms"]["terms"]["welcome_points"] == 70
    data["programme"]["code"] = "elsewhere"
    file = tmp_path / "elsewhere.json"
    file.write_text(json.dumps(data))

    tried = said(capsys, file, "--dry-run")
    call_command("import_programme", str(file))

    assert any("Terms from 2026-06-01 00:00" in line and "70" in line for line in tried)
    elsewhere = Programme.objects.get(code="elsewhere")
    assert ProgrammeDraft.objects.get(programme=elsewhere).live_from == IN_JUNE
    again = said(capsys, file, "--dry-run")
    assert not any("Terms from" in line for line in again)

    clock.move_to(IN_JUNE)
    data["programme"]["code"] = "later"
    file.write_text(json.dumps(data))
    call_command("import_programme", str(file))
    assert ProgrammeTerms.objects.get(programme__code="later").welcome_points == 70
