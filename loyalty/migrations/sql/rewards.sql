-- Take a reward: its stock, then the member's points, soonest to expire first. Once for a number that a till or shop gave it.
--
-- p: {ref, reward_id, member_id, programme_id, place_id, points, cash_minor, cash_receipt, cash_place_id, state, told_at_id,
--     number, actor, reason, most_per_member, most_per_period, period_from, kept_until (points run out by inactivity: this
--     keeps them until then, or null), unproven (see loyalty_is_too_much),
--     voucher: null or {code, series_id, cause, max_uses, worth_minor, valid_until}, news: [{name, payload, subscribers}]}
-- Returns the ref of the redemption that counts: the one asked for, or the one known by this number. NULL where something
-- is not there any more: read again, under the locks that are held now, what it was.
CREATE OR REPLACE FUNCTION loyalty_redeem(p jsonb, at timestamptz) RETURNS text
LANGUAGE plpgsql SET plan_cache_mode = 'force_generic_plan' SET enable_seqscan = 'off' AS $$
DECLARE
    x record;
    w loyalty_wallet;
    known text;
    wallet bigint;
    voucher bigint;
    made bigint;
    among bigint[];
    pooled bigint[];
BEGIN
    SELECT * INTO x FROM jsonb_to_record(p) AS r(
        ref text, reward_id bigint, member_id bigint, place_id bigint, points bigint, cash_minor bigint, cash_receipt text,
        cash_place_id bigint, state text, told_at_id bigint, number text, actor text, reason text, most_per_member bigint,
        most_per_period bigint, period_from timestamptz, kept_until timestamptz);
    PERFORM loyalty_lock_reward(x.reward_id, x.place_id);
    among := loyalty_lock_pool(x.member_id, (p->>'programme_id')::bigint, NULL);
    wallet := (loyalty_lock_wallets(jsonb_build_array(p), at))[1];
    SELECT * INTO w FROM loyalty_wallet WHERE id = wallet;

    SELECT r.ref INTO known FROM loyalty_redemption r
    WHERE x.number <> '' AND r.member_id = x.member_id AND r.told_at_id IS NOT DISTINCT FROM x.told_at_id AND r.number = x.number;
    IF known IS NOT NULL THEN
        RETURN known;
    END IF;
    IF w.debt > 0 OR EXISTS (
            SELECT FROM loyalty_rewardstock s
            WHERE s.reward_id = x.reward_id AND (s.place_id IS NULL OR s.place_id = x.place_id) AND s.taken >= s.stock)
        OR x.most_per_member <= (SELECT count(*) FROM loyalty_redemption r
            WHERE r.member_id = x.member_id AND r.reward_id = x.reward_id AND r.state <> 'cancelled')
        OR x.most_per_period <= (SELECT count(*) FROM loyalty_redemption r
            WHERE r.member_id = x.member_id AND r.reward_id = x.reward_id AND r.state <> 'cancelled'
                AND r.redeemed_at >= x.period_from)
        OR EXISTS (SELECT FROM loyalty_voucherseries s
            WHERE s.id = (p->'voucher'->>'series_id')::bigint AND s.revoked_at IS NOT NULL)
        OR loyalty_is_too_much(p->'unproven', w.id, at)
    THEN
        RETURN NULL;
    END IF;

    IF w.spendable < x.points THEN
        pooled := loyalty_draw_pool(w.id, x.points, NULL, among, x.actor, at);
        IF pooled IS NULL THEN
            RETURN NULL;
        END IF;
    END IF;
    UPDATE loyalty_rewardstock SET taken = taken + 1
    WHERE reward_id = x.reward_id AND (place_id IS NULL OR place_id = x.place_id);
    PERFORM loyalty_draw(w.id, x.points, 'spend', 'redeem:' || x.ref, '', x.actor, x.reason, at, at, pooled);
    IF x.kept_until IS NOT NULL THEN
        PERFORM loyalty_extend_lots(ARRAY[w.id], jsonb_build_array(jsonb_build_object(
            'w', 1, 'happened_at', at, 'until_at', x.kept_until)), at);
    END IF;
    IF p->>'voucher' IS NOT NULL THEN
        INSERT INTO loyalty_voucher (code, series_id, member_id, cause, max_uses, worth_minor, left_minor, valid_from,
            valid_until, issued_at, issued_by)
        SELECT v.code, v.series_id, x.member_id, v.cause, v.max_uses, v.worth_minor, v.worth_minor, at, v.valid_until, at, x.actor
        FROM jsonb_to_record(p->'voucher') AS v(
            code text, series_id bigint, cause text, max_uses bigint, worth_minor bigint, valid_until timestamptz)
        RETURNING id INTO voucher;
    END IF;
    INSERT INTO loyalty_redemption (ref, reward_id, wallet_id, member_id, place_id, voucher_id, state, points, cash_minor,
        cash_receipt, cash_place_id, told_at_id, number, actor, redeemed_at, changed_at)
    VALUES (x.ref, x.reward_id, w.id, x.member_id, x.place_id, voucher, x.state, x.points, x.cash_minor,
        x.cash_receipt, x.cash_place_id, x.told_at_id, x.number, x.actor, at, at)
    RETURNING id INTO made;
    INSERT INTO loyalty_redemptionstep (redemption_id, member_id, state, actor, happened_at)
    VALUES (made, x.member_id, x.state, x.actor, at);
    PERFORM outbox_publish(n.name, x.member_id, n.payload, at, at, ARRAY(SELECT jsonb_array_elements_text(n.subscribers)))
    FROM jsonb_to_recordset(p->'news') AS n(name text, payload jsonb, subscribers jsonb);
    RETURN x.ref;
END
$$;

-- Lock a reward's stock until commit, in all and at a place: after vouchers and before wallets.
CREATE OR REPLACE FUNCTION loyalty_lock_reward(of_reward bigint, at_place bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM loyalty_rewardstock s
    WHERE s.reward_id = of_reward AND (s.place_id IS NULL OR s.place_id = at_place)
    ORDER BY s.id FOR NO KEY UPDATE;
END
$$;

-- Cancel a redemption: its voucher is revoked, what was taken of the stock is there again, the points go back.
--
-- Returns NULL where it was done; else why not: the state in which it has ended, or `voucher_used`, `voucher_reserved`.
CREATE OR REPLACE FUNCTION loyalty_cancel_redemption(of_ref text, by_actor text, because text, reason text, at timestamptz)
RETURNS text
LANGUAGE plpgsql SET plan_cache_mode = 'force_generic_plan' SET enable_seqscan = 'off' AS $$
DECLARE
    r loyalty_redemption;
    v loyalty_voucher;
    programme bigint;
BEGIN
    SELECT * INTO r FROM loyalty_redemption WHERE ref = of_ref;
    SELECT * INTO v FROM loyalty_voucher WHERE id = r.voucher_id FOR NO KEY UPDATE;
    IF v.uses > 0 THEN
        RETURN 'voucher_used';
    ELSIF EXISTS (SELECT FROM loyalty_voucher_reserved(v.id, NULL, at) x WHERE x.uses > 0 OR x.amount_minor > 0) THEN
        RETURN 'voucher_reserved';
    END IF;
    PERFORM loyalty_lock_reward(r.reward_id, r.place_id);
    SELECT w.programme_id INTO programme FROM loyalty_wallet w WHERE w.id = r.wallet_id AND w.member_id = r.member_id;
    PERFORM loyalty_lock_homes(r.member_id, programme);
    PERFORM loyalty_lock_wallets(
        jsonb_build_array(jsonb_build_object('member_id', r.member_id, 'programme_id', programme)), at);
    SELECT * INTO r FROM loyalty_redemption WHERE id = r.id AND member_id = r.member_id FOR NO KEY UPDATE;
    IF r.state IN ('handed_over', 'attended', 'cancelled') THEN
        RETURN r.state;
    END IF;

    UPDATE loyalty_rewardstock SET taken = taken - 1
    WHERE reward_id = r.reward_id AND (place_id IS NULL OR place_id = r.place_id);
    PERFORM loyalty_give_back(r.wallet_id, 'redeem:' || of_ref, 'unredeem:' || of_ref, by_actor, reason, at);
    PERFORM loyalty_send_home(r.wallet_id, by_actor, at);
    UPDATE loyalty_voucher SET revoked_at = at, revoked_by = by_actor, revoked_because = because
    WHERE id = r.voucher_id AND revoked_at IS NULL;
    UPDATE loyalty_redemption SET state = 'cancelled', changed_at = at WHERE id = r.id AND member_id = r.member_id;
    INSERT INTO loyalty_redemptionstep (redemption_id, member_id, state, actor, note, happened_at)
    VALUES (r.id, r.member_id, 'cancelled', by_actor, because, at);
    RETURN NULL;
END
$$;

-- Undo an entry that drew points, in a wallet that the caller has locked: they go back into their lots, with their old expiry.
-- Of those that can still be used, and are the member's own, what expires first pays what the member owes, and then settles what returns left with the
-- member after these points had been spent.
CREATE OR REPLACE FUNCTION loyalty_give_back(
    of_wallet bigint, of_cause text, for_cause text, by_actor text, because text, at timestamptz
) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    e loyalty_entry;
    owed bigint;
    entries jsonb;
    moves jsonb;
BEGIN
    SELECT * INTO e FROM loyalty_entry WHERE wallet_id = of_wallet AND cause = of_cause;
    SELECT w.debt INTO owed FROM loyalty_wallet w WHERE w.id = of_wallet AND w.member_id = e.member_id;
    WITH drawn AS (
        SELECT m.lot_id, -m.points AS points, (l.expires_at > at) IS NOT FALSE
            AND NOT EXISTS (SELECT FROM loyalty_pooledlot k WHERE k.lot_id = l.id AND k.member_id = l.member_id) AS lives, l.expires_at
        FROM loyalty_lotmove m JOIN loyalty_lot l ON l.id = m.lot_id AND l.member_id = m.member_id
        WHERE m.entry_id = e.id AND m.member_id = e.member_id),
    paying AS (
        SELECT d.lot_id, d.points, CASE WHEN d.lives THEN greatest(least(d.points, owed - coalesce(
            sum(d.points) FILTER (WHERE d.lives) OVER earlier, 0)), 0) ELSE 0 END AS paid
        FROM drawn d
        WINDOW earlier AS (ORDER BY d.expires_at, d.lot_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING))
    SELECT jsonb_agg(jsonb_build_object('e', 1, 'lot_id', x.lot_id, 'points', x.points)) INTO moves
    FROM (
        SELECT lot_id, points - paid AS points FROM paying WHERE points > paid
        UNION ALL SELECT NULL, sum(paid) FROM paying HAVING sum(paid) > 0) x;
    entries := jsonb_build_array(jsonb_build_object('kind', 'reverse_spend', 'points', -e.points, 'cause', for_cause,
        'order_ref', '', 'undoes_id', e.id, 'actor', by_actor, 'reason', because, 'happened_at', at));
    WITH came AS (
        SELECT m.lot_id, m.points, sum(m.points) OVER (ORDER BY l.expires_at, l.id) AS up_to
        FROM jsonb_to_recordset(moves) AS m(lot_id bigint, points bigint)
        JOIN loyalty_lot l ON l.id = m.lot_id AND l.member_id = e.member_id AND (l.expires_at > at) IS NOT FALSE
            AND NOT EXISTS (SELECT FROM loyalty_pooledlot k WHERE k.lot_id = l.id AND k.member_id = l.member_id)),
    forgiven AS (
        SELECT f.*, sum(f.points) OVER (ORDER BY f.entry_id) AS up_to, row_number() OVER (ORDER BY f.entry_id) AS n
        FROM loyalty_forgiven_after(of_wallet, e.seq) f),
    settled AS (
        SELECT f.n, f.entry_id, f.order_ref, f.rule_version_id, c.lot_id,
            least(f.up_to, c.up_to) - greatest(f.up_to - f.points, c.up_to - c.points) AS points
        FROM forgiven f JOIN came c ON f.up_to > c.up_to - c.points AND c.up_to > f.up_to - f.points)
    SELECT entries || coalesce((SELECT jsonb_agg(x.entry ORDER BY x.n) FROM (
            SELECT s.n, jsonb_build_object('kind', 'reverse_earn', 'points', -sum(s.points), 'order_ref', s.order_ref,
                'cause', 'left:' || for_cause || ':' || s.entry_id, 'rule_version_id', s.rule_version_id,
                'undoes_id', s.entry_id, 'actor', by_actor, 'reason', 'left by a return, there again: ' || because,
                'happened_at', at) AS entry
            FROM settled s GROUP BY s.n, s.entry_id, s.order_ref, s.rule_version_id) x), '[]'),
        moves || coalesce((SELECT jsonb_agg(jsonb_build_object('e', s.n + 1, 'lot_id', s.lot_id, 'points', -s.points))
            FROM settled s), '[]')
    INTO entries, moves;
    PERFORM loyalty_post(of_wallet, entries, moves, at);
    PERFORM loyalty_count_settled(entries, e.member_id);
END
$$;
