"""Points become rewards: all that is to be written is made up first, then one statement locks the reward's stock and
the wallet, draws points from the lots that expire first, issues the voucher and tells the news. What becomes of it
then: `loyalty.services.redemption_steps`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection, transaction

from config.ground.ids import new_ref
from config.outbox.events import Event
from config.outbox.registry import subscribers_of
from loyalty.errors import WalletBusy
from loyalty.errors.rewards import RedemptionContentDiffers, RewardNotRedeemable
from loyalty.events import RewardRedeemed
from loyalty.models import Redemption
from loyalty.queries.pools import find_drawable
from loyalty.queries.programmes import get_current_programme
from loyalty.queries.redemptions import find_told, get_redemption
from loyalty.queries.rewards import get_reward
from loyalty.queries.wallets import get_wallet
from loyalty.rules.compile import Programme, Terms
from loyalty.rules.purchase import spending_keeps_until
from loyalty.rules.redemptions import first_state
from loyalty.rules.rewards import Asker, RewardNow, obstacle_of
from loyalty.services.proof import Unproven
from loyalty.services.vouchers import Prepared, prepare_voucher
from omnichannel.queries.places import get_place

LOOKS = 2
"""What is not there any more is looked for once more, under the locks, to say what it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a member asks for.

    :ivar place: code of the store where it is fetched, "" for none.
    :ivar number: what the till or shop calls it, once for a member at `told_at_id`; "": it has no name.
    :ivar unproven: what a name has to be good for; None where nobody asks.
    :ivar cash_receipt: the sale by which the money part was paid, at `told_at_id`; "": not yet.
    """

    member_id: int
    programme_id: int
    reward: str
    place: str = ""
    number: str = ""
    told_at_id: int | None = None
    cash_receipt: str = ""
    unproven: Unproven | None = None
    actor: str


@dataclass(frozen=True, slots=True)
class Redeemed:
    """`is_new`: False where the number was told before; then nothing was written."""

    redemption: Redemption
    is_new: bool


def redeem(wish: Wish, *, now: datetime) -> Redeemed:
    """Give a member a reward for their points.

    :raises RewardNotFound: there is none of this code.
    :raises RewardNotRedeemable: they cannot have it now, in words; or a receipt is named where no money is due.
    :raises RedemptionContentDiffers: the number was told with another reward or place.
    """
    programme = get_current_programme(wish.programme_id)
    with transaction.atomic():
        if wish.number and (known := find_told(wish.member_id, wish.told_at_id, wish.number)):
            return Redeemed(_unchanged(known, wish), is_new=False)
        ref = new_ref("rdm")
        redemption = get_redemption(_take(wish, ref, programme, now=now), member_id=wish.member_id)
    if redemption.ref != ref:
        return Redeemed(_unchanged(redemption, wish), is_new=False)
    return Redeemed(redemption, is_new=True)


def _unchanged(known: Redemption, wish: Wish) -> Redemption:
    if (known.reward.code, known.place.code if known.place else "") != (wish.reward, wish.place):
        raise RedemptionContentDiffers("Number each redemption anew; repeat one only unchanged.")
    return known


def _take(wish: Wish, ref: str, programme: Programme, *, now: datetime) -> str:
    """The ref of the redemption that counts: the one that was to be made, or the one told before.

    :raises WalletBusy: it stands there to be had, and still could not be taken.
    """
    place = get_place(programme_id=wish.programme_id, code=wish.place) if wish.place else None
    for _ in range(LOOKS):
        reward = _reward_for(wish, programme.terms, now=now)
        document = _document(wish, ref, reward, programme, now=now) | {
            "place_id": place.pk if place else None
        }
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT loyalty_redeem(%s::jsonb, %s)", [msgspec.json.encode(document).decode(), now]
            )
            (taken,) = cursor.fetchone()
        if taken is not None:
            return str(taken)
    raise WalletBusy


def _reward_for(wish: Wish, terms: Terms, *, now: datetime) -> RewardNow:
    """
    :raises RewardNotFound: there is none of this code.
    :raises RewardNotRedeemable: the member cannot have it now; or a receipt is named where no money is due.
    """
    wallet = get_wallet(wish.member_id, wish.programme_id, now=now)
    tier = wallet.tier.code if wallet.tier else ""
    reward = get_reward(wish.programme_id, wish.reward, member_id=wish.member_id, tier=tier, now=now)
    spendable = wallet.spendable
    if reward.points > spendable:
        spendable += find_drawable(wish.member_id, wish.programme_id, now=now)
    asker = Asker(spendable, wallet.debt, wallet.tier)
    if obstacle := obstacle_of(reward, asker, zone=terms.zone, place=wish.place, now=now):
        raise RewardNotRedeemable(
            obstacle.because,
            pointer="/reward",
            reason=obstacle.code,
            missing_points=obstacle.missing_points,
        )
    if wish.cash_receipt and not reward.cash_minor:
        raise RewardNotRedeemable(
            "This reward costs points alone.", pointer="/cash_receipt", reason="no_cash_due", missing_points=0
        )
    return reward


def _document(
    wish: Wish, ref: str, reward: RewardNow, programme: Programme, *, now: datetime
) -> dict[str, Any]:
    """What `loyalty_redeem` takes, but for the place."""
    voucher = _voucher_of(reward, ref, now=now)
    news = [_announced(wish, ref, reward, voucher, programme.terms), *([voucher.news] if voucher else [])]
    told = ("points", "cash_minor", "most_per_member", "most_per_period", "period_from")
    return {name: getattr(reward, name) for name in told} | {
        "ref": ref,
        "reward_id": reward.id,
        "member_id": wish.member_id,
        "programme_id": wish.programme_id,
        "state": first_state(reward.kind),
        "cash_receipt": wish.cash_receipt,
        "cash_place_id": wish.told_at_id if wish.cash_receipt else None,
        "told_at_id": wish.told_at_id,
        "number": wish.number,
        "actor": wish.actor,
        "unproven": wish.unproven,
        "kept_until": spending_keeps_until(programme, now),
        "reason": f"Reward: {reward.title}",
        "voucher": voucher.row if voucher else None,
        "news": [_news_row(one) for one in news],
    }


def _voucher_of(reward: RewardNow, ref: str, *, now: datetime) -> Prepared | None:
    if reward.series_id is None:
        return None
    return prepare_voucher(reward.series_id, cause=f"redemption:{ref}", now=now)


def _announced(
    wish: Wish, ref: str, reward: RewardNow, voucher: Prepared | None, terms: Terms
) -> RewardRedeemed:
    return RewardRedeemed(
        programme_code=terms.programme_code,
        redemption_ref=ref,
        reward_code=reward.code,
        kind=reward.kind,
        title=reward.own_title,
        points=reward.points,
        cash_minor=reward.cash_minor,
        place_code=wish.place,
        voucher_code=voucher.news.voucher_code if voucher else "",
    )


def _news_row(event: Event) -> dict[str, Any]:
    return {"name": event.name, "payload": event, "subscribers": subscribers_of(type(event))}
