"""The till's first screen: who stands there, what they may spend, what they usually take. One statement."""

from datetime import date, datetime

import msgspec
from django.db import connection

from loyalty.queries.programmes import find_days_that_count
from loyalty.rules.answers import WalletAnswer
from loyalty.rules.households import HouseholdPoints, SharedWalletAnswer, shared_wallet
from loyalty.rules.wallets import WalletFacts

USUAL_ORDERS = 10
"""The usual is what stands in at least two of so many last purchases."""


class MemberCard(msgspec.Struct, frozen=True, kw_only=True):
    """Who it is. `display_name` is how to call them; empty if nobody has told us."""

    ref: str
    display_name: str
    language: str
    has_birthday_today: bool


class UsualItem(msgspec.Struct, frozen=True, kw_only=True):
    """Something the member buys again and again: in `times` of the last purchases, mostly `quantity` at once."""

    sku: str
    name: str
    quantity: int
    times: int


class Wishes(msgspec.Struct, frozen=True, kw_only=True):
    """What the member asked us to mind; empty where they did not."""

    packaging: str = ""
    invoice: str = ""
    interests: list[str] = []


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """The last time we had to do with each other.

    :ivar kind: purchase, case, a message's way (email, sms, inbox), or a conversation's (visit, call, chat ...).
    :ivar what: how far it got: number, subject, or what a colleague wrote.
    :ivar by: the colleague, "" where it was nobody of ours.
    """

    kind: str
    at: datetime
    where: str
    what: str
    by: str = ""


class OpenPromise(msgspec.Struct, frozen=True, kw_only=True):
    """What a colleague promised and nobody has kept yet, the one that is due first. `at`: when they said so."""

    what: str
    due_on: date | None
    at: datetime


class OfferToMention(msgspec.Struct, frozen=True, kw_only=True):
    """The one offer to mention: the one that ends first. `mention` is the sentence for the cashier."""

    ref: str
    title: str
    mention: str
    valid_until: datetime


class VoucherInHand(msgspec.Struct, frozen=True, kw_only=True):
    """A voucher that the member can use now, before its conditions are asked."""

    code: str
    shown: str
    series_id: int
    series_stamp: int
    left_minor: int | None
    valid_until: datetime | None
    labels: list[str]


class TillVoucher(msgspec.Struct, frozen=True, kw_only=True):
    """A voucher that fits this member, place and moment. `says` is a sentence for the cashier.

    `left_minor`: what is left in a gift card. `valid_until`: null for ever.
    """

    code: str
    title: str
    says: str
    left_minor: int | None
    valid_until: datetime | None


class BenefitInHand(msgspec.Struct, frozen=True, kw_only=True):
    """A benefit that the member has; `ref` is what `/benefits/{ref}/use` takes."""

    ref: str
    kind: str
    title: str
    valid_until: datetime


class Talks(msgspec.Struct, frozen=True, kw_only=True):
    """What colleagues and the member last said to each other, and what is promised still."""

    contact: Contact | None
    promise: OpenPromise | None


class Screen(msgspec.Struct, frozen=True, kw_only=True):
    """What the database tells of the member. `talks`: None where there never was a conversation or a case.
    `household`: None where they share with nobody.
    """

    member: MemberCard
    usual_order: list[UsualItem]
    wishes: Wishes
    last_purchase: Contact | None
    last_message: Contact | None
    talks: Talks | None
    household: HouseholdPoints | None
    benefits: list[BenefitInHand]
    offer: OfferToMention | None


class TillScreen(msgspec.Struct, frozen=True, kw_only=True):
    """Everything for the cashier in one answer. `vouchers`: of those that the member holds the ones that fit."""

    member: MemberCard
    usual_order: list[UsualItem]
    wishes: Wishes
    last_contact: Contact | None
    promise: OpenPromise | None
    benefits: list[BenefitInHand]
    offer: OfferToMention | None
    wallet: SharedWalletAnswer
    vouchers: list[TillVoucher]


def till_screen(told: Screen, *, wallet: WalletAnswer, vouchers: list[TillVoucher]) -> TillScreen:
    """The screen as the cashier sees it."""
    talked = told.talks.contact if told.talks else None
    contacts = [one for one in (told.last_purchase, told.last_message, talked) if one is not None]
    return TillScreen(
        member=told.member,
        usual_order=told.usual_order,
        wishes=told.wishes,
        last_contact=max(contacts, key=lambda one: one.at, default=None),
        promise=told.talks.promise if told.talks else None,
        benefits=told.benefits,
        offer=told.offer,
        wallet=shared_wallet(wallet, told.household),
        vouchers=vouchers,
    )


class Found(msgspec.Struct, frozen=True):
    """`is_key_live` as it is now; `screen` and `wallet` are None if nobody goes by this.

    :ivar vouchers: in the member's hands, whether or not they fit.
    """

    is_key_live: bool
    screen: Screen | None
    wallet: WalletFacts | None = None
    vouchers: list[VoucherInHand] = []


_decoder = msgspec.json.Decoder(Found)


def find_till_screen(
    member: tuple[str, str], *, key_id: int, programme_id: int, timezone: str, now: datetime
) -> Found:
    """The screen of the member who goes by (kind, value), in one programme."""
    known = find_days_that_count(programme_id, now)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT loyalty_till_screen(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [key_id, programme_id, timezone, *member, USUAL_ORDERS, now, *known],
        )
        (found,) = cursor.fetchone()
    return _decoder.decode(found)
