"""What many purchases have to know before they are settled one after the other, under their wallets' locks."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime

import msgspec
from django.db import connection

from loyalty.queries.checkout import KnownReceipt, MemberNow, ProductNow
from loyalty.rules.basket import Offer
from loyalty.rules.tiers import Standing


class OfferNow(Offer, frozen=True, kw_only=True):
    """An offer with the time it is good for and how often it can still be used."""

    valid_from: datetime
    valid_until: datetime
    uses_left: int


class DayNow(msgspec.Struct, frozen=True, array_like=True):
    """What counts towards tiers of one day: spend in minor units, points that purchases earned, purchases."""

    minor: int
    points: int
    visits: int


class WalletFacts(msgspec.Struct, frozen=True):
    """What a locked wallet held when it was read. `days` are the sums that count towards tiers.

    :ivar version: how many bookings of purchases it has seen.
    :ivar kept_alive_until: until when the last activity keeps points, where they run out by inactivity.
    :ivar labels: segments that the member is in; none unless they were asked for.
    """

    spendable: int
    version: int
    kept_alive_until: datetime | None
    days: dict[date, DayNow]
    standings: list[Standing]
    offers: list[OfferNow]
    labels: list[str]


def find_members(keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], MemberNow]:
    """Who goes by these (kind, value) pairs; kind "ref" or that of an identity. Unknown ones are left out."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT k.kind, k.value, m.id, m.ref, m.state, m.enrolled_at, m.birth_month, m.birth_day
            FROM unnest(%s::text[], %s::text[]) AS k(kind, value)
            LEFT JOIN members_identity n ON n.kind = k.kind AND n.value = k.value
            LEFT JOIN members_member g ON k.kind = 'ref' AND g.ref = k.value
            JOIN members_member m ON m.id = coalesce(n.member_id, g.merged_into_id, g.id)
            """,
            [[kind for kind, _ in keys], [value for _, value in keys]],
        )
        return {
            (kind, value): MemberNow(id_, ref, state, enrolled_at, birthday=(month, day) if month else None)
            for kind, value, id_, ref, state, enrolled_at, month, day in cursor.fetchall()
        }


def lock_wallets(member_ids: Iterable[int], programme_id: int, *, now: datetime) -> dict[int, int]:
    """Wallets of one programme, as of `lock_wallets_of`.

    :return: member id -> wallet id.
    """
    locked = lock_wallets_of({(member_id, programme_id) for member_id in member_ids}, now=now)
    return {member_id: wallet_id for (member_id, _), wallet_id in locked.items()}


def lock_wallets_of(owners: Collection[tuple[int, int]], *, now: datetime) -> dict[tuple[int, int], int]:
    """Open wallets where there are none yet, and lock them all in id order until commit, whatever their programmes.

    :param owners: (member id, programme id).
    :return: owner -> wallet id.
    """
    ordered = sorted(owners)
    wanted = [{"member_id": member_id, "programme_id": programme_id} for member_id, programme_id in ordered]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT loyalty_lock_wallets(%s::jsonb, %s)", [msgspec.json.encode(wanted).decode(), now]
        )
        (locked,) = cursor.fetchone()
    return dict(zip(ordered, locked, strict=True))


_WALLETS = """
SELECT w.member_id, json_build_object(
  'spendable', w.spendable, 'version', w.version, 'kept_alive_until', w.kept_alive_until,
  'labels', CASE WHEN %(asks_labels)s THEN (SELECT coalesce(json_agg(b.code), '[]') FROM loyalty_memberlabel c
      JOIN loyalty_label b ON b.id = c.label_id AND b.programme_id = w.programme_id
      WHERE c.member_id = w.member_id) ELSE '[]' END,
  'days', (SELECT coalesce(json_object_agg(d.spent_on,
        json_build_array(d.qualifying_minor, d.points, d.visits)), '{}') FROM loyalty_tierday d
      WHERE d.wallet_id = w.id AND d.spent_on >= %(since)s),
  'standings', (SELECT coalesce(json_agg(json_build_object('tier_id', s.tier_id, 'from_at', s.from_at,
        'until_at', s.until_at, 'is_given', s.given_by <> '')), '[]')
      FROM loyalty_tierstanding s WHERE s.wallet_id = w.id),
  'offers', (SELECT coalesce(json_agg(json_build_object('id', g.id, 'ref', g.ref, 'title', g.title, 'effect', g.effect,
        'valid_from', g.valid_from, 'valid_until', g.valid_until, 'uses_left', g.max_uses - g.uses)
        ORDER BY g.valid_until, g.id), '[]') FROM loyalty_grant g
      WHERE g.member_id = w.member_id AND g.programme_id = w.programme_id AND g.uses < g.max_uses)
)::text
FROM loyalty_wallet w
WHERE w.programme_id = %(programme_id)s AND w.member_id = ANY (%(member_ids)s::bigint[])
"""
_wallets_decoder = msgspec.json.Decoder(WalletFacts)


def find_wallet_facts(
    member_ids: Iterable[int], programme_id: int, *, since: date, asks_labels: bool = False
) -> dict[int, WalletFacts]:
    """Member id -> what the wallet holds; tier days from `since` on."""
    with connection.cursor() as cursor:
        cursor.execute(
            _WALLETS,
            {
                "programme_id": programme_id,
                "member_ids": sorted(set(member_ids)),
                "since": since,
                "asks_labels": asks_labels,
            },
        )
        return {member_id: _wallets_decoder.decode(body) for member_id, body in cursor.fetchall()}


def find_receipts(
    tellings: Sequence[tuple[int, int | None, str, str]],
) -> dict[tuple[int, str], list[KnownReceipt]]:
    """Receipts known by these (place, till, number, fingerprint): (place, number) -> what was told, same till first."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT r.place_id, r.number, encode(r.fingerprint, 'hex'), r.till_id IS NOT DISTINCT FROM t.till_id,
              r.order_ref, coalesce(
                (SELECT s.answer FROM loyalty_settlement s
                 WHERE s.order_ref = r.order_ref AND s.member_id = r.member_id),
                (SELECT u.answer FROM omnichannel_unclaimedorder u WHERE u.ref = r.order_ref))
            FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[]) AS t(place_id, till_id, number, fingerprint)
            JOIN omnichannel_receipt r ON r.place_id = t.place_id AND r.number = t.number
              AND (r.till_id IS NOT DISTINCT FROM t.till_id OR r.fingerprint = decode(t.fingerprint, 'hex'))
            ORDER BY r.till_id IS NOT DISTINCT FROM t.till_id DESC
            """,
            [list(column) for column in zip(*tellings, strict=True)],
        )
        known: dict[tuple[int, str], list[KnownReceipt]] = {}
        for place_id, number, *receipt in cursor.fetchall():
            known.setdefault((place_id, number), []).append(KnownReceipt(*receipt))
    return known


def find_products(programme_id: int, skus: Iterable[str]) -> dict[str, ProductNow]:
    """What the catalogue knows of these products; unknown ones are left out."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sku, name, category, department, brand FROM omnichannel_product"
            " WHERE programme_id = %s AND sku = ANY (%s::text[])",
            [programme_id, sorted(set(skus))],
        )
        return {row[0]: ProductNow(*row) for row in cursor.fetchall()}


def find_place_kinds(place_ids: Iterable[int]) -> dict[int, str]:
    """Which of these places is a store and which a web shop."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, kind FROM omnichannel_place WHERE id = ANY (%s::bigint[])", [sorted(set(place_ids))]
        )
        return dict(cursor.fetchall())
