-- Book lots that ran out before `until`: at most `most` of them, one entry each. Returns how many were booked.
--
-- A point past its hour could not be spent before this ran, and cannot after; this only writes it down.
CREATE FUNCTION loyalty_book_expiry(until timestamptz, at timestamptz, most int) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
    chosen bigint[];
    booked int;
BEGIN
    chosen := ARRAY(
        SELECT DISTINCT l.wallet_id FROM (
            SELECT wallet_id FROM loyalty_lot
            WHERE remaining > 0 AND expires_at <= until ORDER BY expires_at LIMIT most) l);
    IF cardinality(chosen) = 0 THEN
        RETURN 0;
    END IF;
    chosen := ARRAY(SELECT w.id FROM loyalty_wallet w WHERE w.id = ANY (chosen) ORDER BY w.id FOR NO KEY UPDATE);

    CREATE TEMP TABLE IF NOT EXISTS loyalty_expiring (
        lot_id bigint, entry_id bigint, wallet_id bigint, member_id bigint, points bigint, n bigint, running bigint)
        ON COMMIT DROP;
    TRUNCATE loyalty_expiring;
    INSERT INTO loyalty_expiring
    SELECT l.id, nextval('loyalty_entry_id_seq'), l.wallet_id, l.member_id, l.remaining,
        row_number() OVER one, sum(l.remaining) OVER one
    FROM loyalty_lot l
    WHERE l.wallet_id = ANY (chosen) AND l.remaining > 0 AND l.expires_at <= until
    WINDOW one AS (PARTITION BY l.wallet_id ORDER BY l.expires_at, l.id ROWS UNBOUNDED PRECEDING);

    INSERT INTO loyalty_entry (id, wallet_id, member_id, programme_id, seq, kind, points, balance_after, cause, order_ref,
        actor, reason, happened_at, recorded_at)
    SELECT x.entry_id, x.wallet_id, x.member_id, w.programme_id, w.seq + x.n, 'expire', -x.points, w.balance - x.running,
        'expire:' || x.lot_id || CASE WHEN EXISTS (
            -- Points that a return gave back to a lot past its hour run out in turn.
            SELECT FROM loyalty_entry e WHERE e.wallet_id = x.wallet_id AND e.cause = 'expire:' || x.lot_id
        ) THEN ':' || w.seq + x.n ELSE '' END, l.order_ref, 'clock', 'not spent before its day', l.expires_at, at
    FROM loyalty_expiring x
    JOIN loyalty_wallet w ON w.id = x.wallet_id AND w.member_id = x.member_id
    JOIN loyalty_lot l ON l.id = x.lot_id AND l.member_id = x.member_id;
    GET DIAGNOSTICS booked = ROW_COUNT;

    INSERT INTO loyalty_lotmove (entry_id, lot_id, member_id, points)
    SELECT entry_id, lot_id, member_id, -points FROM loyalty_expiring;

    UPDATE loyalty_lot l SET remaining = 0
    FROM loyalty_expiring x WHERE l.id = x.lot_id AND l.member_id = x.member_id;

    UPDATE loyalty_wallet w SET seq = w.seq + x.entries, balance = w.balance - x.points
    FROM (
        SELECT wallet_id, member_id, count(*) AS entries, sum(points) AS points FROM loyalty_expiring GROUP BY 1, 2) x
    WHERE w.id = x.wallet_id AND w.member_id = x.member_id;

    PERFORM loyalty_refresh_figures(chosen, at);
    RETURN booked;
END
$$;
