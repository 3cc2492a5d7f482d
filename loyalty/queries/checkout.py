"""Everything a purchase has to know before it is settled, in one statement and without a lock."""

from datetime import date, datetime

import msgspec
from django.db import connection

from loyalty.rules.basket import Offer
from loyalty.rules.tiers import Standing


class KeptAnswer(msgspec.Struct, frozen=True):
    """What was answered under an idempotency key."""

    fingerprint: str
    status: int
    body: str


class KnownReceipt(msgspec.Struct, frozen=True):
    """A receipt number that was told before."""

    fingerprint: str
    is_same_till: bool
    order_ref: str
    answer: str | None


class MemberNow(msgspec.Struct, frozen=True):
    id: int
    ref: str
    state: str


class WalletNow(msgspec.Struct, frozen=True):
    version: int
    terms_stamp: int
    spendable: int


class ProductNow(msgspec.Struct, frozen=True):
    sku: str
    name: str
    category: str
    department: str
    brand: str


class PurchaseFacts(msgspec.Struct, frozen=True):
    """What was true when it was read. `stamp` is the programme's; None if it has no terms."""

    is_key_live: bool
    kept: KeptAnswer | None
    receipt: KnownReceipt | None
    member: MemberNow | None
    wallet: WalletNow | None
    stamp: int | None
    window_minor: int
    standings: list[Standing]
    offers: list[Offer]
    products: list[ProductNow]


class Inquiry(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked. `member` is (kind, value), kind "ref" or that of an identity; days are the programme's.

    :param fingerprint: SHA-256 of the purchase, hexadecimal.
    """

    key_id: int
    caller: str
    idempotency_key: str | None
    fingerprint: str
    programme_id: int
    place_id: int
    till_id: int | None
    number: str | None
    member: tuple[str, str] | None
    placed_at: datetime
    window_from: date
    window_until: date
    skus: list[str]
    now: datetime


_BY_REF = "SELECT id, ref, state FROM members_member WHERE ref = %(value)s"
_BY_IDENTITY = """SELECT m.id, m.ref, m.state FROM members_identity n JOIN members_member m ON m.id = n.member_id
    WHERE n.kind = %(kind)s AND n.value = %(value)s"""

_FACTS = """
SELECT json_build_object(
  'is_key_live', EXISTS (SELECT FROM omnichannel_apikey k WHERE k.id = %(key_id)s AND k.revoked_at IS NULL
      AND (k.expires_at IS NULL OR k.expires_at > %(now)s)),
  'kept', (SELECT json_build_object('fingerprint', encode(i.fingerprint, 'hex'), 'status', i.status, 'body', i.body)
      FROM ground_idempotencykey i WHERE i.caller = %(caller)s AND i.key = %(idempotency_key)s::text),
  'receipt', (SELECT json_build_object('fingerprint', encode(r.fingerprint, 'hex'),
        'is_same_till', r.till_id IS NOT DISTINCT FROM %(till_id)s::bigint, 'order_ref', r.order_ref,
        'answer', coalesce(
          (SELECT s.answer FROM loyalty_settlement s WHERE s.order_ref = r.order_ref AND s.member_id = r.member_id),
          (SELECT u.answer FROM omnichannel_unclaimedorder u WHERE u.ref = r.order_ref)))
      FROM omnichannel_receipt r
      WHERE r.place_id = %(place_id)s AND r.number = %(number)s::text
        AND (r.till_id IS NOT DISTINCT FROM %(till_id)s::bigint OR r.fingerprint = decode(%(fingerprint)s, 'hex'))
      ORDER BY r.till_id IS NOT DISTINCT FROM %(till_id)s::bigint DESC LIMIT 1),
  'member', CASE WHEN m.id IS NOT NULL THEN json_build_object('id', m.id, 'ref', m.ref, 'state', m.state) END,
  'wallet', CASE WHEN w.id IS NOT NULL THEN json_build_object('version', w.version, 'terms_stamp', w.terms_stamp,
      'spendable', CASE
        WHEN w.figures_hold_from <= %(now)s AND (w.figures_hold_until IS NULL OR w.figures_hold_until > %(now)s)
        THEN w.spendable
        ELSE (SELECT coalesce(sum(l.remaining), 0) FROM loyalty_lot l
          WHERE l.wallet_id = w.id AND l.remaining > 0 AND l.available_from <= %(now)s
            AND (l.expires_at IS NULL OR l.expires_at > %(now)s)) END) END,
  'stamp', (SELECT t.stamp FROM loyalty_programmeterms t WHERE t.programme_id = %(programme_id)s),
  'window_minor', (SELECT coalesce(sum(d.qualifying_minor), 0) FROM loyalty_tierday d
      WHERE d.wallet_id = w.id AND d.spent_on BETWEEN %(window_from)s AND %(window_until)s),
  'standings', (SELECT coalesce(json_agg(json_build_object('tier_id', s.tier_id, 'from_at', s.from_at,
        'until_at', s.until_at)), '[]') FROM loyalty_tierstanding s
      WHERE s.wallet_id = w.id AND s.from_at <= %(placed_at)s AND s.until_at > %(placed_at)s),
  'offers', (SELECT coalesce(json_agg(json_build_object('id', g.id, 'ref', g.ref, 'title', g.title, 'effect', g.effect)
        ORDER BY g.valid_until, g.id), '[]') FROM loyalty_grant g
      WHERE g.member_id = m.id AND g.programme_id = %(programme_id)s AND g.uses < g.max_uses
        AND g.valid_from <= %(placed_at)s AND g.valid_until > %(placed_at)s),
  'products', (SELECT coalesce(json_agg(json_build_object('sku', p.sku, 'name', p.name, 'category', p.category,
        'department', p.department, 'brand', p.brand)), '[]') FROM omnichannel_product p
      WHERE p.programme_id = %(programme_id)s AND p.sku = ANY (%(skus)s::text[]))
)::text
FROM (SELECT 1) one
LEFT JOIN ({member}) m ON true
LEFT JOIN loyalty_wallet w ON w.member_id = m.id AND w.programme_id = %(programme_id)s
"""
_FACTS_BY_REF = _FACTS.replace("{member}", _BY_REF)
_FACTS_BY_IDENTITY = _FACTS.replace("{member}", _BY_IDENTITY)

_decoder = msgspec.json.Decoder(PurchaseFacts)


def find_purchase_facts(inquiry: Inquiry) -> PurchaseFacts:
    """Read everything that a purchase relies on. One statement, however many lines, rules or offers there are."""
    kind, value = inquiry.member or ("ref", "")
    parameters = msgspec.structs.asdict(inquiry) | {"value": value}
    statement = _FACTS_BY_REF
    if kind != "ref":
        statement = _FACTS_BY_IDENTITY
        parameters["kind"] = kind
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        (facts,) = cursor.fetchone()
    return _decoder.decode(facts)
