"""Tiers that colleagues give by hand, until a day and for a reason; what members reach meanwhile is theirs as ever."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction

from config.ground.ids import new_ref
from config.outbox.services import publish
from loyalty.errors.tiers import TierNotGiven
from loyalty.events import TierReached
from loyalty.models import BenefitGrant, TierStanding, Wallet
from loyalty.queries.batches import lock_wallets
from loyalty.queries.given_tiers import by_hand, list_own_standings, list_standings
from loyalty.queries.programmes import get_current_programme
from loyalty.rules.compile import Programme
from loyalty.rules.ladders import FOR_EVER
from loyalty.rules.lots import midnight_after
from loyalty.rules.tiers import Ladder, Standing, Step, step_held
from loyalty.services.corrections import Colleague, ensure_not_own
from members.services.profiles import lock_unforgotten

GIVEN = "given:"
"""How the cause of a benefit begins that came with a tier given by hand."""


@transaction.atomic
def give_tier(
    wallet: Wallet, tier_id: int, *, until: datetime, reason: str, by: Colleague, now: datetime
) -> TierStanding:
    """Let a member hold a tier until a moment, whatever they reached. It stands in place of what was given before of
    the same tier, and brings the benefits that the member does not have by a tier of their own already.

    :raises OwnWallet: it is the colleague's own, or of their household.
    :raises TierNotGiven: it would end before it begins, there is no reason, the ladder has no such step above the
        lowest, or the member holds as much as long.
    :raises MemberNotActive: the member was erased.
    """
    ensure_not_own(wallet.member_id, by, "Nobody gives a tier to themselves: ask a colleague.")
    programme = get_current_programme(wallet.programme_id)
    ladder = programme.ladder_at(now)
    given = next((step for step in ladder.steps[1:] if step.id == tier_id), None)
    if given is None:
        raise TierNotGiven("Choose a tier of the ladder above the lowest.")
    if until <= now:
        raise TierNotGiven("Choose an end that lies ahead.")
    if not reason.strip():
        raise TierNotGiven("Say why.")
    lock_unforgotten(wallet.member_id)
    lock_wallets([wallet.member_id], wallet.programme_id, now=now)
    held = list_own_standings(wallet.pk, now=now)
    _ensure_is_more(programme, held, given, until, now)
    before = step_held(ladder, list_standings(wallet.pk, now=now), now)
    own = by_hand(wallet).filter(tier_id=tier_id, until_at__gt=now)
    own.update(until_at=now, ended_by=by.name, end_reason="Given anew.")
    standing = TierStanding.objects.create(
        wallet=wallet,
        member_id=wallet.member_id,
        tier_id=tier_id,
        from_at=now,
        until_at=until,
        given_by=by.name,
        reason=reason.strip()[:300],
    )
    bound_benefits(wallet, programme, now)
    grant_benefits(
        wallet, standing, steps_gained(ladder, step_held(ladder, held, now), given), programme, now
    )
    if before is None or before.id != given.id:
        event = TierReached(
            programme_code=programme.terms.programme_code,
            tier_code=given.code,
            previous_code=before.code if before else "",
        )
        publish(event, member_id=wallet.member_id, happened_at=now, now=now)
    let_know(wallet)
    return standing


@transaction.atomic
def end_given_tier(wallet: Wallet, tier_id: int, *, reason: str, by: Colleague, now: datetime) -> None:
    """End what a colleague gave a member; who ended it and why stays written down. Benefits that came with it and were
    not used end with it, unless the member reached the tier meanwhile.

    :raises TierNotGiven: nobody gave it, or it is over; or there is no reason.
    :raises MemberNotActive: the member was erased.
    """
    if not reason.strip():
        raise TierNotGiven("Say why.")
    lock_unforgotten(wallet.member_id)
    lock_wallets([wallet.member_id], wallet.programme_id, now=now)
    given = by_hand(wallet).filter(tier_id=tier_id, until_at__gt=now)
    if not given.update(until_at=now, ended_by=by.name, end_reason=reason.strip()[:300]):
        raise TierNotGiven("This tier was not given by hand, or it is over.")
    bound_benefits(wallet, get_current_programme(wallet.programme_id), now)
    let_know(wallet)


def _ensure_is_more(
    programme: Programme, held: Sequence[Standing], given: Step, until: datetime, now: datetime
) -> None:
    steps = {step.id: (rank, step.name) for rank, step in enumerate(programme.ladder_at(now).steps)}
    for each in held:
        rank, name = steps.get(each.tier_id, (0, ""))
        is_own = each.is_given and each.tier_id == given.id
        if rank >= steps[given.id][0] and each.until_at >= until and each.from_at <= now and not is_own:
            last = (each.until_at - timedelta(microseconds=1)).astimezone(programme.terms.zone)
            end = "for good" if each.until_at >= FOR_EVER else f"until {last:%-d %B %Y}"
            raise TierNotGiven(f"They hold {name} {end} already.")


def _steps_up_to(ladder: Ladder, step: Step | None) -> Sequence[Step]:
    return ladder.steps[: ladder.steps.index(step) + 1] if step in ladder.steps else ()


def steps_gained(ladder: Ladder, before: Step | None, given: Step) -> list[Step]:
    held = _steps_up_to(ladder, before)
    return [step for step in _steps_up_to(ladder, given)[1:] if step not in held]


def grant_benefits(
    wallet: Wallet, standing: TierStanding, steps: Sequence[Step], programme: Programme, now: datetime
) -> None:
    """What the steps bring, no longer than the tier is given for; of what can be used as often as they like, what the
    member does not have.
    """
    in_hand = set(
        BenefitGrant.objects.filter(wallet=wallet, benefit__uses=None, valid_until__gt=now).values_list(
            "benefit_id", flat=True
        )
    )
    BenefitGrant.objects.bulk_create(
        BenefitGrant(
            wallet=wallet,
            member_id=wallet.member_id,
            benefit_id=benefit.id,
            cause=f"{GIVEN}{standing.pk}:{benefit.id}",
            granted_at=now,
            valid_until=min(standing.until_at, midnight_after(now, benefit.valid_days, programme.terms.zone)),
            ref=new_ref("ben"),
        )
        for step in steps
        for benefit in step.benefits
        if benefit.id not in in_hand
    )


def bound_benefits(wallet: Wallet, programme: Programme, now: datetime) -> None:
    """Let what came with given tiers last as long as the gifts that bring it, but for what the member reached: that was
    prolonged when they did. What is counted lasts by no tier that comes by the household, and stays as it is where it
    was used and no gift goes on.
    """
    ladder, own = programme.ladder_at(now), list_own_standings(wallet.pk, now=now)
    reached = step_held(ladder, [each for each in own if not each.is_given], now)
    ranks = {step.id: rank for rank, step in enumerate(ladder.steps)}
    held = {True: own, False: list_standings(wallet.pk, now=now)}
    came = (
        BenefitGrant.objects.select_related("benefit")
        .filter(wallet=wallet, cause__startswith=GIVEN, valid_until__gt=now)
        .exclude(benefit__tier__in=[step.id for step in _steps_up_to(ladder, reached)])
    )
    for grant in came:
        rank = ranks.get(grant.benefit.tier_id, 0)
        gifts = [each for each in held[grant.benefit.uses is not None] if each.is_given]
        until = max((each.until_at for each in gifts if ranks.get(each.tier_id, 0) >= rank), default=None)
        if until is not None:
            last = midnight_after(grant.granted_at, grant.benefit.valid_days, programme.terms.zone)
            grant.valid_until = min(until, last)
        elif grant.used_at is None or grant.benefit.uses is None:
            grant.valid_until = now
    BenefitGrant.objects.bulk_update(came, ["valid_until"])


def let_know(wallet: Wallet) -> None:
    """Purchases that are being settled counted on the tier as it was: they have to read again."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE loyalty_wallet SET terms_stamp = terms_stamp + 1 WHERE id = %s AND member_id = %s",
            [wallet.pk, wallet.member_id],
        )
