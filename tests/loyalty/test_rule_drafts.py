"""A rule's way to the till: written by one, approved by another, undone in one step."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from loyalty.errors import NeedsAnotherPerson, RuleDraftChanged, RuleDraftNotOpen, RuleNotValid
from loyalty.models import ProgrammeTerms, Rule, RuleDraft, RuleVersion
from loyalty.queries.drafts import waiting_for
from loyalty.rules.definition import Multiplier, RuleDefinition
from loyalty.services.rule_drafts import (
    approve_draft,
    discard_draft,
    draft_roll_back,
    send_back_draft,
    submit_draft,
    write_draft,
)
from tests.loyalty.conftest import Shop, basket

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
ANN, BEN = "staff:1", "staff:2"


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    """A shop whose terms ask for a second person."""
    return open_shop(rules_need_approval=True)


def times(percent: int) -> RuleDefinition:
    return RuleDefinition(effect=Multiplier(percent=percent))


def written(shop: Shop, percent: int = 200, *, by: str = ANN, at: datetime = NOW) -> RuleDraft:
    return write_draft(
        programme_id=shop.programme.pk, code="bonus", name="Bonus", definition=times(percent), by=by, now=at
    )


def submitted(shop: Shop, percent: int = 200) -> RuleDraft:
    return submit_draft(written(shop, percent).pk, by=ANN, now=NOW)


def approve(draft: RuleDraft, *, by: str, at: datetime = NOW) -> RuleDraft:
    """By somebody who has read the draft as it is handed over."""
    return approve_draft(draft.pk, read=draft.digest(), by=by, now=at)


def versions() -> list[tuple[int, int, str, str]]:
    rows = RuleVersion.objects.filter(rule__code="bonus").order_by("version")
    return [(one.version, one.definition["effect"]["percent"], one.made_by, one.approved_by) for one in rows]


def quoted(shop: Shop) -> int:
    points: int = shop.quote(basket(100, member=shop.enrol())).json()["settlement"]["points_earned"]
    return points


def test_a_rule_gives_nothing_until_somebody_else_has_approved_it(shop: Shop) -> None:
    draft = submitted(shop)
    assert (quoted(shop), versions()) == (10, [])

    approve(draft, by=BEN)

    assert (quoted(shop), versions()) == (20, [(1, 200, ANN, BEN)])


def test_who_wrote_or_submitted_it_cannot_approve_it(shop: Shop) -> None:
    draft = written(shop, by=ANN)
    submit_draft(draft.pk, by=BEN, now=NOW)

    for person in (ANN, BEN):
        with pytest.raises(NeedsAnotherPerson):
            approve(draft, by=person)

    assert versions() == []
    assert not waiting_for(ANN, RuleDraft.objects.all()).exists()
    assert waiting_for("staff:3", RuleDraft.objects.all()).get() == draft


def test_the_database_refuses_an_approval_by_oneself(shop: Shop) -> None:
    approve(submitted(shop), by=BEN)
    version = RuleVersion.objects.get(rule__code="bonus")

    with pytest.raises(IntegrityError, match="a_draft_is_approved_by_another"), transaction.atomic():
        RuleDraft.objects.update(decided_by=ANN)
    with pytest.raises(IntegrityError, match="nobody_approves_their_own_rule"), transaction.atomic():
        RuleVersion.objects.create(
            rule=version.rule,
            version=2,
            definition=version.definition,
            live_from=NOW,
            made_by=ANN,
            approved_by=ANN,
            made_at=NOW,
        )


def test_a_shop_of_one_person_publishes_at_once(shop: Shop) -> None:
    ProgrammeTerms.objects.update(rules_need_approval=False)

    draft = submitted(shop)

    assert draft.state == "approved"
    assert versions() == [(1, 200, ANN, "")]


def test_a_programme_without_a_word_on_it_asks_for_a_second_person() -> None:
    assert ProgrammeTerms().rules_need_approval is True


def test_what_is_written_over_is_submitted_again(shop: Shop) -> None:
    draft = submitted(shop, 200)

    again = written(shop, 300, by=BEN)

    assert (again.pk, again.state, RuleDraft.objects.count()) == (draft.pk, "draft", 1)
    with pytest.raises(RuleDraftNotOpen):
        approve(draft, by="staff:3")
    assert versions() == []


def test_nobody_approves_what_they_have_not_read(shop: Shop) -> None:
    read = submitted(shop, 200)
    now_there = submitted(shop, 300)

    with pytest.raises(RuleDraftChanged):
        approve(read, by=BEN)
    assert versions() == []

    approve(now_there, by=BEN)
    assert versions() == [(1, 300, ANN, BEN)]


def test_a_draft_that_was_sent_back_says_why_and_is_written_on(shop: Shop) -> None:
    draft = submitted(shop, 200)

    back = send_back_draft(draft.pk, note="Too much", by=BEN, now=NOW)
    assert (back.state, back.note, back.decided_by) == ("draft", "Too much", BEN)

    assert approve(submitted(shop, 150), by=BEN).note == ""
    assert versions() == [(1, 150, ANN, BEN)]


def test_a_discarded_draft_stays_written_down_and_leaves_room_for_another(shop: Shop) -> None:
    draft = submitted(shop, 200)
    discard_draft(draft.pk, by=ANN, now=NOW)

    with pytest.raises(RuleDraftNotOpen):
        approve(draft, by=BEN)
    assert written(shop, 300).pk != draft.pk
    assert RuleDraft.objects.get(pk=draft.pk).state == "discarded"


def test_one_step_goes_back_to_what_an_older_version_said(shop: Shop) -> None:
    for hour, percent in enumerate((200, 300)):
        submit_draft(written(shop, percent).pk, by=ANN, now=NOW)
        later = NOW + timedelta(hours=hour)
        approve(RuleDraft.objects.latest("pk"), by=BEN, at=later)
    first = RuleVersion.objects.get(rule__code="bonus", version=1)

    draft = draft_roll_back(first, by=ANN, now=NOW + timedelta(hours=2))
    assert draft.state == "submitted"
    approve(draft, by=BEN, at=NOW + timedelta(hours=3))

    assert [percent for _, percent, _, _ in versions()] == [200, 300, 200]
    assert quoted(shop) == 20
    assert RuleVersion.objects.get(rule__code="bonus", version=2).live_until == NOW + timedelta(hours=3)


def test_a_moment_that_passed_while_it_waited_means_the_moment_of_approval(shop: Shop) -> None:
    draft = write_draft(
        programme_id=shop.programme.pk,
        code="bonus",
        name="Bonus",
        definition=times(200),
        live_from=NOW + timedelta(days=1),
        live_until=NOW + timedelta(days=3),
        by=ANN,
        now=NOW,
    )
    submit_draft(draft.pk, by=ANN, now=NOW)

    with pytest.raises(RuleNotValid):
        approve(draft, by=BEN, at=NOW + timedelta(days=3))
    assert versions() == []

    version = approve(draft, by=BEN, at=NOW + timedelta(days=2)).version
    assert version is not None
    assert version.live_from == NOW + timedelta(days=2)


def test_two_who_approve_at_once_make_one_version(shop: Shop) -> None:
    draft = submitted(shop)
    approve(draft, by=BEN)

    with pytest.raises(RuleDraftNotOpen):
        approve(draft, by="staff:3")

    assert len(versions()) == 1
    assert Rule.objects.filter(code="bonus").count() == 1
