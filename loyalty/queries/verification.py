"""The proof of the ledger: every wallet replayed, set-based. What these statements return should not exist."""

from collections.abc import Iterator
from datetime import datetime

import msgspec
from django.db import connection

from loyalty.queries import book_laws, challenge_laws, reward_laws
from loyalty.queries.household_tiers import HOUSEHOLD_LAWS
from loyalty.queries.merge_laws import MERGE_LAWS
from loyalty.queries.pools import POOL_LAWS
from loyalty.queries.voucher_laws import VOUCHER_LAWS


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """Something that does not add up: which law, and in which row."""

    law: str
    where: str
    expected: str
    found: str


_LAWS = {
    "entries of a wallet are numbered 1, 2, 3 ...": """
        SELECT 'wallet ' || w.id, w.seq, count(e.id) || ' entries up to ' || coalesce(max(e.seq), 0)
        FROM loyalty_wallet w LEFT JOIN loyalty_entry e ON e.wallet_id = w.id
        GROUP BY w.id HAVING count(e.id) <> w.seq OR coalesce(max(e.seq), 0) <> w.seq""",
    "balance_after is the sum of the entries so far": """
        SELECT 'entry ' || r.id, r.running, r.balance_after FROM (
          SELECT id, balance_after, sum(points) OVER (PARTITION BY wallet_id ORDER BY seq) AS running
          FROM loyalty_entry) r
        WHERE r.running <> r.balance_after""",
    "a wallet's balance is the sum of its entries": """
        SELECT 'wallet ' || w.id, coalesce(sum(e.points), 0), w.balance
        FROM loyalty_wallet w LEFT JOIN loyalty_entry e ON e.wallet_id = w.id
        GROUP BY w.id HAVING coalesce(sum(e.points), 0) <> w.balance""",
    "a wallet's balance is what is left in its lots, less its debt": """
        SELECT 'wallet ' || w.id, coalesce(sum(l.remaining), 0) - w.debt, w.balance
        FROM loyalty_wallet w LEFT JOIN loyalty_lot l ON l.wallet_id = w.id
        GROUP BY w.id HAVING coalesce(sum(l.remaining), 0) - w.debt <> w.balance""",
    "a wallet's debt is what its entries owed and paid": """
        SELECT 'wallet ' || w.id, coalesce(sum(e.debt_change), 0), w.debt
        FROM loyalty_wallet w LEFT JOIN loyalty_entry e ON e.wallet_id = w.id AND e.debt_change <> 0
        GROUP BY w.id HAVING coalesce(sum(e.debt_change), 0) <> w.debt""",
    "an entry is the sum of its lot moves, less what it changed of the debt": """
        SELECT 'entry ' || e.id, e.points, coalesce(sum(m.points), 0) - e.debt_change
        FROM loyalty_entry e LEFT JOIN loyalty_lotmove m ON m.entry_id = e.id
        GROUP BY e.id HAVING coalesce(sum(m.points), 0) - e.debt_change <> e.points""",
    "a lot holds what was moved into it and not out": """
        SELECT 'lot ' || l.id, coalesce(sum(m.points), 0), l.remaining
        FROM loyalty_lot l LEFT JOIN loyalty_lotmove m ON m.lot_id = l.id
        GROUP BY l.id HAVING coalesce(sum(m.points), 0) <> l.remaining""",
    "a lot is filled once, and what comes back never makes it more": """
        WITH back AS MATERIALIZED (
          SELECT DISTINCT m.lot_id FROM loyalty_entry e
          JOIN loyalty_lotmove m ON m.entry_id = e.id AND m.member_id = e.member_id
          WHERE e.kind IN ('reverse_spend', 'merge_back', 'pool_back')
        ), told AS (
          SELECT m.lot_id, sum(m.points) FILTER (WHERE m.points > 0) AS filled, 0 AS most
          FROM loyalty_lotmove m WHERE NOT EXISTS (SELECT FROM back b WHERE b.lot_id = m.lot_id) GROUP BY m.lot_id
          UNION ALL
          SELECT lot_id, sum(filled), max(running) FROM (
            SELECT m.lot_id, sum(m.points) OVER (PARTITION BY m.lot_id ORDER BY m.entry_id) AS running,
              CASE WHEN m.points > 0 AND e.kind NOT IN ('reverse_spend', 'merge_back', 'pool_back') THEN m.points
                ELSE 0 END AS filled
            FROM back b JOIN loyalty_lotmove m ON m.lot_id = b.lot_id
            JOIN loyalty_entry e ON e.id = m.entry_id AND e.member_id = m.member_id) one
          GROUP BY lot_id)
        SELECT 'lot ' || l.id, l.credited || ' credited, never more',
          coalesce(t.filled, 0) || ' credited, ' || coalesce(t.most, 0) || ' at most'
        FROM loyalty_lot l LEFT JOIN told t ON t.lot_id = l.id
        WHERE coalesce(t.filled, 0) <> l.credited OR coalesce(t.most, 0) > l.credited""",
    "a wallet's figures are those of its lots": """
        SELECT 'wallet ' || w.id,
          greatest(f.spendable - h.points, 0) || ' spendable, ' || h.points || ' held, ' || f.pending || ' pending',
          w.spendable || ' spendable, ' || w.held || ' held, ' || w.pending || ' pending'
        FROM loyalty_wallet w
        CROSS JOIN LATERAL loyalty_held(w.id, %(now)s) h
        JOIN LATERAL (
          SELECT coalesce(sum(l.remaining) FILTER (WHERE l.available_from <= %(now)s), 0) AS spendable,
            coalesce(sum(l.remaining) FILTER (WHERE l.available_from > %(now)s), 0) AS pending
          FROM loyalty_lot l
          WHERE l.wallet_id = w.id AND l.remaining > 0 AND (l.expires_at IS NULL OR l.expires_at > %(now)s)) f ON true
        WHERE w.figures_hold_from <= %(now)s AND (w.figures_hold_until IS NULL OR w.figures_hold_until > %(now)s)
          AND (greatest(f.spendable - h.points, 0), h.points, f.pending) <> (w.spendable, w.held, w.pending)""",
    "what is set aside is there": """
        SELECT 'wallet ' || w.id, 'at most ' || f.usable || ' held', h.points || ' held'
        FROM loyalty_wallet w
        CROSS JOIN LATERAL loyalty_held(w.id, %(now)s) h
        CROSS JOIN LATERAL (
          SELECT coalesce(sum(l.remaining), 0) AS usable FROM loyalty_lot l
          WHERE l.wallet_id = w.id AND l.remaining > 0 AND l.available_from <= %(now)s
            AND (l.expires_at IS NULL OR l.expires_at > %(now)s)) f
        WHERE h.points > f.usable""",
    "a hold was captured by what was spent": """
        SELECT 'hold ' || h.ref, h.captured_points || ' captured', coalesce(-e.points, 0) || ' spent'
        FROM loyalty_hold h
        LEFT JOIN loyalty_entry e ON e.wallet_id = h.wallet_id AND e.kind = 'spend'
          AND e.cause = CASE h.order_ref WHEN '' THEN 'capture:' || h.ref ELSE 'spend:' || h.order_ref END
        WHERE h.captured_points > coalesce(-e.points, 0)""",
    "a correction is booked as it was asked for, or not at all": """
        SELECT 'correction ' || c.ref, CASE c.state WHEN 'booked' THEN c.points ELSE 0 END, coalesce(e.points, 0)
        FROM loyalty_correction c
        LEFT JOIN loyalty_entry e ON e.wallet_id = c.wallet_id AND e.cause = 'correct:' || c.ref
        WHERE coalesce(e.points, 0) <> CASE c.state WHEN 'booked' THEN c.points ELSE 0 END""",
    "what one member gave another received": """
        SELECT 'transfer ' || t.ref, t.points, coalesce(o.points, 0) || ' out, ' || coalesce(i.points, 0) || ' in'
        FROM loyalty_transfer t
        LEFT JOIN loyalty_entry o ON o.wallet_id = t.wallet_id AND o.cause = 'transfer:' || t.ref
        LEFT JOIN LATERAL (
          SELECT sum(e.points) AS points FROM loyalty_entry e
          WHERE e.wallet_id = t.to_wallet_id AND e.kind = 'transfer_in'
            AND (e.cause = 'transfer:' || t.ref OR e.cause LIKE 'transfer:' || t.ref || ':%%')) i ON true
        WHERE (coalesce(-o.points, 0), coalesce(i.points, 0)) <> (t.points, t.points)""",
    "a settlement's points are booked": """
        SELECT 'order ' || s.order_ref, s.points_earned || ' earned, ' || s.points_spent || ' spent',
          coalesce(sum(e.points) FILTER (WHERE e.kind IN ('earn', 'bonus')), 0) || ' earned, '
          || coalesce(-sum(e.points) FILTER (WHERE e.kind = 'spend'), 0) || ' spent'
        FROM loyalty_settlement s
        LEFT JOIN loyalty_entry e ON e.wallet_id = s.wallet_id AND e.order_ref = s.order_ref
        GROUP BY s.id
        HAVING coalesce(sum(e.points) FILTER (WHERE e.kind IN ('earn', 'bonus')), 0) <> s.points_earned
          OR coalesce(-sum(e.points) FILTER (WHERE e.kind = 'spend'), 0) <> s.points_spent""",
    "an order is settled and a settlement has its order": """
        SELECT 'order ' || coalesce(o.ref, s.order_ref), 'both',
          CASE WHEN o.ref IS NULL THEN 'no order' ELSE 'no settlement' END
        FROM omnichannel_order o FULL JOIN loyalty_settlement s ON s.order_ref = o.ref AND s.member_id = o.member_id
        WHERE o.ref IS NULL OR s.order_ref IS NULL""",
    "what counts towards tiers is what was paid, earned and bought on the day": """
        SELECT 'wallet ' || coalesce(d.wallet_id, p.wallet_id) || ' on ' || coalesce(d.spent_on, p.spent_on),
          concat_ws(', ', p.paid, p.points, p.visits), concat_ws(', ', d.qualifying_minor, d.points, d.visits)
        FROM loyalty_tierday d
        FULL JOIN (
          SELECT wallet_id, spent_on, sum(paid) AS paid, sum(points) AS points, sum(visits) AS visits FROM (
          SELECT s.wallet_id, (o.placed_at AT TIME ZONE g.timezone)::date AS spent_on,
            s.qualifying_minor - coalesce(u.minor, 0) AS paid,
            s.points_earned - coalesce(u.points, 0) AS points, 1 - coalesce(u.visits, 0) AS visits
          FROM loyalty_settlement s
          LEFT JOIN (
            SELECT order_ref, member_id, sum(qualifying_minor) AS minor, sum(qualifying_points) AS points,
              sum(visits) AS visits
            FROM loyalty_reversal GROUP BY 1, 2) u ON u.order_ref = s.order_ref AND u.member_id = s.member_id
          JOIN omnichannel_order o ON o.ref = s.order_ref AND o.member_id = s.member_id
          JOIN omnichannel_programme g ON g.id = o.programme_id
          UNION ALL
          SELECT w.id, (a.happened_at AT TIME ZONE g.timezone)::date, 0, a.points_earned, 0
          FROM loyalty_actsettlement a
          JOIN loyalty_wallet w ON w.member_id = a.member_id AND w.programme_id = a.programme_id
          JOIN omnichannel_programme g ON g.id = a.programme_id
          UNION ALL
          SELECT d.wallet_id, d.spent_on, -d.qualifying_minor, -d.points, -d.visits FROM loyalty_mergedday d
          UNION ALL
          SELECT d.to_wallet_id, d.spent_on, d.qualifying_minor, d.points, d.visits FROM loyalty_mergedday d) one
          GROUP BY 1, 2) p USING (wallet_id, spent_on)
        WHERE (coalesce(p.paid, 0), coalesce(p.points, 0), coalesce(p.visits, 0))
          <> (coalesce(d.qualifying_minor, 0), coalesce(d.points, 0), coalesce(d.visits, 0))""",
    "a seat that is taken is booked": """
        SELECT 'date ' || d.id, d.taken, count(b.id)
        FROM loyalty_benefitdate d
        LEFT JOIN loyalty_benefitbooking b ON b.date_id = d.id AND b.state IN ('booked', 'used')
        GROUP BY d.id HAVING count(b.id) <> d.taken""",
    "no more comes back than was bought": """
        SELECT 'order ' || o.ref || ', line ' || r.position, coalesce(l.quantity, 0), r.came
        FROM (
          SELECT b.order_id, x.position, sum(x.quantity) AS came
          FROM omnichannel_orderreturn b JOIN omnichannel_returnline x ON x.order_return_id = b.id GROUP BY 1, 2) r
        JOIN omnichannel_order o ON o.id = r.order_id
        LEFT JOIN omnichannel_orderline l ON l.order_id = r.order_id AND l.position = r.position
        WHERE r.came > coalesce(l.quantity, 0)""",
    "a return takes back and gives back no more than there was": """
        SELECT 'order ' || s.order_ref, s.points_earned || ' earned, ' || s.points_spent || ' spent',
          r.taken || ' taken back, ' || r.given || ' given back'
        FROM loyalty_settlement s
        JOIN (
          SELECT wallet_id, order_ref, coalesce(-sum(points) FILTER (WHERE kind = 'reverse_earn'), 0) AS taken,
            coalesce(sum(points) FILTER (WHERE kind = 'reverse_spend'), 0) AS given
          FROM loyalty_entry WHERE kind IN ('reverse_earn', 'reverse_spend') GROUP BY 1, 2) r
          USING (wallet_id, order_ref)
        WHERE r.taken > s.points_earned OR r.given > s.points_spent""",
    "a return's points are booked": """
        SELECT 'order ' || u.order_ref, u.taken || ' taken back, ' || u.given || ' given back',
          coalesce(r.taken, 0) || ' taken back, ' || coalesce(r.given, 0) || ' given back'
        FROM (
          SELECT wallet_id, order_ref, sum(points_taken) AS taken, sum(points_given) AS given
          FROM loyalty_reversal GROUP BY 1, 2) u
        FULL JOIN (
          SELECT wallet_id, order_ref,
            -sum(points) FILTER (WHERE kind = 'reverse_earn' AND cause NOT LIKE 'left:%%') AS taken,
            sum(points) FILTER (WHERE kind = 'reverse_spend') AS given
          FROM loyalty_entry WHERE kind IN ('reverse_earn', 'reverse_spend')
            AND order_ref <> '' GROUP BY 1, 2) r
          USING (wallet_id, order_ref)
        WHERE (coalesce(u.taken, 0), coalesce(u.given, 0)) <> (coalesce(r.taken, 0), coalesce(r.given, 0))""",
    "what a return left is what it missed, less what came back since": """
        SELECT 'order ' || f.order_ref, u.points_missing, f.points
        FROM (
          SELECT e.order_ref, e.member_id, sum(f.points + coalesce((
            SELECT -sum(s.points) FROM loyalty_entry s WHERE s.wallet_id = f.wallet_id AND s.seq > f.after_seq
              AND s.undoes_id = e.id AND s.cause LIKE 'left:%%'), 0)) AS points
          FROM loyalty_forgiven f JOIN loyalty_entry e ON e.id = f.entry_id AND e.member_id = f.member_id
          GROUP BY 1, 2) f
        LEFT JOIN LATERAL (
          SELECT r.points_missing FROM loyalty_reversal r
          WHERE r.order_ref = f.order_ref AND r.member_id = f.member_id ORDER BY r.id DESC LIMIT 1) u ON true
        WHERE f.points IS DISTINCT FROM u.points_missing""",
    "what acts earned is booked": """
        SELECT 'act ' || coalesce(s.act_ref, e.act_ref), coalesce(s.points_earned, 0), coalesce(e.points, 0)
        FROM loyalty_actsettlement s
        FULL JOIN (SELECT member_id, split_part(cause, ':', 2) AS act_ref, sum(points) AS points
          FROM loyalty_entry WHERE cause LIKE 'act:%%' GROUP BY 1, 2) e
          ON e.member_id = s.member_id AND e.act_ref = s.act_ref
        WHERE coalesce(s.points_earned, 0) <> coalesce(e.points, 0)""",
    "what counts once was given once": """
        SELECT 'rule ' || c.rule_id || ', member ' || c.member_id || ' ' || c.key, 'an entry of ' || c.act_ref, 'none'
        FROM loyalty_actcounted c JOIN loyalty_rule r ON r.id = c.rule_id
        WHERE NOT EXISTS (SELECT FROM loyalty_wallet w JOIN loyalty_entry e ON e.wallet_id = w.id
          WHERE w.member_id = c.member_id AND w.programme_id = r.programme_id
            AND e.cause = 'act:' || c.act_ref || ':' || r.code)
        UNION ALL
        SELECT 'entry ' || e.id, 'counted', 'not counted'
        FROM loyalty_entry e
        JOIN loyalty_ruleversion v ON v.id = e.rule_version_id AND v.definition->'act'->>'once_per' <> 'act'
        WHERE e.cause LIKE 'act:%%' AND e.points > 0
          AND NOT EXISTS (SELECT FROM loyalty_actcounted c WHERE c.member_id = e.member_id AND c.rule_id = v.rule_id
            AND c.act_ref = split_part(e.cause, ':', 2))""",
    "what a capped rule gave is what was counted": """
        WITH given AS (
          SELECT v.rule_id, c.per, CASE WHEN c.per LIKE 'member%%' THEN e.member_id END AS member_id,
            left((coalesce(o.happened_at, e.happened_at) AT TIME ZONE p.timezone)::date::text,
              CASE WHEN c.per LIKE '%%day' THEN 10 WHEN c.per LIKE '%%month' THEN 7 ELSE 0 END) AS bucket,
            sum(e.points) AS points
          FROM loyalty_ruleversion v
          CROSS JOIN LATERAL (
            SELECT DISTINCT cap->>'per' AS per FROM jsonb_array_elements(v.definition->'caps') cap) c
          JOIN loyalty_entry e ON e.rule_version_id = v.id
          JOIN omnichannel_programme p ON p.id = e.programme_id
          LEFT JOIN loyalty_entry o ON o.id = e.undoes_id
          GROUP BY 1, 2, 3, 4),
        counted AS (
          SELECT rule_id, NULL::bigint AS member_id, bucket, points FROM loyalty_ruleuse
          UNION ALL SELECT rule_id, member_id, bucket, points FROM loyalty_memberruleuse)
        SELECT 'rule ' || coalesce(g.rule_id, n.rule_id) || ', member ' || coalesce(g.member_id, n.member_id, 0)
            || ' ' || coalesce(g.bucket, n.bucket), coalesce(g.points, 0), coalesce(n.points, 0)
        FROM given g
        FULL JOIN counted n ON n.rule_id = g.rule_id AND n.bucket = g.bucket
          AND coalesce(n.member_id, 0) = coalesce(g.member_id, 0)
        WHERE coalesce(g.points, 0) <> coalesce(n.points, 0)""",
    **VOUCHER_LAWS,
    "seals hold and are chained": """
        SELECT 'seal of ' || s.sealed_on || ', programme ' || s.programme_id,
          encode(d.digest, 'hex'), encode(s.digest, 'hex')
        FROM (SELECT *, lag(digest) OVER (PARTITION BY programme_id ORDER BY sealed_on) AS previous FROM loyalty_seal) s
        CROSS JOIN LATERAL loyalty_digest_of_day(
          s.programme_id, s.sealed_on, coalesce(s.previous, ''::bytea), s.digest_version) d
        WHERE d.digest <> s.digest""",
    **MERGE_LAWS,
    **POOL_LAWS,
    **HOUSEHOLD_LAWS,
    **book_laws.LAWS,
    **challenge_laws.LAWS,
    **reward_laws.LAWS,
}


def list_laws() -> list[str]:
    """The laws in the order in which they are proven."""
    return list(_LAWS)


def find_differences(law: str, *, now: datetime, most: int = 100) -> Iterator[Difference]:
    """Rows that break a law, at most so many of them."""
    with connection.cursor() as cursor:
        # The plan is for all rows, as there are none: one for the first few is the slowest where none is found.
        wanted = f"WITH found AS MATERIALIZED ({_LAWS[law]}) SELECT * FROM found LIMIT %(most)s"  # noqa: S608 - a text of ours
        cursor.execute(wanted, {"now": now, "most": most})
        for where, expected, found in cursor.fetchall():
            yield Difference(law=law, where=where, expected=str(expected), found=str(found))
