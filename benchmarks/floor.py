"""The floor: what the same work costs at the least. Bare Django views without middleware, one statement each.

`commit` writes the very rows that a committed purchase writes (receipt, order, five lines, lot, two entries, two moves,
wallet, day, settlement, kept answer, event, delivery), with everything decided beforehand by the client.
"""

import json

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path

COMMIT = """
WITH p AS (SELECT %s::jsonb AS d),
  h AS (SELECT (d->>'member')::bigint AS member, (d->>'wallet')::bigint AS wallet,
      (d->>'programme')::bigint AS programme, (d->>'place')::bigint AS place, (d->>'till')::bigint AS till,
      d->>'number' AS number, d->>'ref' AS ref,
      d->>'answer' AS answer, d->'lines' AS lines, d->'event' AS event, now() AS at FROM p),
  receipt AS (INSERT INTO omnichannel_receipt (place_id, till_id, number, fingerprint, order_ref, member_id)
    SELECT place, till, number, sha256(number::bytea), ref, member FROM h),
  o AS (INSERT INTO omnichannel_order (ref, member_id, programme_id, place_id, till_id, number, source, state,
      placed_at, recorded_at, currency, subtotal_minor, discount_minor, tax_minor, total_minor, payments, fulfilment)
    SELECT ref, member, programme, place, till, number, 'till', 'completed', at, at, 'USD', 2500, 0, 0, 2500, '[]',
      'counter' FROM h RETURNING id),
  lines AS (INSERT INTO omnichannel_orderline (order_id, member_id, position, sku, name, category, department, brand,
      quantity, unit_price_minor, discount_minor, tax_minor, paid_minor)
    SELECT o.id, h.member, x.position, x.sku, x.name, x.category, '', '', x.quantity, x.unit_price_minor, 0, 0,
      x.unit_price_minor
    FROM o, h, jsonb_to_recordset(h.lines) AS x(position smallint, sku text, name text, category text, quantity int,
      unit_price_minor bigint)),
  w AS (UPDATE loyalty_wallet
    SET seq = seq + 2, balance = balance + 500, spendable = spendable + 500, version = version + 1
    FROM h WHERE id = h.wallet RETURNING id, seq, balance),
  lot AS (INSERT INTO loyalty_lot (wallet_id, member_id, order_ref, available_from, expires_at, credited, remaining)
    SELECT wallet, member, ref, at, at + interval '365 days', 500, 500 FROM h RETURNING id),
  e AS (INSERT INTO loyalty_entry (wallet_id, member_id, programme_id, seq, kind, points, balance_after, cause,
      order_ref, actor, reason, happened_at, recorded_at)
    SELECT h.wallet, h.member, h.programme, w.seq - 2 + n, 'earn', 250, w.balance - 500 + n * 250,
      'earn:' || h.ref || n, h.ref, 'key:1', '10 points for each full 1.00 USD paid', h.at, h.at
    FROM h, w, generate_series(1, 2) n RETURNING id),
  m AS (INSERT INTO loyalty_lotmove (entry_id, lot_id, member_id, points)
    SELECT e.id, lot.id, h.member, 250 FROM e, lot, h),
  d AS (INSERT INTO loyalty_tierday (wallet_id, member_id, spent_on, qualifying_minor, points, visits)
    SELECT wallet, member, (at AT TIME ZONE 'America/New_York')::date, 2500, 500, 1 FROM h
    ON CONFLICT (wallet_id, spent_on, member_id)
    DO UPDATE SET qualifying_minor = loyalty_tierday.qualifying_minor + excluded.qualifying_minor,
      points = loyalty_tierday.points + excluded.points, visits = loyalty_tierday.visits + excluded.visits),
  s AS (INSERT INTO loyalty_settlement (order_ref, wallet_id, member_id, points_earned, points_spent,
      points_paid_minor, qualifying_minor, answer) SELECT ref, wallet, member, 500, 0, 0, 2500, answer FROM h),
  k AS (INSERT INTO ground_idempotencykey (caller, key, fingerprint, status, body, recorded_at)
    SELECT 'key:1', number, sha256(number::bytea), 201, answer, at FROM h),
  v AS (INSERT INTO outbox_event (name, member_id, payload, happened_at, recorded_at)
    SELECT 'loyalty.purchase_committed', member, event, at, at FROM h RETURNING id)
INSERT INTO outbox_delivery (event_id, subscriber, member_id, attempts, next_attempt_at, last_error, is_dead)
SELECT v.id, 'campaigns.features', h.member, 0, h.at, '', false FROM v, h
"""
BALANCE = "SELECT balance, spendable, pending FROM loyalty_wallet WHERE member_id = %s AND programme_id = %s"


def commit(request: HttpRequest) -> HttpResponse:
    """One statement, autocommitted."""
    with connection.cursor() as cursor:
        cursor.execute(COMMIT, [request.body.decode()])
    return _json('{"booked": true}', status=201)


def balance(request: HttpRequest, member_id: int, programme_id: int) -> HttpResponse:
    """The bare balance read."""
    with connection.cursor() as cursor:
        cursor.execute(BALANCE, [member_id, programme_id])
        row = cursor.fetchone()
    body = json.dumps(dict(zip(("balance", "spendable", "pending"), row, strict=True)))
    return _json(body)


def _json(body: str, status: int = 200) -> HttpResponse:
    headers = {"Content-Length": str(len(body))}
    return HttpResponse(body, status=status, content_type="application/json", headers=headers)


urlpatterns = [path("commit", commit), path("balance/<int:member_id>/<int:programme_id>", balance)]
