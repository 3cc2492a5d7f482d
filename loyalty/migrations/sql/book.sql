-- Draw points from the lots that expire first and book one entry for it.
--
-- pooled: lots that others of the household have filled for it, as `loyalty_draw_pool` says; they are spent whole
--
-- The wallet is locked by the caller. Raises SQLSTATE RG003 when there are not as many points to spend at that moment.
CREATE OR REPLACE FUNCTION loyalty_draw(
    of_wallet bigint, wanted bigint, of_kind text, for_cause text, for_order text, by_actor text, because text,
    happened timestamptz, at timestamptz, pooled bigint[] DEFAULT NULL
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
    IF cardinality(pooled) > 0 THEN
        INSERT INTO loyalty_lotmove (entry_id, lot_id, member_id, points)
        SELECT entry, l.id, l.member_id, -l.remaining FROM loyalty_lot l WHERE l.id = ANY (pooled) AND l.member_id = w.member_id;
        UPDATE loyalty_lot SET remaining = 0 WHERE id = ANY (pooled) AND member_id = w.member_id;
        left_to_draw := wanted + (SELECT sum(m.points) FROM loyalty_lotmove m WHERE m.entry_id = entry AND m.member_id = w.member_id);
    END IF;
    FOR lot IN
        SELECT id, remaining FROM loyalty_lot
        WHERE wallet_id = w.id AND remaining > 0 AND available_from <= at AND (expires_at IS NULL OR expires_at > at)
        ORDER BY expires_at, id
    LOOP
        EXIT WHEN left_to_draw = 0;
        drawn := least(lot.remaining, left_to_draw);
        UPDATE loyalty_lot SET remaining = remaining - drawn WHERE id = lot.id AND member_id = w.member_id;
        INSERT INTO loyalty_lotmove (entry_id, lot_id, member_id, points) VALUES (entry, lot.id, w.member_id, -drawn);
        left_to_draw := left_to_draw - drawn;
    END LOOP;
    UPDATE loyalty_wallet SET seq = seq + 1, balance = balance - wanted, spendable = spendable - wanted
    WHERE id = w.id AND member_id = w.member_id;
END
$$;

-- Credit points: entries, the lots they fill, and the wallets' figures. Where a wallet owes points, what is credited pays
-- them first: its entries are whole, its lots hold what is left.
--
-- ids:     the wallets, locked by the caller and with true figures
-- credits: [{w (position in `ids`, from 1), lot (position in `lots`, from 1), member_id, programme_id, kind, points, cause,
--            order_ref, rule_version_id, actor, reason, happened_at}], in the order in which they are numbered
-- lots:    [{w, member_id, order_ref, available_from, expires_at, credited, entries (how many credits fill it)}]
CREATE OR REPLACE FUNCTION loyalty_credit(ids bigint[], credits jsonb, lots jsonb, at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    lot_ids bigint[];
    entry_ids bigint[];
BEGIN
    IF jsonb_array_length(credits) = 0 THEN
        RETURN;
    END IF;
    IF EXISTS (SELECT FROM loyalty_wallet WHERE id = ANY (ids) AND debt > 0) THEN
        SELECT p.credits, p.lots INTO credits, lots FROM loyalty_pay_debt(ids, credits, lots) p;
    END IF;
    lot_ids := ARRAY(SELECT nextval('loyalty_lot_id_seq') FROM generate_series(1, jsonb_array_length(lots)));
    entry_ids := ARRAY(SELECT nextval('loyalty_entry_id_seq') FROM generate_series(1, jsonb_array_length(credits)));

    INSERT INTO loyalty_lot (id, wallet_id, member_id, order_ref, available_from, expires_at, credited, remaining)
    SELECT lot_ids[x.n], ids[x.w], x.member_id, x.order_ref, x.available_from, x.expires_at, x.credited, x.credited
    FROM ROWS FROM (jsonb_to_recordset(lots) AS (
            w int, member_id bigint, order_ref text, available_from timestamptz, expires_at timestamptz, credited bigint)
        ) WITH ORDINALITY AS x(w, member_id, order_ref, available_from, expires_at, credited, n)
    WHERE x.credited > 0;

    INSERT INTO loyalty_entry (id, wallet_id, member_id, programme_id, seq, kind, points, balance_after, debt_change, cause,
        order_ref, rule_version_id, actor, reason, happened_at, recorded_at)
    SELECT entry_ids[x.n], w.id, x.member_id, x.programme_id,
        w.seq + row_number() OVER one, x.kind, x.points, w.balance + sum(x.points) OVER one, coalesce(-x.paid, 0), x.cause,
        x.order_ref, x.rule_version_id, x.actor, x.reason, x.happened_at, at
    FROM ROWS FROM (jsonb_to_recordset(credits) AS (
            w int, member_id bigint, programme_id bigint, kind text, points bigint, paid bigint, cause text, order_ref text,
            rule_version_id bigint, actor text, reason text, happened_at timestamptz)
        ) WITH ORDINALITY AS x(w, member_id, programme_id, kind, points, paid, cause, order_ref, rule_version_id, actor,
            reason, happened_at, n)
    JOIN loyalty_wallet w ON w.id = ids[x.w]
    WINDOW one AS (PARTITION BY w.id ORDER BY x.n ROWS UNBOUNDED PRECEDING);

    INSERT INTO loyalty_lotmove (entry_id, lot_id, member_id, points)
    SELECT entry_ids[x.n], lot_ids[x.lot], x.member_id, x.points - coalesce(x.paid, 0)
    FROM ROWS FROM (jsonb_to_recordset(credits) AS (member_id bigint, lot int, points bigint, paid bigint))
        WITH ORDINALITY AS x(member_id, lot, points, paid, n)
    WHERE x.points > coalesce(x.paid, 0);

    UPDATE loyalty_wallet w
    SET seq = w.seq + l.entries,
        balance = w.balance + l.credited + l.paid,
        debt = w.debt - l.paid,
        spendable = w.spendable + l.spendable,
        pending = w.pending + l.pending,
        figures_hold_from = greatest(w.figures_hold_from, at),
        figures_hold_until = least(w.figures_hold_until, l.until_at)
    FROM (
        SELECT ids[x.w] AS id, sum(x.entries) AS entries, sum(x.credited) AS credited, sum(coalesce(x.paid, 0)) AS paid,
            sum(CASE WHEN x.available_from <= at AND (x.expires_at > at) IS NOT FALSE THEN x.credited ELSE 0 END) AS spendable,
            sum(CASE WHEN x.available_from > at AND (x.expires_at > at) IS NOT FALSE THEN x.credited ELSE 0 END) AS pending,
            min(least(
                CASE WHEN x.available_from > at THEN x.available_from END,
                CASE WHEN x.expires_at > at THEN x.expires_at END)) AS until_at
        FROM jsonb_to_recordset(lots) AS x(
            w int, entries int, available_from timestamptz, expires_at timestamptz, credited bigint, paid bigint)
        GROUP BY x.w
    ) l
    WHERE w.id = l.id;
END
$$;

-- What credits pay of the debts of their wallets, in the order in which they are numbered: `credits` and `lots` as
-- `loyalty_credit` takes them, each with what it has `paid`, and the lots with what is left to fill them.
CREATE OR REPLACE FUNCTION loyalty_pay_debt(ids bigint[], INOUT credits jsonb, INOUT lots jsonb)
LANGUAGE plpgsql AS $$
BEGIN
    SELECT jsonb_agg(c.x || jsonb_build_object('paid', c.paid) ORDER BY c.n) INTO credits
    FROM (
        SELECT x.x, x.n, greatest(least((x.x->>'points')::bigint, w.debt + (x.x->>'points')::bigint
            - sum((x.x->>'points')::bigint) OVER (PARTITION BY w.id ORDER BY x.n)), 0) AS paid
        FROM jsonb_array_elements(credits) WITH ORDINALITY x(x, n)
        JOIN loyalty_wallet w ON w.id = ids[(x.x->>'w')::int]) c;

    SELECT jsonb_agg(l.x || jsonb_build_object('credited', (l.x->>'credited')::bigint - c.paid, 'paid', c.paid) ORDER BY l.n)
    INTO lots
    FROM jsonb_array_elements(lots) WITH ORDINALITY l(x, n)
    JOIN (SELECT x.lot, sum(x.paid) AS paid FROM jsonb_to_recordset(credits) AS x(lot int, paid bigint) GROUP BY x.lot) c
        ON c.lot = l.n;
END
$$;

-- Make sure that wallets exist, lock them in the one order that cannot deadlock, and make their figures true.
--
-- wallets: [{member_id, programme_id}], each once
-- Returns their ids in the order given.
CREATE OR REPLACE FUNCTION loyalty_lock_wallets(wallets jsonb, at timestamptz) RETURNS bigint[]
LANGUAGE plpgsql AS $$
DECLARE
    owners bigint[] := ARRAY(SELECT (x->>'member_id')::bigint FROM jsonb_array_elements(wallets) x);
    programmes bigint[] := ARRAY(SELECT (x->>'programme_id')::bigint FROM jsonb_array_elements(wallets) x);
    locked bigint[];
    stale bigint[];
BEGIN
    locked := loyalty_lock_existing(owners, programmes);
    IF cardinality(locked) < cardinality(owners) THEN
        INSERT INTO loyalty_wallet (member_id, programme_id)
        SELECT o.owner, o.programme FROM unnest(owners, programmes) o(owner, programme) ORDER BY 1, 2
        ON CONFLICT DO NOTHING;
        locked := loyalty_lock_existing(owners, programmes);
    END IF;
    stale := ARRAY(
        SELECT w.id FROM loyalty_wallet w
        WHERE w.id = ANY (locked) AND (w.figures_hold_until <= at OR w.figures_hold_from > at));
    IF cardinality(stale) > 0 THEN
        PERFORM loyalty_refresh_figures(stale, at);
    END IF;
    IF cardinality(owners) = 1 THEN
        RETURN locked;
    END IF;
    RETURN ARRAY(
        SELECT w.id FROM unnest(owners, programmes) WITH ORDINALITY o(owner, programme, n)
        JOIN loyalty_wallet w ON w.member_id = o.owner AND w.programme_id = o.programme ORDER BY o.n);
END
$$;

-- Lock those of the wallets that exist, in id order; returns their ids in that order.
CREATE OR REPLACE FUNCTION loyalty_lock_existing(owners bigint[], programmes bigint[]) RETURNS bigint[]
LANGUAGE plpgsql AS $$
BEGIN
    IF cardinality(owners) = 1 THEN
        RETURN ARRAY(
            SELECT w.id FROM loyalty_wallet w WHERE w.member_id = owners[1] AND w.programme_id = programmes[1]
            FOR NO KEY UPDATE);
    END IF;
    RETURN ARRAY(
        SELECT w.id FROM loyalty_wallet w
        WHERE (w.member_id, w.programme_id) IN (SELECT * FROM unnest(owners, programmes))
        ORDER BY w.id FOR NO KEY UPDATE);
END
$$;
