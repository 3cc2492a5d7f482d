"""Terms and limits of corrections on their way: written by one, approved by another, and only then they hold."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from django.db import IntegrityError
from django.test import Client

from config.staff.roles import ADMINISTRATOR, FINANCE, MARKETER
from loyalty.errors import (
    NeedsAnotherPerson,
    RuleDraftChanged,
    RuleDraftNotOpen,
    RuleDraftOfAnother,
    TermsNotValid,
)
from loyalty.models import CorrectionLimit, ProgrammeDraft, ProgrammeTerms
from loyalty.queries.programme_drafts import find_terms, list_limits
from loyalty.rules.programme_files import TermsPart
from loyalty.services.ladder_drafts import submit_ladder_draft, write_ladder_draft
from loyalty.services.programme_drafts import (
    approve_programme_draft,
    discard_programme_draft,
    send_back_programme_draft,
    submit_programme_draft,
    write_limits_draft,
    write_terms_draft,
)
from tests.loyalty.conftest import LADDER, Shop
from tests.loyalty.test_admin_ledger import signed_in

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 17, tzinfo=UTC)
FORM = {
    "burn_points": "10",
    "burn_minor": "0.01",
    "maturity_days": "0",
    "expiry_days": "365",
    "expiry_kind": "rolling",
    "kept_alive_by": "purchase",
    "welcome_points": "0",
    "when_spent": "clamp",
    "transfer_points_a_day": "0",
    "rules_need_approval": "on",
}


@pytest.fixture
def shop(shop: Shop) -> Shop:
    """A shop that asks for a second person."""
    ProgrammeTerms.objects.update(rules_need_approval=True)
    return shop


def terms(shop: Shop) -> TermsPart:
    found = find_terms(shop.programme.pk)
    assert found is not None
    return found


def draft_of(shop: Shop, **other: Any) -> ProgrammeDraft:
    wanted = msgspec.structs.replace(terms(shop), **other)
    return write_terms_draft(shop.programme.pk, wanted, by="staff:1", now=NOW)


def submitted(shop: Shop, **other: Any) -> ProgrammeDraft:
    return submit_programme_draft(draft_of(shop, **other).pk, by="staff:1", now=NOW)


def press(client: Client, draft: ProgrammeDraft, button: str, **more: str) -> str:
    address = f"/admin/loyalty/programmedraft/{draft.pk}/change/"
    return client.post(address, {button: "", **more}, follow=True).content.decode()


def test_terms_hold_once_another_person_approved_what_they_read(shop: Shop) -> None:
    before, draft = terms(shop), submitted(shop, welcome_points=70)
    with pytest.raises(NeedsAnotherPerson):
        approve_programme_draft(draft.pk, read=draft.digest(), by="staff:1", now=NOW)
    with pytest.raises(RuleDraftChanged):
        approve_programme_draft(draft.pk, read="else", by="staff:2", now=NOW)
    assert terms(shop) == before

    approve_programme_draft(draft.pk, read=draft.digest(), by="staff:2", now=NOW)

    assert terms(shop) == msgspec.structs.replace(before, welcome_points=70)
    with pytest.raises(RuleDraftNotOpen):
        approve_programme_draft(draft.pk, read=draft.digest(), by="staff:3", now=NOW)


def test_who_submitted_what_another_wrote_does_not_approve_it(shop: Shop) -> None:
    draft = submit_programme_draft(draft_of(shop, welcome_points=70).pk, by="staff:2", now=NOW)
    with pytest.raises(NeedsAnotherPerson):
        approve_programme_draft(draft.pk, read=draft.digest(), by="staff:2", now=NOW)
    with pytest.raises(IntegrityError, match="terms_are_approved_by_another"):
        ProgrammeDraft.objects.update(state="approved", decided_by="staff:2")


def test_somebody_else_s_open_draft_is_decided_first(shop: Shop) -> None:
    draft = submitted(shop, welcome_points=70)
    with pytest.raises(RuleDraftOfAnother):
        write_terms_draft(shop.programme.pk, terms(shop), by="staff:2", now=NOW)
    send_back_programme_draft(draft.pk, note="Too many", by="staff:2", now=NOW)
    discard_programme_draft(draft.pk, by="staff:1", now=NOW)
    write_terms_draft(shop.programme.pk, terms(shop), by="staff:2", now=NOW)
    states = ProgrammeDraft.objects.order_by("pk").values_list("state", "note")
    assert list(states) == [("discarded", "Too many"), ("draft", "")]


def test_switching_the_second_person_off_needs_one(shop: Shop) -> None:
    draft = submitted(shop, rules_need_approval=False)
    waits = write_ladder_draft(
        programme_id=shop.programme.pk, definition=LADDER, live_from=None, by="staff:1", now=NOW
    )
    submit_ladder_draft(waits.pk, by="staff:1", now=NOW)
    with pytest.raises(TermsNotValid, match="ladder"):
        approve_programme_draft(draft.pk, read=draft.digest(), by="staff:2", now=NOW)
    assert terms(shop).rules_need_approval

    waits.delete()
    approve_programme_draft(draft.pk, read=draft.digest(), by="staff:2", now=NOW)

    assert not terms(shop).rules_need_approval
    alone = submitted(shop, welcome_points=5)
    assert (alone.state, terms(shop).welcome_points) == ("approved", 5)


def test_limits_gather_in_one_draft_and_leave_others_as_they_are(shop: Shop) -> None:
    CorrectionLimit.objects.create(programme=shop.programme, role="finance", points=900)
    write_limits_draft(shop.programme.pk, {"cashier": 10}, by="staff:1", now=NOW)
    draft = write_limits_draft(shop.programme.pk, {"store manager": 50}, by="staff:1", now=NOW)
    submit_programme_draft(draft.pk, by="staff:1", now=NOW)
    assert list_limits(shop.programme.pk) == {"finance": 900}

    approve_programme_draft(draft.pk, read=draft.digest(), by="staff:2", now=NOW)

    assert list_limits(shop.programme.pk) == {"cashier": 10, "finance": 900, "store manager": 50}


def test_finance_writes_and_an_administrator_approves_on_the_pages(shop: Shop) -> None:
    finance, other, marketer = signed_in(FINANCE), signed_in(ADMINISTRATOR), signed_in(MARKETER)
    page = f"/admin/loyalty/programmeterms/{ProgrammeTerms.objects.get().pk}/change/"

    written = finance.post(page, FORM | {"welcome_points": "70"}, follow=True).content.decode()
    draft = ProgrammeDraft.objects.get()
    assert "welcome points: 0 → 70" in written
    assert "Somebody else has a draft" in other.post(page, FORM).content.decode()
    assert "It waits for approval now" in press(finance, draft, "_submit")
    assert "Terms, " in other.get("/admin/loyalty/ruledraft/").content.decode()
    assert "Terms, " not in marketer.get("/admin/loyalty/ruledraft/").content.decode()
    assert "read it again" in press(other, draft, "_approve", read="else")
    assert terms(shop).welcome_points == 0

    done = press(other, draft, "_approve", read=draft.digest())

    assert "Approved: it holds from now on." in done
    assert "welcome points: 0 → 70" in done
    assert terms(shop).welcome_points == 70


def test_a_limit_is_drafted_on_its_page_and_no_line_is_taken_away(shop: Shop) -> None:
    admin, finance = signed_in(ADMINISTRATOR), signed_in(FINANCE)
    line = {"programme": shop.programme.pk, "role": "cashier", "points": "40"}

    page = admin.post("/admin/loyalty/correctionlimit/add/", line, follow=True).content.decode()

    assert "cashier: 0 → 40 points alone" in page
    assert list_limits(shop.programme.pk) == {}
    draft = ProgrammeDraft.objects.get()
    press(admin, draft, "_submit")
    press(finance, draft, "_approve", read=draft.digest())
    limit = CorrectionLimit.objects.get()
    assert (limit.role, limit.points) == ("cashier", 40)
    assert (
        admin.post(f"/admin/loyalty/correctionlimit/{limit.pk}/delete/", {"post": "yes"}).status_code == 403
    )


def test_where_nobody_else_is_asked_pages_save_at_once(shop: Shop) -> None:
    ProgrammeTerms.objects.update(rules_need_approval=False)
    admin = signed_in(ADMINISTRATOR)
    line = {"programme": shop.programme.pk, "role": "cashier", "points": "40"}
    admin.post("/admin/loyalty/correctionlimit/add/", line)
    limit = CorrectionLimit.objects.get()
    admin.post(f"/admin/loyalty/correctionlimit/{limit.pk}/change/", {"points": "50"})
    assert list_limits(shop.programme.pk) == {"cashier": 50}
    admin.post(f"/admin/loyalty/correctionlimit/{limit.pk}/delete/", {"post": "yes"})
    assert list_limits(shop.programme.pk) == {}
    assert not ProgrammeDraft.objects.exists()
