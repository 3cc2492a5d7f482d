"""Households that share a tier: what others of it hold by their own is given to each, and ends when it does.

Nothing of what anybody reached or was given is touched: who leaves has what is theirs.
"""

from collections.abc import Collection, Mapping, Sequence, Set
from datetime import datetime, timedelta

from django.db import transaction
from msgspec.structs import replace

from config.outbox.services import publish
from loyalty.events import TierReached
from loyalty.models import TierStanding, Wallet
from loyalty.models.tiers import BY_HOUSEHOLD
from loyalty.queries.batches import lock_wallets_of
from loyalty.queries.given_tiers import list_standings
from loyalty.queries.household_tiers import (
    Housemate,
    list_households_of,
    list_housemates,
    list_programmes_that_share,
    list_soon_to_end,
    list_to_level,
)
from loyalty.queries.programmes import get_current_programme
from loyalty.rules.household_tiers import tiers_shared
from loyalty.rules.tiers import Step, step_held
from loyalty.services.given_tiers import bound_benefits, grant_benefits, let_know, steps_gained
from members.queries.households import lock_households

HOUSEHOLDS_PER_STEP = 500
SOON = timedelta(minutes=10)
"""Looked at before a tier ends, or its end is announced; longer than the clock takes from tick to tick."""

WHY = "Shared by the household."

Shared = dict[tuple[int, int], dict[int, datetime]]
"""(member id, programme id) -> tier id -> until when."""


def level_household_tiers(household_ids: Collection[int], *, now: datetime) -> int:
    """Let everybody of these households stand as high as anybody of theirs stands by their own, in each programme whose
    terms say so, and nobody by a household of which they are not. Safe to repeat, in any order and any number at once.

    In one transaction, households before wallets and each in id order: who is in a transaction calls this once.

    :return: how many wallets changed.
    """
    restless = _restless(household_ids, now)
    if not restless:
        return 0
    with transaction.atomic():
        lock_households(restless)
        owners: set[tuple[int, int]] = set()
        sharing = list_programmes_that_share()
        for people in list_housemates(restless, now=now).values():
            owners |= _changes(people, sharing, now).keys() | _inside(people)
        wallets = lock_wallets_of(owners, now=now)
        return sum(_level(one, wallets, now) for one in restless)


def level_tiers_around(member_ids: Collection[int], *, now: datetime) -> int:
    """As `level_household_tiers`, for the households in which these members are.

    :return: how many wallets changed.
    """
    return level_household_tiers(list_households_of(member_ids), now=now)


def level_all(programme_id: int, *, now: datetime) -> int:
    """As `level_household_tiers`, for all households that may share tiers of a programme; each in a transaction.

    :return: how many wallets changed.
    """
    after = changed = 0
    while page := list_to_level(programme_id, after, most=HOUSEHOLDS_PER_STEP, now=now):
        changed += _level_each(page, now)
        after = page[-1]
    return changed


def level_before(ends: Sequence[datetime], *, now: datetime) -> int:
    """As `level_household_tiers`, for all households that give a tier which ends soon after one of these moments: who
    it comes from may hold it longer by now. Each in a transaction.

    :return: how many wallets changed.
    """
    return _level_each(list_soon_to_end(ends, within=SOON), now)


def _level_each(household_ids: Collection[int], now: datetime) -> int:
    return sum(level_household_tiers([one], now=now) for one in _restless(household_ids, now))


def _restless(household_ids: Collection[int], now: datetime) -> list[int]:
    """Those of the households that have to give something else than they do, in id order."""
    sharing = list_programmes_that_share() if household_ids else set()
    found = list_housemates(household_ids, now=now) if household_ids else {}
    return sorted(one for one, people in found.items() if _changes(people, sharing, now))


def _level(household_id: int, wallets: Mapping[tuple[int, int], int], now: datetime) -> int:
    """Write what changes of one household, all locked, as it is by now: who went to another changed with that one."""
    people = list_housemates([household_id], now=now)[household_id]
    changes = _changes(people, list_programmes_that_share(), now)
    for owner in changes.keys() & wallets.keys():
        _write(wallets[owner], owner[1], people[0].ref, changes[owner], now)
    return len(changes)


def _inside(people: Sequence[Housemate]) -> set[tuple[int, int]]:
    return {
        (one.member_id, one.programme_id) for one in people if one.is_inside and one.programme_id is not None
    }


def _changes(people: Sequence[Housemate], sharing: Set[int], now: datetime) -> Shared:
    """What the household should give to whom, of those to whom it gives something else. Empty where all is well.

    :param sharing: programmes whose terms let households share the tier.
    """
    if not people:
        return {}
    mark = BY_HOUSEHOLD + people[0].ref
    given = {
        (one.member_id, one.programme_id): {
            (row.tier_id, row.until_at, row.given_by)
            for row in one.standings
            if row.given_by == mark or (one.is_inside and not row.is_own)
        }
        for one in people
        if one.programme_id is not None
    }
    wanted = _wanted(people, sharing, now)
    return {
        owner: wanted.get(owner, {})
        for owner in given.keys() | wanted.keys()
        if given.get(owner, set()) != {(tier, end, mark) for tier, end in wanted.get(owner, {}).items()}
    }


def _wanted(people: Sequence[Housemate], sharing: Set[int], now: datetime) -> Shared:
    inside = {one.member_id for one in people if one.is_inside}
    own = {
        (one.programme_id, one.member_id): [row.told() for row in one.standings if row.is_own]
        for one in people
        if one.is_inside and one.programme_id is not None
    }
    wanted: Shared = {}
    for programme_id in {of for (of, _), held in own.items() if held} & sharing:
        held_by = {member_id: own.get((programme_id, member_id), []) for member_id in inside}
        ladder = get_current_programme(programme_id).ladder_at(now)
        for member_id, tiers in tiers_shared(ladder, held_by, now=now).items():
            if tiers:
                wanted[member_id, programme_id] = tiers
    return wanted


def _write(
    wallet_id: int, programme_id: int, ref: str, wanted: Mapping[int, datetime], now: datetime
) -> None:
    """What the household gives to a wallet that is locked: begin, prolong, cut short and end."""
    programme, wallet = get_current_programme(programme_id), Wallet.objects.get(pk=wallet_id)
    ladder, mark, new = programme.ladder_at(now), BY_HOUSEHOLD + ref, dict(wanted)
    before = step_held(ladder, list_standings(wallet_id, now=now), now)
    for row in TierStanding.objects.filter(
        wallet=wallet, given_by__startswith=BY_HOUSEHOLD, until_at__gt=now
    ):
        until = new.pop(row.tier_id, now) if row.given_by == mark else now
        row.until_at = max(until, row.from_at)
        row.save(update_fields=["until_at"])
    begun = TierStanding.objects.bulk_create(
        TierStanding(
            wallet=wallet,
            member_id=wallet.member_id,
            tier_id=tier_id,
            from_at=now,
            until_at=until,
            given_by=mark,
            reason=WHY,
        )
        for tier_id, until in new.items()
    )
    after = step_held(ladder, list_standings(wallet_id, now=now), now)
    gained = steps_gained(ladder, before, after) if begun and after else []
    if gained and after:
        grant_benefits(wallet, begun[0], [_shared(step) for step in gained], programme, now)
        event = TierReached(
            programme_code=programme.terms.programme_code,
            tier_code=after.code,
            previous_code=before.code if before else "",
        )
        publish(event, member_id=wallet.member_id, happened_at=now, now=now)
    bound_benefits(wallet, programme, now)
    let_know(wallet)


def _shared(step: Step) -> Step:
    """The step with what it brings to a whole household: what is counted is for who has the tier by their own."""
    return replace(step, benefits=[benefit for benefit in step.benefits if not benefit.is_counted])
