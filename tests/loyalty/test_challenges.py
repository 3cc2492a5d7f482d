"""Challenges: what counts, what it gives, and what becomes of it when goods come back."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import IntegrityError, ProgrammingError, transaction

from config.outbox.models import Event
from loyalty.errors import ChallengeNotValid, ChallengeStarted, NeedsAnotherPerson, RuleDraftChanged
from loyalty.models import Challenge, ChallengeReward, ChallengeStep, Entry, ProgrammeTerms, Voucher
from loyalty.queries.challenges import find_purchases
from loyalty.rules.challenges import (
    Acts,
    ChallengeDefinition,
    GivesPoints,
    GivesVoucher,
    Mission,
    Purchases,
    StampCard,
    Streak,
)
from loyalty.rules.conditions import Spends
from loyalty.rules.scope import Scope
from loyalty.services.challenge_drafts import (
    discard_challenge,
    end_challenge,
    start_challenge,
    write_challenge,
)
from loyalty.services.challenge_past import count_again
from loyalty.services.challenges import count_purchases
from tests.loyalty.conftest import Shop
from tests.loyalty.playing import FIFTY, challenge, count_past, deliver, rewards, standing
from tests.loyalty.test_returns import assert_proven, bring_back, buy, spendable
from tests.loyalty.vouchers import series

pytestmark = pytest.mark.django_db(transaction=True)

CARD = StampCard(stamps=3)


def test_each_piece_is_a_stamp_and_a_full_card_gives_points_once(shop: Shop) -> None:
    member, card = shop.enrol(), challenge(shop, CARD, most=None)
    buy(shop, member, 100, quantity=2)
    deliver()
    assert (standing(card, member), spendable(shop, member)) == ((2, 0), 20)
    buy(shop, member, 100, quantity=5)
    deliver()
    assert (standing(card, member), rewards(card, member)) == ((1, 2), [(1, "given", 50), (2, "given", 50)])
    assert spendable(shop, member) == 20 + 50 + 100
    assert_proven()


def test_what_is_told_twice_counts_once(shop: Shop) -> None:
    member, card = shop.enrol(), challenge(shop, CARD)
    ref = buy(shop, member, 100, 100, 100)
    deliver()
    count_purchases([ref], programme_codes=[shop.programme.code], now=datetime.now(UTC))
    count_again(shop.programme.code, now=datetime.now(UTC))
    count_past()
    assert (standing(card, member), rewards(card, member)) == ((3, 1), [(1, "given", 50)])
    assert Entry.objects.filter(member=member, cause__startswith="challenge:").count() == 1
    assert ChallengeStep.objects.count() == 1


def test_the_database_pays_a_completion_once(shop: Shop) -> None:
    member, card = shop.enrol(), challenge(shop, CARD)
    buy(shop, member, 100, quantity=3)
    deliver()
    row = ChallengeReward.objects.get()
    row.pk = None
    with pytest.raises(IntegrityError, match="a_completion_is_paid_once"), transaction.atomic():
        row.save()
    assert card.pk == row.challenge_id


def test_only_lines_in_scope_that_cost_something_are_stamped(shop: Shop) -> None:
    member = shop.enrol()
    card = challenge(shop, StampCard(stamps=9, of=Purchases(scope=Scope(skus=["SKU-1", "SKU-2"]))))
    buy(shop, member, 100, 200, 0)
    deliver()
    assert standing(card, member) == (1, 0)


def test_each_full_amount_is_a_stamp_and_each_purchase_can_be(shop: Shop) -> None:
    member = shop.enrol()
    by_amount = challenge(shop, StampCard(stamps=9, per="amount", amount_minor=500))
    by_purchase = challenge(shop, StampCard(stamps=9, per="purchase"))
    buy(shop, member, 700, 799)
    deliver()
    assert (standing(by_amount, member), standing(by_purchase, member)) == ((2, 0), (1, 0))


def test_what_comes_back_takes_its_stamps_along_and_then_what_was_given(shop: Shop) -> None:
    member, card = shop.enrol(), challenge(shop, CARD)
    ref = buy(shop, member, 100, quantity=4)
    deliver()
    bring_back(shop, ref, {0: 1})
    deliver()
    assert (standing(card, member), rewards(card, member)) == ((3, 1), [(1, "given", 50)])
    bring_back(shop, ref, {0: 1})
    deliver()
    assert (standing(card, member), rewards(card, member)) == ((2, 0), [(1, "taken_back", 0)])
    assert spendable(shop, member) == 20
    buy(shop, member, 100)
    deliver()
    assert (standing(card, member), rewards(card, member)) == ((3, 1), [(1, "given", 50)])
    assert spendable(shop, member) == 30 + 50
    assert_proven()


@pytest.mark.parametrize(("policy", "debt", "kept"), [("clamp", 0, 10), ("debt", 10, 0), ("refuse", 0, 10)])
def test_spent_points_of_a_reward_are_taken_as_returns_take_them_and_never_given_twice(
    shop: Shop, policy: str, debt: int, kept: int
) -> None:
    member, card = shop.enrol(), challenge(shop, CARD)
    ref = buy(shop, member, 30, quantity=3)
    deliver()
    buy(shop, member, 1, spend_points=10)
    ProgrammeTerms.objects.filter(programme=shop.programme).update(when_spent=policy)
    bring_back(shop, ref, None)
    deliver()
    assert rewards(card, member) == [(1, "taken_back", kept)]
    answer = shop.post("till/lookup", {"member": {"ref": member.ref}}).json()
    assert (answer["wallet"]["spendable"], answer["wallet"]["debt"]) == (0, debt)
    buy(shop, member, 30, quantity=3)
    deliver()
    assert rewards(card, member) == [(1, "given", 50)]
    assert sum(Entry.objects.filter(member=member).values_list("points", flat=True)) == 40
    assert_proven()


def test_the_tenth_is_free_by_a_voucher_which_is_revoked_while_nobody_used_it(shop: Shop) -> None:
    free, member = series(shop), shop.enrol()
    card = challenge(shop, CARD, GivesVoucher(series=free.code))
    ref = buy(shop, member, 100, quantity=3)
    deliver()
    first = Voucher.objects.get(series=free, member=member)
    assert (first.revoked_at, rewards(card, member)) == (None, [(1, "given", 0)])
    bring_back(shop, ref, {0: 1})
    deliver()
    first.refresh_from_db()
    assert first.revoked_because == "the challenge fell back"
    buy(shop, member, 100)
    deliver()
    assert Voucher.objects.filter(series=free, member=member, revoked_at=None).count() == 1


def test_a_voucher_that_was_used_stays_used_is_said_and_is_not_given_again(shop: Shop) -> None:
    free, member = series(shop), shop.enrol()
    card = challenge(shop, CARD, GivesVoucher(series=free.code))
    ref = buy(shop, member, 100, quantity=3)
    deliver()
    Voucher.objects.filter(series=free).update(uses=1)
    bring_back(shop, ref, {0: 1})
    deliver()
    told = Event.objects.get(name="loyalty.challenge_fell_back")
    assert (told.payload["voucher"], rewards(card, member)) == ("used", [(1, "taken_back", 0)])
    buy(shop, member, 100)
    deliver()
    assert (standing(card, member), Voucher.objects.filter(series=free).count()) == ((3, 1), 1)


def test_a_badge_is_kept_once_it_was_earned(shop: Shop) -> None:
    member, card = shop.enrol(), challenge(shop, CARD, None, badge="Regular")
    ref = buy(shop, member, 100, quantity=3)
    deliver()
    bring_back(shop, ref, None)
    deliver()
    assert (standing(card, member), rewards(card, member)) == ((0, 0), [(1, "given", 0)])


def test_a_mission_asks_for_purchases_that_meet_conditions_on_different_days(shop: Shop) -> None:
    member = shop.enrol()
    of = Purchases(conditions=[Spends(minimum_minor=500)])
    mission = challenge(shop, Mission(times=3, of=of, on_different_days=True))
    with time_machine.travel(datetime(2026, 3, 2, 15, tzinfo=UTC), tick=False) as clock:
        for price in (600, 600, 100):
            buy(shop, member, price)
        deliver()
        assert standing(mission, member) == (1, 0)
        for _ in range(2):
            clock.shift(timedelta(days=1))
            buy(shop, member, 600)
        deliver()
        assert (standing(mission, member), rewards(mission, member)) == ((3, 1), [(1, "given", 50)])


def test_what_is_told_late_counts_in_the_window_in_which_it_happened(shop: Shop) -> None:
    member = shop.enrol()
    with time_machine.travel(datetime(2026, 3, 20, 15, tzinfo=UTC), tick=False) as clock:
        march = challenge(
            shop,
            Mission(times=2),
            live_from=datetime(2026, 3, 1, 5, tzinfo=UTC),
            live_until=datetime(2026, 4, 1, 4, tzinfo=UTC),
        )
        buy(shop, member, 100)
        clock.shift(timedelta(days=30))
        buy(shop, member, 100)
        deliver()
        assert standing(march, member) == (1, 0)
        buy(shop, member, 100, placed_at="2026-03-31T23:59:59-04:00")
        deliver()
        assert (standing(march, member), rewards(march, member)) == ((2, 1), [(1, "given", 50)])
        buy(shop, member, 100, placed_at="2026-04-01T00:00:00-04:00")
        deliver()
        assert ChallengeStep.objects.filter(challenge=march).count() == 2


def test_weeks_in_a_row_are_those_of_the_programmes_calendar(shop: Shop) -> None:
    member, streak = shop.enrol(), challenge(shop, Streak(length=3, unit="week"))
    for moment in ("2026-03-01T23:30:00-05:00", "2026-03-08T23:30:00-04:00", "2026-03-09T00:30:00-04:00"):
        buy(shop, member, 100, placed_at=moment)
    deliver()
    assert (standing(streak, member), rewards(streak, member)) == ((3, 1), [(1, "given", 50)])


def test_the_past_is_counted_for_a_challenge_that_began_before_it_was_started(shop: Shop) -> None:
    member = shop.enrol()
    buy(shop, member, 100, quantity=3)
    deliver()
    card = challenge(shop, CARD)
    assert (standing(card, member), card.caught_up_to) == ((3, 1), 0)
    assert Challenge.objects.get(pk=card.pk).caught_up_to is None


def test_who_is_near_the_end_is_announced_once(shop: Shop) -> None:
    member = shop.enrol()
    challenge(shop, CARD)
    for _ in range(2):
        buy(shop, member, 100)
        deliver()
    ref = buy(shop, member, 100)
    deliver()
    bring_back(shop, ref, None)
    deliver()
    names = ("loyalty.challenge_progressed", "loyalty.challenge_completed", "loyalty.challenge_fell_back")
    told = Event.objects.filter(name__in=names).order_by("pk").values_list("name", flat=True)
    assert list(told) == list(names)


def test_what_a_started_challenge_asks_for_stays(shop: Shop) -> None:
    card = challenge(shop, CARD)
    with pytest.raises(ChallengeStarted):
        start_challenge(card.pk, read=card.digest(), by="staff:3", now=datetime.now(UTC))
    with pytest.raises(ChallengeStarted):
        discard_challenge(card)
    with pytest.raises(ProgrammingError, match="Cannot update"), transaction.atomic():
        Challenge.objects.filter(pk=card.pk).update(definition={})
    ended = end_challenge(card.pk, at=datetime.now(UTC) + timedelta(seconds=1), now=datetime.now(UTC))
    assert ended.live_until is not None


def test_a_draft_is_written_over_and_started_by_another(shop: Shop) -> None:
    ProgrammeTerms.objects.filter(programme=shop.programme).update(rules_need_approval=True)
    now = datetime.now(UTC)
    told = {"programme_id": shop.programme.pk, "code": "cups", "by": "staff:1", "now": now}
    definition = ChallengeDefinition(goal=CARD, gives=FIFTY)
    draft = write_challenge(name="Cups", definition=definition, **told)
    with pytest.raises(ChallengeNotValid, match="already"):
        write_challenge(name="Cups", definition=definition, **told)
    read = draft.digest()
    write_challenge(name="Mugs", definition=definition, challenge=draft, **told)
    with pytest.raises(NeedsAnotherPerson):
        start_challenge(draft.pk, read=draft.digest(), by="staff:1", now=now)
    with pytest.raises(RuleDraftChanged):
        start_challenge(draft.pk, read=read, by="staff:2", now=now)
    assert Challenge.objects.get().started_at is None
    assert start_challenge(draft.pk, read=draft.digest(), by="staff:2", now=now).name == "Mugs"


@pytest.mark.parametrize(
    "definition",
    [
        ChallengeDefinition(goal=CARD, gives=GivesVoucher(series="nowhere")),
        ChallengeDefinition(goal=Mission(times=1, of=Acts(act="nothing")), gives=GivesPoints(points=1)),
        ChallengeDefinition(goal=Mission(times=1, of=Acts(act="page_view")), gives=GivesPoints(points=1)),
    ],
)
def test_a_challenge_asks_for_and_gives_what_there_is(shop: Shop, definition: ChallengeDefinition) -> None:
    with pytest.raises(ChallengeNotValid):
        write_challenge(
            programme_id=shop.programme.pk,
            code="odd",
            name="Odd",
            definition=definition,
            by="staff:1",
            now=datetime.now(UTC),
        )
    assert not Challenge.objects.exists()


def test_purchases_are_read_with_what_came_back(shop: Shop) -> None:
    member = shop.enrol()
    ref = buy(shop, member, 100, quantity=3)
    bring_back(shop, ref, {0: 2})
    (found,) = find_purchases([ref])
    assert [(line.quantity, line.returned) for line in found.lines] == [(3, 2)]
