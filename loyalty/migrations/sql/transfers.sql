-- Give points of one member to another, in one programme. They keep their maturity and expiry.
--
-- p: {ref, programme_id, member_id, to_member_id, number ("": none), points, most (a day, or null), day_from, actor}
-- Returns {ref, is_same, left, wallet}: `wallet` is the giver's after it, null where nothing was given because only `left` can
-- be. `ref` is that of a transfer told before where the giver's number stands for one; `is_same`: it says the same.
CREATE OR REPLACE FUNCTION loyalty_transfer_points(p jsonb, at timestamptz) RETURNS text
LANGUAGE plpgsql SET plan_cache_mode = 'force_generic_plan' SET enable_seqscan = 'off' AS $$
DECLARE
    programme bigint := (p->>'programme_id')::bigint;
    giver bigint := (p->>'member_id')::bigint;
    taker bigint := (p->>'to_member_id')::bigint;
    wanted bigint := (p->>'points')::bigint;
    ids bigint[] := loyalty_lock_wallets(jsonb_build_array(
        jsonb_build_object('member_id', giver, 'programme_id', programme),
        jsonb_build_object('member_id', taker, 'programme_id', programme)), at);
    known loyalty_transfer;
    can_give bigint;
    credits jsonb;
    lots jsonb;
BEGIN
    SELECT * INTO known FROM loyalty_transfer t
    WHERE t.wallet_id = ids[1] AND t.member_id = giver AND t.number = p->>'number' AND t.number <> '';
    IF known.id IS NOT NULL THEN
        RETURN json_build_object('ref', known.ref, 'is_same', known.points = wanted AND known.to_wallet_id = ids[2], 'left', 0,
            'wallet', loyalty_wallet_facts(giver, programme, at));
    END IF;
    PERFORM loyalty_refresh_figures(ids, at);
    SELECT least(CASE WHEN w.debt > 0 THEN 0 ELSE w.spendable END, CASE WHEN p->>'most' IS NOT NULL THEN greatest((p->>'most')::bigint - (
        SELECT coalesce(sum(t.points), 0) FROM loyalty_transfer t
        WHERE t.wallet_id = w.id AND t.made_at >= (p->>'day_from')::timestamptz), 0) END)
    INTO can_give FROM loyalty_wallet w WHERE w.id = ids[1];
    IF can_give < wanted THEN
        RETURN json_build_object('ref', p->>'ref', 'is_same', true, 'left', can_give, 'wallet', NULL);
    END IF;

    PERFORM loyalty_draw(ids[1], wanted, 'transfer_out', 'transfer:' || (p->>'ref'), '', p->>'actor',
        'given to another member', at, at);
    SELECT jsonb_agg(jsonb_build_object('w', 1, 'lot', d.n, 'member_id', taker, 'programme_id', programme,
            'kind', 'transfer_in', 'points', d.points, 'order_ref', '', 'actor', p->>'actor', 'reason', 'given by another member',
            'cause', 'transfer:' || (p->>'ref') || CASE WHEN d.n > 1 THEN ':' || d.n ELSE '' END, 'happened_at', at) ORDER BY d.n),
        jsonb_agg(jsonb_build_object('w', 1, 'member_id', taker, 'order_ref', '', 'available_from', d.available_from,
            'expires_at', d.expires_at, 'credited', d.points, 'entries', 1) ORDER BY d.n)
    INTO credits, lots
    FROM (
        SELECT l.available_from, l.expires_at, -sum(m.points) AS points,
            row_number() OVER (ORDER BY l.expires_at, l.available_from) AS n
        FROM loyalty_entry e
        JOIN loyalty_lotmove m ON m.entry_id = e.id
        JOIN loyalty_lot l ON l.id = m.lot_id
        WHERE e.wallet_id = ids[1] AND e.cause = 'transfer:' || (p->>'ref')
        GROUP BY l.available_from, l.expires_at) d;
    PERFORM loyalty_credit(ARRAY[ids[2]], credits, lots, at);

    INSERT INTO loyalty_transfer (ref, wallet_id, member_id, to_wallet_id, number, points, made_at)
    VALUES (p->>'ref', ids[1], giver, ids[2], p->>'number', wanted, at);
    RETURN json_build_object('ref', p->>'ref', 'is_same', true, 'left', can_give - wanted, 'wallet', loyalty_wallet_facts(giver, programme, at));
END
$$;
