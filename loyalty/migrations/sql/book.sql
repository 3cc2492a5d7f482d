-- Draw points from the lots that expire first and book one entry for it.
--
-- The wallet is locked by the caller. Raises SQLSTATE RG003 when there are not as many points to spend at that moment.
CREATE FUNCTION loyalty_draw(
    of_wallet bigint, wanted bigint, of_kind text, for_cause text, for_order text, by_actor text, because text,
    happened timestamptz, at timestamptz
) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    w loyalty_wallet;
    lot record;
    left_to_draw bigint := wanted;
    drawn bigint;
    entry bigint := nextval('loyalty_entry_id_seq');
BEGIN
    PERFORM loyalty_refresh_figures(ARRAY[of_wallet], at);
    SELECT * INTO w FROM loyalty_wallet WHERE id = of_wallet;
    IF w.spendable < wanted THEN
        RAISE EXCEPTION 'only % points can be spent', w.spendable USING ERRCODE = 'RG003';
    END IF;
    INSERT INTO loyalty_entry (id, wallet_id, member_id, programme_id, seq, kind, points, balance_after, cause, order_ref,
        actor, reason, happened_at, recorded_at)
    VALUES (entry, w.id, w.member_id, w.programme_id, w.seq + 1, of_kind, -wanted, w.balance - wanted, for_cause, for_order,
        by_actor, because, happened, at);
    FOR lot IN
        SELECT id, remaining FROM loyalty_lot
        WHERE wallet_id = w.id AND remaining > 0 AND available_from <= at AND (expires_at IS NULL OR expires_at > at)
        ORDER BY expires_at, id
    LOOP
        drawn := least(lot.remaining, left_to_draw);
        UPDATE loyalty_lot SET remaining = remaining - drawn WHERE id = lot.id AND member_id = w.member_id;
        INSERT INTO loyalty_lotmove (entry_id, lot_id, member_id, points) VALUES (entry, lot.id, w.member_id, -drawn);
        left_to_draw := left_to_draw - drawn;
        EXIT WHEN left_to_draw = 0;
    END LOOP;
    UPDATE loyalty_wallet SET seq = seq + 1, balance = balance - wanted, spendable = spendable - wanted
    WHERE id = w.id AND member_id = w.member_id;
END
$$;

-- Credit points: entries, the lots they fill, and the wallets' figures.
--
-- credits: [{member_id, programme_id, lot (position in `lots`, from 1), kind, points, cause, order_ref,
--            rule_version_id, actor, reason, happened_at}], in the order in which they are numbered
-- lots:    [{member_id, programme_id, order_ref, available_from, expires_at, credited}]
-- The wallets exist and are locked by the caller.
CREATE FUNCTION loyalty_credit(credits jsonb, lots jsonb, at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    lot_ids bigint[];
    entry_ids bigint[];
BEGIN
    IF jsonb_array_length(credits) = 0 THEN
        RETURN;
    END IF;
    lot_ids := ARRAY(SELECT nextval('loyalty_lot_id_seq') FROM generate_series(1, jsonb_array_length(lots)));
    entry_ids := ARRAY(SELECT nextval('loyalty_entry_id_seq') FROM generate_series(1, jsonb_array_length(credits)));

    INSERT INTO loyalty_lot (id, wallet_id, member_id, order_ref, available_from, expires_at, credited, remaining)
    SELECT lot_ids[x.n], w.id, x.member_id, x.order_ref, x.available_from, x.expires_at, x.credited, x.credited
    FROM ROWS FROM (jsonb_to_recordset(lots) AS (
            member_id bigint, programme_id bigint, order_ref text, available_from timestamptz, expires_at timestamptz,
            credited bigint)
        ) WITH ORDINALITY AS x(member_id, programme_id, order_ref, available_from, expires_at, credited, n)
    JOIN loyalty_wallet w ON w.member_id = x.member_id AND w.programme_id = x.programme_id;

    INSERT INTO loyalty_entry (id, wallet_id, member_id, programme_id, seq, kind, points, balance_after, cause, order_ref,
        rule_version_id, actor, reason, happened_at, recorded_at)
    SELECT entry_ids[x.n], w.id, x.member_id, x.programme_id,
        w.seq + row_number() OVER one, x.kind, x.points, w.balance + sum(x.points) OVER one, x.cause, x.order_ref,
        x.rule_version_id, x.actor, x.reason, x.happened_at, at
    FROM ROWS FROM (jsonb_to_recordset(credits) AS (
            member_id bigint, programme_id bigint, kind text, points bigint, cause text, order_ref text,
            rule_version_id bigint, actor text, reason text, happened_at timestamptz)
        ) WITH ORDINALITY AS x(member_id, programme_id, kind, points, cause, order_ref, rule_version_id, actor, reason,
            happened_at, n)
    JOIN loyalty_wallet w ON w.member_id = x.member_id AND w.programme_id = x.programme_id
    WINDOW one AS (PARTITION BY w.id ORDER BY x.n ROWS UNBOUNDED PRECEDING);

    INSERT INTO loyalty_lotmove (entry_id, lot_id, member_id, points)
    SELECT entry_ids[x.n], lot_ids[x.lot], x.member_id, x.points
    FROM ROWS FROM (jsonb_to_recordset(credits) AS (member_id bigint, lot int, points bigint))
        WITH ORDINALITY AS x(member_id, lot, points, n);

    UPDATE loyalty_wallet w
    SET seq = w.seq + c.entries,
        balance = w.balance + c.points,
        spendable = w.spendable + c.spendable,
        pending = w.pending + c.pending,
        figures_hold_from = greatest(w.figures_hold_from, at),
        figures_hold_until = least(w.figures_hold_until, c.until_at)
    FROM (
        SELECT e.member_id, e.programme_id, e.entries, e.points, l.spendable, l.pending, l.until_at
        FROM (
            SELECT x.member_id, x.programme_id, count(*) AS entries, sum(x.points) AS points
            FROM jsonb_to_recordset(credits) AS x(member_id bigint, programme_id bigint, points bigint)
            GROUP BY x.member_id, x.programme_id
        ) e
        JOIN (
            SELECT x.member_id, x.programme_id,
                coalesce(sum(x.credited) FILTER (WHERE x.available_from <= at), 0) AS spendable,
                coalesce(sum(x.credited) FILTER (WHERE x.available_from > at), 0) AS pending,
                least(min(x.available_from) FILTER (WHERE x.available_from > at),
                    min(x.expires_at) FILTER (WHERE x.expires_at > at)) AS until_at
            FROM (
                SELECT y.member_id, y.programme_id, y.available_from, y.expires_at,
                    CASE WHEN y.expires_at <= at THEN 0 ELSE y.credited END AS credited
                FROM jsonb_to_recordset(lots) AS y(
                    member_id bigint, programme_id bigint, available_from timestamptz, expires_at timestamptz,
                    credited bigint)
            ) x
            GROUP BY x.member_id, x.programme_id
        ) l USING (member_id, programme_id)
    ) c
    WHERE w.member_id = c.member_id AND w.programme_id = c.programme_id;
END
$$;

-- Make sure that wallets exist, lock them in the one order that cannot deadlock, and make their figures true.
--
-- wallets: [{member_id, programme_id}]
CREATE FUNCTION loyalty_lock_wallets(wallets jsonb, at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    locked bigint[];
BEGIN
    locked := ARRAY(
        SELECT w.id FROM loyalty_wallet w
        WHERE (w.member_id, w.programme_id) IN (
            SELECT x.member_id, x.programme_id FROM jsonb_to_recordset(wallets) AS x(member_id bigint, programme_id bigint))
        ORDER BY w.id FOR NO KEY UPDATE);
    IF cardinality(locked) < jsonb_array_length(wallets) THEN
        INSERT INTO loyalty_wallet (member_id, programme_id)
        SELECT x.member_id, x.programme_id FROM jsonb_to_recordset(wallets) AS x(member_id bigint, programme_id bigint)
        ORDER BY x.member_id, x.programme_id
        ON CONFLICT DO NOTHING;
        locked := ARRAY(
            SELECT w.id FROM loyalty_wallet w
            WHERE (w.member_id, w.programme_id) IN (
                SELECT x.member_id, x.programme_id
                FROM jsonb_to_recordset(wallets) AS x(member_id bigint, programme_id bigint))
            ORDER BY w.id FOR NO KEY UPDATE);
    END IF;
    PERFORM loyalty_refresh_figures(locked, at);
END
$$;
