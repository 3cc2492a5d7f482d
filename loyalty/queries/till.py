"""The till's first screen: who stands there, what they may spend, what they usually take. One statement."""

from datetime import datetime
from typing import Any

import msgspec
from django.db import connection

from loyalty.rules.answers import WalletAnswer

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
    """The last time we had to do with each other: `kind` is purchase, email, sms or inbox."""

    kind: str
    at: datetime
    where: str
    what: str


class OfferToMention(msgspec.Struct, frozen=True, kw_only=True):
    """The one offer to mention: the one that ends first. `mention` is the sentence for the cashier."""

    ref: str
    title: str
    mention: str
    valid_until: datetime


class TillScreen(msgspec.Struct, frozen=True, kw_only=True):
    """Everything for the cashier in one answer. `vouchers` are those the member holds."""

    member: MemberCard
    wallet: WalletAnswer
    vouchers: list[str]
    usual_order: list[UsualItem]
    wishes: Wishes
    last_contact: Contact | None
    offer: OfferToMention | None


class Found(msgspec.Struct, frozen=True):
    """`is_key_live` as it is now; `screen` is None if nobody goes by this."""

    is_key_live: bool
    screen: TillScreen | None


_SCREEN = """
SELECT json_build_object(
  'is_key_live', EXISTS (SELECT FROM omnichannel_apikey k WHERE k.id = %(key_id)s AND k.revoked_at IS NULL
      AND (k.expires_at IS NULL OR k.expires_at > %(now)s)),
  'screen', CASE WHEN m.id IS NOT NULL THEN json_build_object(
    'member', json_build_object('ref', m.ref,
      'display_name', coalesce(nullif(m.display_name, ''), trim(m.given_name || ' ' || m.family_name)),
      'language', m.language,
      'has_birthday_today', coalesce(
        m.birth_month = extract(month FROM t.today) AND m.birth_day = extract(day FROM t.today), false)),
    'wallet', loyalty_wallet_body(m.id, %(programme_id)s, %(now)s),
    'vouchers', '[]'::json,
    'usual_order', (SELECT coalesce(json_agg(json_build_object('sku', u.sku, 'name', u.name, 'quantity', u.quantity,
          'times', u.times) ORDER BY u.times DESC, u.sku), '[]')
      FROM (SELECT l.sku, max(l.name) AS name, mode() WITHIN GROUP (ORDER BY l.quantity) AS quantity,
              count(DISTINCT l.order_id) AS times
            FROM (SELECT o.id FROM omnichannel_order o WHERE o.member_id = m.id AND o.programme_id = %(programme_id)s
                  ORDER BY o.placed_at DESC LIMIT %(orders)s) last
            JOIN omnichannel_orderline l ON l.order_id = last.id
            GROUP BY l.sku HAVING count(DISTINCT l.order_id) >= 2
            ORDER BY count(DISTINCT l.order_id) DESC, l.sku LIMIT 5) u),
    'wishes', coalesce((
      SELECT json_build_object('packaging', p.packaging, 'invoice', p.invoice, 'interests', p.interests)
      FROM members_preference p WHERE p.member_id = m.id), '{}'),
    'last_contact', (SELECT json_build_object('kind', c.kind, 'at', c.at, 'where', c.place, 'what', c.what) FROM (
        (SELECT 'purchase' AS kind, o.placed_at AS at, p.name AS place, o.number AS what
         FROM omnichannel_order o JOIN omnichannel_place p ON p.id = o.place_id
         WHERE o.member_id = m.id ORDER BY o.placed_at DESC LIMIT 1)
        UNION ALL
        (SELECT g.channel, g.sent_at, '', g.subject FROM omnichannel_message g
         WHERE g.member_id = m.id AND g.sent_at IS NOT NULL ORDER BY g.sent_at DESC LIMIT 1)
      ) c ORDER BY c.at DESC LIMIT 1),
    'offer', (SELECT json_build_object('ref', g.ref, 'title', g.title, 'mention', g.mention,
        'valid_until', g.valid_until)
      FROM loyalty_grant g WHERE g.member_id = m.id AND g.programme_id = %(programme_id)s AND g.uses < g.max_uses
        AND g.valid_from <= %(now)s AND g.valid_until > %(now)s ORDER BY g.valid_until, g.id LIMIT 1)
  ) END
)::text
FROM (SELECT (%(now)s AT TIME ZONE %(timezone)s)::date AS today) t
LEFT JOIN ({member}) m ON m.state = 'active'
"""
_COLUMNS = """SELECT m.id, m.ref, m.state, m.display_name, m.given_name, m.family_name, m.language, m.birth_month,
    m.birth_day FROM """
_BY_REF = _SCREEN.replace("{member}", _COLUMNS + "members_member m WHERE m.ref = %(value)s")
_BY_IDENTITY = _SCREEN.replace(
    "{member}",
    _COLUMNS + "members_identity n JOIN members_member m ON m.id = n.member_id"
    " WHERE n.kind = %(kind)s AND n.value = %(value)s",
)
_decoder = msgspec.json.Decoder(Found)


def find_till_screen(
    member: tuple[str, str], *, key_id: int, programme_id: int, timezone: str, now: datetime
) -> Found:
    """The screen of the member who goes by (kind, value), in one programme."""
    kind, value = member
    parameters: dict[str, Any] = {
        "key_id": key_id,
        "programme_id": programme_id,
        "timezone": timezone,
        "now": now,
        "orders": USUAL_ORDERS,
        "value": value,
    }
    statement = _BY_REF
    if kind != "ref":
        statement, parameters["kind"] = _BY_IDENTITY, kind
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        (found,) = cursor.fetchone()
    return _decoder.decode(found)
