"""How a purchase is told at a door, and the purchase it becomes."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta
from rest_framework.request import Request

from config.ground.api.bodies import Body
from config.ground.api.caller import Caller, caller_of
from config.ground.api.idempotency import sent_with
from config.ground.refusals import InvalidInput, NotAllowed
from loyalty.errors import NoPlace, NumberMissing, PlaceMissing
from loyalty.rules.basket import Line
from loyalty.rules.purchase import Fulfilment, Payment, Purchase
from loyalty.services.purchase_checks import EARLIEST, LATEST
from loyalty.services.purchase_facts import Teller
from members.queries.members import recall_of
from members.rules.cards import is_fresh, read_any_code
from members.rules.identities import MemberKey
from omnichannel.errors import PlaceNotFound
from omnichannel.queries.places import find_place_ids

Number = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[\x21-\x7e]+( [\x21-\x7e]+)*$")]
Code = Annotated[str, Meta(min_length=1, max_length=40)]
Moment = Annotated[datetime, Meta(tz=True)]


class PurchaseBody(Body, frozen=True, kw_only=True):
    """A purchase. Amounts in minor units; prices contain their tax; `discount_minor` of a line is for the whole line.

    A till names `receipt_number`, a web shop `order_number`. Without `placed_at` it is placed now; without `currency`,
    the programme's is meant. `hold`: ref of points set aside for it; `spend_points` can spend them, and what is
    left of them is free again.
    """

    lines: Annotated[list[Line], Meta(min_length=1, max_length=500)]
    receipt_number: Number | None = None
    order_number: Number | None = None
    member: MemberKey | None = None
    placed_at: Moment | None = None
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] | None = None
    voucher_codes: Annotated[list[Code], Meta(max_length=20)] = []
    spend_points: Annotated[int, Meta(ge=0, le=1_000_000_000)] = 0
    hold: Annotated[str, Meta(min_length=1, max_length=30)] | None = None
    payments: Annotated[list[Payment], Meta(max_length=20)] = []
    fulfilment: Fulfilment = Fulfilment()


class ShopPurchaseBody(PurchaseBody, frozen=True, kw_only=True):
    """A purchase told by an integration. `place`: code of the store or web shop, where the key belongs to none."""

    place: Code | None = None


def find_places(named: Iterable[str | None], caller: Caller) -> Mapping[str, int]:
    """The places that are named, code -> id, as far as the key's programme has them. At most one statement."""
    codes = {code for code in named if code is not None}
    if caller.place_id is not None or caller.programme_id is None or not codes:
        return {}
    return find_place_ids(caller.programme_id, codes)


def at_place(caller: Caller, place_code: str | None, places: Mapping[str, int]) -> Caller:
    """The caller as if its key belonged to the place it names; a key that belongs to one names no other.

    :param places: as `find_places` found them.
    :raises NotAllowed: the key belongs to another place.
    :raises NoPlace: the key belongs to the whole house.
    :raises PlaceMissing: neither the key nor the body says where.
    :raises PlaceNotFound: the key's programme has no such place.
    """
    if caller.place_id is not None:
        if place_code not in (None, caller.place_code):
            raise NotAllowed(f"This key belongs to the place {caller.place_code!r}.", pointer="/place")
        return caller
    if caller.programme_id is None:
        raise NoPlace("Use the key of a programme, a web shop or a till.")
    if place_code is None:
        raise PlaceMissing(pointer="/place")
    if place_code not in places:
        raise PlaceNotFound(f"There is no store or web shop with the code {place_code!r}.", pointer="/place")
    return msgspec.structs.replace(caller, place_id=places[place_code], place_code=place_code)


def at_named_place(caller: Caller, place_code: str | None) -> Caller:
    """`at_place` where only one place can be named."""
    return at_place(caller, place_code, find_places([place_code], caller))


def purchase_of(
    body: PurchaseBody, caller: Caller, *, source: str, now: datetime, is_quote: bool = False
) -> Purchase:
    """The purchase that a key tells of.

    :raises NoPlace: the key belongs to no store or web shop.
    :raises NumberMissing: there is no receipt number (till) or order number (web shop), or both.
    :raises InvalidInput: it is placed in no time that calendars reach.
    :raises IdentityNotValid: nobody can be known by `member`; so CardCodeNotValid, for a code that is forged.
    """
    if caller.place_id is None or caller.programme_id is None:
        raise NoPlace("Use the key of a till or a web shop.")
    placed_at = body.placed_at or now
    if not EARLIEST <= placed_at < LATEST:
        pointer = "/placed_at" if body.placed_at else "/at"
        detail = f"Name a moment from {EARLIEST.year} on and before {LATEST.year}."
        raise InvalidInput(errors=[{"pointer": pointer, "code": "out_of_range", "detail": detail}])
    member, over = None, ""
    if body.member is not None:
        member, over = recall_of(body.member, region=caller.region, now=now)
    return Purchase(
        number=_number(body, caller, is_quote=is_quote),
        source=source,
        programme_id=caller.programme_id,
        programme_code=caller.programme_code,
        place_id=caller.place_id,
        place_code=caller.place_code,
        till_id=caller.till_id,
        placed_at=placed_at,
        told_at=body.placed_at,
        timezone=caller.timezone,
        currency=body.currency or caller.currency,
        lines=body.lines,
        member=member,
        code_over_because="" if not is_quote and _was_shown(body.member, body.placed_at, now) else over,
        spend_points=body.spend_points,
        is_proven=body.member is not None and body.member.qr is not None and not over,
        hold=body.hold,
        payments=body.payments,
        fulfilment=body.fulfilment.kind,
        voucher_codes=body.voucher_codes,
    )


def _was_shown(member: MemberKey | None, placed_at: datetime | None, now: datetime) -> bool:
    """Whether a code of an earlier minute is of the moment for which the purchase is told: the till was offline. It
    names the member then, as a phone number does, and proves nothing."""
    if member is None or member.qr is None or placed_at is None:
        return False
    code = read_any_code(member.qr)
    return code is not None and is_fresh(code, placed_at) and not is_fresh(code, now)


def teller_of(request: Request, *, is_required: bool = False) -> Teller:
    """Who tells of it, with the idempotency key sent along.

    :raises IdempotencyKeyRequired: the door insists on one and there is none.
    """
    caller = caller_of(request)
    sent = sent_with(request._request, caller, is_required=is_required)
    return Teller(key_id=caller.id, name=caller.name, idempotency_key=sent.key if sent else None)


def _number(body: PurchaseBody, caller: Caller, *, is_quote: bool) -> str:
    if body.receipt_number and body.order_number:
        raise NumberMissing("Name receipt_number or order_number, not both.", pointer="/order_number")
    if is_quote:
        return body.receipt_number or body.order_number or ""
    number = body.receipt_number if caller.till_id else body.receipt_number or body.order_number
    if number is None:
        name = "receipt_number" if caller.till_id else "order_number"
        raise NumberMissing(f"Name the purchase's {name}.", pointer=f"/{name}")
    return number
