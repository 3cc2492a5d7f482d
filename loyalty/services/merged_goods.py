"""Vouchers, offers and benefits in a merge: who stays can use what the one who goes could."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Least

from config.ground.ids import new_ref
from loyalty.models import BenefitGrant, Grant, Voucher, Wallet
from members.member_data import Moving
from members.queries.merges import Step, get_moved, list_way
from members.services.merging import note_moved

FLOOR = "loyalty"


@transaction.atomic
def take_goods_over(moving: Moving, *, now: datetime) -> None:
    """A voucher's code leads to who stays; an offer or benefit that is open is promised to them as it was to the other.
    Within a transaction that holds the merge. Safe to repeat."""
    moved: dict[str, Any] = get_moved(moving.id, FLOOR) or {"vouchers": []}
    moved["vouchers"] = sorted({*moved["vouchers"], *_move_vouchers(moving.member_id, moving.into_id)})
    _promise_offers(moving, now)
    _promise_benefits(moving, now)
    note_moved(moving.id, FLOOR, moved)


@transaction.atomic
def give_goods_back(moving: Moving, *, now: datetime) -> None:
    """What nobody used goes back; what was used stays used. Within a transaction that holds the merge."""
    beyond = list_way(moving.into_id)
    stays = [moving.into_id, *(step.into_id for step in beyond)]
    moved: dict[str, Any] = get_moved(moving.id, FLOOR) or {"vouchers": []}
    if moved.get("is_back"):
        return
    vouchers = Voucher.objects.select_for_update(no_key=True).filter(
        pk__in=moved["vouchers"], member_id__in=stays
    )
    for voucher in vouchers.order_by("pk"):
        if voucher.max_uses is None or voucher.uses < voucher.max_uses:
            Voucher.objects.filter(pk=voucher.pk).update(member_id=moving.member_id)
    _take_offers_back(moving, beyond)
    _take_benefits_back(moving, beyond, now)
    note_moved(moving.id, FLOOR, moved | {"is_back": True})


def _move_vouchers(from_id: int, to_id: int) -> Iterable[int]:
    """What is issued to a person once they have once: of two for one cause, theirs stays where it was."""
    has_one = Voucher.objects.filter(
        member_id=to_id, series_id=OuterRef("series_id"), cause=OuterRef("cause")
    )
    is_open = Q(max_uses=None) | Q(uses__lt=F("max_uses"))
    mine = Voucher.objects.filter(is_open, ~Exists(has_one), member_id=from_id, revoked_at=None)
    ids = list(mine.order_by("pk").select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))
    Voucher.objects.filter(pk__in=ids).update(member_id=to_id)
    return ids


def _cause(by: Moving | Step, row_id: int | str) -> str:
    return f"merge:{by.ref}:{row_id}"


def _offers_of(member_id: int) -> QuerySet[Grant]:
    return Grant.objects.filter(member_id=member_id)


def _benefits_of(member_id: int) -> QuerySet[BenefitGrant]:
    """By their wallets: benefits have no index by member."""
    return BenefitGrant.objects.filter(wallet__member_id=member_id)


def _copies(of: Callable[[int], QuerySet[Any]], promised_id: int, beyond: Sequence[Step]) -> list[int]:
    """What was promised by a merge, and was promised on to those whom who stayed went on to: ids, in this order."""
    ids = [promised_id]
    for step in beyond:
        further = of(step.into_id).filter(cause=_cause(step, ids[-1]))
        if (found := further.values_list("pk", flat=True).first()) is None:
            break
        ids.append(found)
    return ids


def _promise_offers(moving: Moving, now: datetime) -> None:
    still_open = Grant.objects.filter(member_id=moving.member_id, uses__lt=F("max_uses"), valid_until__gt=now)
    Grant.objects.bulk_create(
        [
            Grant(
                ref=new_ref("grn"),
                member_id=moving.into_id,
                programme_id=offer.programme_id,
                cause=_cause(moving, offer.pk),
                title=offer.title,
                mention=offer.mention,
                effect=offer.effect,
                valid_from=offer.valid_from,
                valid_until=offer.valid_until,
                max_uses=offer.max_uses - offer.uses,
                granted_at=now,
            )
            for offer in still_open
        ],
        ignore_conflicts=True,
    )


def _take_offers_back(moving: Moving, beyond: Sequence[Step]) -> None:
    for promised in Grant.objects.filter(
        member_id=moving.into_id, cause__startswith=_cause(moving, "")
    ).order_by("pk"):
        copies = Grant.objects.filter(pk__in=_copies(_offers_of, promised.pk, beyond))
        used = sum(copy.uses for copy in copies.select_for_update(no_key=True).order_by("pk"))
        own = Grant.objects.filter(pk=int(promised.cause.rpartition(":")[2]), member_id=moving.member_id)
        own.update(uses=Least(F("uses") + used, F("max_uses")))
        copies.update(max_uses=F("uses"))


def _promise_benefits(moving: Moving, now: datetime) -> None:
    """Those that were never booked: what was begun goes on under its own ref, and counts there."""
    held = _benefits_of(moving.into_id).filter(valid_until__gt=now).values("benefit_id")
    mine = _benefits_of(moving.member_id).filter(valid_until__gt=now, bookings__isnull=True)
    mine = mine.exclude(benefit_id__in=held)
    BenefitGrant.objects.bulk_create(
        [
            BenefitGrant(
                wallet=Wallet.objects.get_or_create(
                    member_id=moving.into_id, programme_id=grant.wallet.programme_id
                )[0],
                member_id=moving.into_id,
                benefit_id=grant.benefit_id,
                cause=_cause(moving, grant.pk),
                granted_at=grant.granted_at,
                valid_until=grant.valid_until,
                ref=new_ref("ben"),
            )
            for grant in mine.select_related("wallet")
        ],
        ignore_conflicts=True,
    )


def _take_benefits_back(moving: Moving, beyond: Sequence[Step], now: datetime) -> None:
    """One that was booked meanwhile is booked; its own ends."""
    for promised in _benefits_of(moving.into_id).filter(cause__startswith=_cause(moving, "")):
        copies = BenefitGrant.objects.filter(pk__in=_copies(_benefits_of, promised.pk, beyond))
        if copies.filter(bookings__isnull=False).exists():
            own = BenefitGrant.objects.filter(pk=int(promised.cause.rpartition(":")[2]))
            own.filter(member_id=moving.member_id, valid_until__gt=now).update(valid_until=now)
        copies.filter(bookings__isnull=True, valid_until__gt=now).update(valid_until=now)
