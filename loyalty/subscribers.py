"""Doors for news from below."""

from collections.abc import Sequence
from datetime import datetime

from config.outbox.events import Delivered
from config.outbox.registry import subscriber
from loyalty.events import HistoryImported, PurchaseCommitted, PurchaseReturned, TierLeft, TierReached
from loyalty.queries.challenges import ActNow
from loyalty.queries.household_tiers import list_households_of
from loyalty.rules.acts import Act
from loyalty.services.acts import Done, award_acts
from loyalty.services.challenge_past import count_again
from loyalty.services.challenges import count_acts, count_purchases
from loyalty.services.household_tiers import level_household_tiers
from loyalty.services.referrals import take_note_of_friend, watch_friends
from loyalty.services.welcome import welcome
from members.events import HouseholdJoined, HouseholdLeft, MemberEnrolled
from members.queries.households import list_households
from omnichannel.events import ActRecorded


@subscriber("loyalty.welcome", to=[MemberEnrolled])
def give_welcome_points(events: Sequence[Delivered], *, now: datetime) -> None:
    """A new member's welcome points, once."""
    for delivered in events:
        if isinstance(delivered.event, MemberEnrolled) and delivered.member_id is not None:
            welcome(
                delivered.member_id,
                programme_code=delivered.event.programme_code,
                happened_at=delivered.happened_at,
                now=now,
            )


@subscriber("loyalty.acts", to=[ActRecorded], batch=1_000)
def give_points_for_acts(events: Sequence[Delivered], *, now: datetime) -> None:
    """What rules give for what members did, once."""
    done = [
        Done(
            member_id=one.member_id,
            programme_code=one.event.programme_code,
            act=Act(
                ref=one.event.act_ref,
                type=one.event.type_code,
                title=one.event.title,
                happened_at=one.happened_at,
                place_code=one.event.place_code,
                properties=one.event.properties,
            ),
        )
        for one in events
        if isinstance(one.event, ActRecorded) and one.member_id is not None
    ]
    award_acts(done, now=now)


@subscriber(
    "loyalty.challenges",
    to=[PurchaseCommitted, PurchaseReturned, ActRecorded, HistoryImported, MemberEnrolled],
)
def count_for_challenges(events: Sequence[Delivered], *, now: datetime) -> None:
    """Purchases, what comes back of them, acts and friends count for challenges. Safe to repeat, in any order."""
    orders: dict[str, str] = {}
    acts: dict[str, list[ActNow]] = {}
    for told in events:
        match told.event:
            case PurchaseCommitted(order_ref=ref, programme_code=code):
                orders[ref] = code
            case PurchaseReturned(order_ref=ref, programme_code=code):
                orders[ref] = code
            case ActRecorded(act_ref=ref, type_code=type_code, programme_code=code) if told.member_id:
                act = ActNow(ref, told.member_id, type_code, told.happened_at)
                acts.setdefault(code, []).append(act)
            case HistoryImported(programme_code=code):
                count_again(code, now=now)
            case MemberEnrolled(programme_code=code, referral_code=by) if by and told.member_id:
                take_note_of_friend(told.member_id, programme_code=code, code=by, joined_at=told.happened_at)
    if orders:
        buyers = count_purchases(orders.keys(), programme_codes=set(orders.values()), now=now)
        watch_friends(buyers)
    for code in sorted(acts):
        count_acts(acts[code], programme_code=code, now=now)


@subscriber("loyalty.household_tiers", to=[HouseholdJoined, HouseholdLeft, TierReached, TierLeft], batch=20)
def share_tiers(events: Sequence[Delivered], *, now: datetime) -> None:
    """Who comes and goes, climbs and falls changes the tier of their household. Safe to repeat, in any order."""
    refs, members = set(), set()
    for told in events:
        if isinstance(told.event, HouseholdJoined | HouseholdLeft):
            refs.add(told.event.household_ref)
        elif told.member_id is not None:
            members.add(told.member_id)
    level_household_tiers({*list_households(refs), *list_households_of(members)}, now=now)
