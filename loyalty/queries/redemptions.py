"""Redemptions: one by its ref, a member's, and those of a programme that somebody has to work on."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import Prefetch, QuerySet

from loyalty.errors.rewards import RedemptionNotFound
from loyalty.models import Redemption, RedemptionStep, Voucher
from loyalty.rules.redemptions import ENDED, first_state
from loyalty.rules.reward_answers import RedemptionAnswer, RedemptionStepAnswer, VoucherGot
from loyalty.rules.rewards import given_back_until
from loyalty.rules.voucher_codes import shown_form


def redemptions_of(*, programme_id: int | None = None, member_id: int | None = None) -> QuerySet[Redemption]:
    """Redemptions with all that an answer tells; of one programme, of one member, or of all."""
    rows = Redemption.objects.select_related("reward__programme", "member", "place", "voucher")
    rows = rows.prefetch_related(Prefetch("steps", RedemptionStep.objects.order_by("happened_at", "id")))
    if programme_id is not None:
        rows = rows.filter(reward__programme_id=programme_id)
    return rows if member_id is None else rows.filter(member_id=member_id)


def get_redemption(ref: str, *, programme_id: int | None = None, member_id: int | None = None) -> Redemption:
    """
    :param programme_id: only if it belongs to this programme.
    :param member_id: only if it is this member's.
    :raises RedemptionNotFound: there is none by this ref.
    """
    found = redemptions_of(programme_id=programme_id, member_id=member_id).filter(ref=ref).first()
    if found is None:
        raise RedemptionNotFound
    return found


def list_latest(member_id: int, programme_ids: Sequence[int] = (), *, limit: int = 10) -> list[Redemption]:
    """The member's latest redemptions with their rewards, the newest first; of these programmes, or of all."""
    rows = Redemption.objects.filter(member_id=member_id).select_related("reward")
    if programme_ids:
        rows = rows.filter(reward__programme_id__in=programme_ids)
    return list(rows.order_by("-pk")[:limit])


def find_told(member_id: int, told_at_id: int | None, number: str) -> Redemption | None:
    """The redemption that a till or shop told under this number."""
    return redemptions_of(member_id=member_id).filter(told_at_id=told_at_id, number=number).first()


def spelled(voucher: Voucher) -> str:
    """A voucher's code as people read it."""
    return voucher.shown or shown_form(voucher.code)


def lock_redemption(ref: str) -> Redemption:
    """Lock a redemption until commit; whoever cancels it comes here last, after voucher, stock and wallet."""
    return Redemption.objects.select_for_update(of=("self",), no_key=True).get(ref=ref)


def answers_of(redemptions: Iterable[Redemption], *, now: datetime) -> list[RedemptionAnswer]:
    """What doors tell of them, in their order.

    :param redemptions: of `redemptions_of`, so that nothing more is read.
    """
    return [_answer(one, now=now) for one in redemptions]


def _answer(one: Redemption, *, now: datetime) -> RedemptionAnswer:
    reward, voucher = one.reward, one.voucher
    return RedemptionAnswer(
        ref=one.ref,
        state=one.state,
        member=one.member.ref,
        reward=reward.code,
        kind=reward.kind,
        title=reward.title,
        points=one.points,
        cash_minor=one.cash_minor,
        currency=reward.programme.currency,
        cash_receipt=one.cash_receipt,
        place=one.place.code if one.place else "",
        place_name=one.place.name if one.place else "",
        voucher=VoucherGot(spelled(voucher), voucher.valid_until) if voucher else None,
        happens_at=reward.happens_at,
        redeemed_at=one.redeemed_at,
        cancel_until=cancel_until(one, now=now),
        steps=[RedemptionStepAnswer(step.state, step.happened_at, step.note) for step in one.steps.all()],
    )


def cancel_until(one: Redemption, *, now: datetime) -> datetime | None:
    """As long as the member may give it back; None: not (any more)."""
    if one.state in ENDED or one.state != first_state(one.reward.kind):
        return None
    until = given_back_until(
        one.reward.cancel_hours, redeemed_at=one.redeemed_at, happens_at=one.reward.happens_at
    )
    return until if until and until > now else None
