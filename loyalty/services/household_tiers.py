"""Households that share a tier: what others of it hold by their own is given to each, and ends when it does.

Nothing of what anybody reached or was given is touched: who leaves has what is theirs.
"""

from collections.abc import Collection, Mapping, Sequence, Set
from datetime import datetime

from django.db import transaction
from msgspec.structs import replace

from config.outbox.services import publish
from loyalty.events import TierReached
from loyalty.models import BenefitGrant, TierStanding, Wallet
from loyalty.models.tiers import BY_HOUSEHOLD
from loyalty.queries.batches import lock_wallets_of
from loyalty.queries.given_tiers import list_standings
from loyalty.queries.household_tiers import (
    Housemate,
    list_households_of,
    list_housemates,
    list_programmes_that_share,
    list_to_level,
)
from loyalty.queries.programmes import get_current_programme
from loyalty.rules.compile import Programme
from loyalty.rules.household_tiers import tiers_shared
from loyalty.rules.lots import midnight_after
from loyalty.rules.tiers import Step, step_held
from loyalty.services.given_tiers import bound_benefits, grant_benefits, let_know, steps_gained
from members.queries.households import lock_household

HOUSEHOLDS_PER_STEP = 500
WHY = "Shared by the household."

Shared = dict[tuple[int, int], dict[int, datetime]]
"""(member id, programme id) -> tier id -> until when."""


def level_household_tiers(household_id: int, *, now: datetime) -> int:
    """Let everybody of a household stand as high as anybody of it stands by their own, in each programme whose terms
    say so, and nobody by it who is not of it. Safe to repeat, in any order and any number at once.

    :return: how many wallets changed.
    """
    people = list_housemates([household_id], now=now).get(household_id, [])
    sharing = list_programmes_that_share()
    if not _changes(people, sharing, now):
        return 0
    with transaction.atomic():
        lock_household(household_id)
        people = list_housemates([household_id], now=now)[household_id]
        wallets = lock_wallets_of(_changes(people, sharing, now).keys() | _inside(people), now=now)
        changes = _changes(list_housemates([household_id], now=now)[household_id], sharing, now)
        for owner, wanted in changes.items():
            if owner in wallets:
                _write(wallets[owner], owner[1], people[0].ref, wanted, now)
    return len(changes)


def level_tiers_around(member_ids: Collection[int], *, now: datetime) -> int:
    """As `level_household_tiers`, for the households in which these members are.

    :return: how many wallets changed.
    """
    return sum(level_household_tiers(one, now=now) for one in list_households_of(member_ids))


def level_all(programme_id: int, *, now: datetime) -> int:
    """As `level_household_tiers`, for all households that may share tiers of a programme; each in a transaction.

    :return: how many wallets changed.
    """
    after = changed = 0
    sharing = list_programmes_that_share()
    while page := list_to_level(programme_id, after, most=HOUSEHOLDS_PER_STEP, now=now):
        for household_id, people in list_housemates(page, now=now).items():
            if _changes(people, sharing, now):
                changed += level_household_tiers(household_id, now=now)
        after = page[-1]
    return changed


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
        grant_benefits(wallet, begun[0], _not_had(wallet, gained, programme, now), programme, now)
        event = TierReached(
            programme_code=programme.terms.programme_code,
            tier_code=after.code,
            previous_code=before.code if before else "",
        )
        publish(event, member_id=wallet.member_id, happened_at=now, now=now)
    bound_benefits(wallet, programme, now)
    let_know(wallet)


def _not_had(wallet: Wallet, steps: Sequence[Step], programme: Programme, now: datetime) -> list[Step]:
    """The steps with what they bring, but for what the member has still, or has used and would have still: leaving and
    joining again brings nothing twice."""
    asked = [benefit.id for step in steps for benefit in step.benefits]
    grants = BenefitGrant.objects.select_related("benefit").filter(wallet=wallet, benefit__in=asked)
    zone = programme.terms.zone
    had = {
        one.benefit_id
        for one in grants
        if one.valid_until > now
        or (one.used_at is not None and midnight_after(one.granted_at, one.benefit.valid_days, zone) > now)
    }
    return [
        replace(step, benefits=[benefit for benefit in step.benefits if benefit.id not in had])
        for step in steps
    ]
