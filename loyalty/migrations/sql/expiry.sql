-- Book lots that ran out before `until`: at most `most` of them, one entry each, of the wallets whose number leaves the
-- remainder `part` by `parts`. Returns how many were booked.
--
-- A point past its hour could not be spent before this ran, and cannot after; this only writes it down. Figures are looked up
-- wallet by wallet (LATERAL): joined as a whole they are planned as all by all, and a step does not end.
CREATE OR REPLACE FUNCTION loyalty_book_expiry(until timestamptz, at timestamptz, most int, part int, parts int) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
    chosen bigint[];
    booked int;
BEGIN
    chosen := ARRAY(
        SELECT DISTINCT l.wallet_id FROM (
            SELECT wallet_id FROM loyalty_lot
            WHERE remaining > 0 AND expires_at <= until AND wallet_id % parts = part ORDER BY expires_at LIMIT most) l);
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

    UPDATE loyalty_wallet w SET seq = w.seq + x.entries, balance = w.balance - x.points,
        spendable = coalesce(f.spendable, w.spendable), held = coalesce(f.held, w.held), pending = coalesce(f.pending, w.pending),
        figures_hold_from = CASE WHEN f.id IS NULL THEN w.figures_hold_from ELSE at END,
        figures_hold_until = CASE WHEN f.id IS NULL THEN w.figures_hold_until ELSE f.until_at END
    FROM (
        SELECT wallet_id, member_id, count(*) AS entries, sum(points) AS points FROM loyalty_expiring GROUP BY 1, 2) x
    LEFT JOIN LATERAL loyalty_ended_figures(ARRAY[x.wallet_id], at) f ON true
    WHERE w.id = x.wallet_id AND w.member_id = x.member_id;
    RETURN booked;
END
$$;

-- Let the points of wallets live on until `until_at`, where they have not run out: by `at`, or, with NULL, by the moment at
-- which the member was active, as in a history. Where a later activity was told before this one, that one counts.
--
-- A history of many activities is stretches of time in which each came before the last of its points ran out: what ran out
-- within a stretch lives until its end, and what ran out before it does not. Lots are written once for each stretch.
--
-- ids:     the wallets, locked by the caller
-- extends: [{w (position in `ids`, from 1), happened_at, until_at}]
CREATE OR REPLACE FUNCTION loyalty_extend_lots(ids bigint[], extends jsonb, at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    active record;
    kept_until timestamptz;
BEGIN
    FOR active IN
        SELECT ids[s.w] AS wallet, min(s.happened_at) AS since, max(s.until_at) AS until
        FROM (
            SELECT t.*, count(*) FILTER (WHERE t.happened_at >= t.until_before) OVER (
                PARTITION BY t.w ORDER BY t.happened_at) AS stretch
            FROM (
                SELECT x.*, max(x.until_at) OVER (
                    PARTITION BY x.w ORDER BY x.happened_at ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS until_before
                FROM jsonb_to_recordset(extends) AS x(w int, happened_at timestamptz, until_at timestamptz)) t) s
        GROUP BY s.w, s.stretch ORDER BY since
    LOOP
        -- What was over at the moment of an import may live again by a later activity of its history.
        UPDATE loyalty_wallet SET kept_alive_until = greatest(kept_alive_until, active.until),
            figures_hold_until = CASE WHEN at IS NULL THEN figures_hold_from ELSE figures_hold_until END
        WHERE id = active.wallet RETURNING kept_alive_until INTO kept_until;
        IF at IS NOT NULL THEN
            active.until := kept_until;
        END IF;
        UPDATE loyalty_lot SET expires_at = active.until
        WHERE wallet_id = active.wallet AND remaining > 0 AND expires_at < active.until
            AND expires_at > coalesce(at, active.since);
    END LOOP;
END
$$;

-- Announce points that run out within `within` days and later than `beyond` days from now: once for each member, programme,
-- moment and warning. At most `most` of them; returns how many were announced.
--
-- listeners: who is told, by name
CREATE OR REPLACE FUNCTION loyalty_warn_of_expiry(within int, beyond int, listeners text[], at timestamptz, most int) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
    announced int;
BEGIN
    WITH due AS (
        SELECT l.wallet_id, l.member_id, l.expires_at, sum(l.remaining) AS points
        FROM loyalty_lot l
        WHERE l.remaining > 0 AND l.expires_at > at + beyond * interval '1 day' AND l.expires_at <= at + within * interval '1 day'
            AND NOT EXISTS (
                SELECT FROM loyalty_expirywarning k
                WHERE k.wallet_id = l.wallet_id AND k.member_id = l.member_id AND k.expires_at = l.expires_at
                    AND k.days_before = within)
        GROUP BY l.wallet_id, l.member_id, l.expires_at ORDER BY l.expires_at, l.wallet_id LIMIT most
    ), made AS (
        INSERT INTO loyalty_expirywarning (wallet_id, member_id, expires_at, days_before, points, announced_at)
        SELECT d.wallet_id, d.member_id, d.expires_at, within, d.points, at FROM due d
        ON CONFLICT DO NOTHING
        RETURNING wallet_id, member_id, expires_at, points
    )
    SELECT count(outbox_publish('loyalty.points_expiring', m.member_id, jsonb_build_object(
        'programme_code', p.code, 'points', m.points, 'expires_at', loyalty_moment(m.expires_at), 'days_before', within),
        at, at, listeners)) INTO announced
    FROM made m
    JOIN loyalty_wallet w ON w.id = m.wallet_id AND w.member_id = m.member_id
    JOIN omnichannel_programme p ON p.id = w.programme_id;
    RETURN announced;
END
$$;
