-- Points, debt and what counts towards tiers follow a merge from one wallet to another, and go back when it is undone. Both
-- wallets are locked here, in id order; whoever moves along a way of several merges has locked them all before.
--
-- What is moved keeps its order, maturity and expiry. Points that are set aside stay where they are: what is held can be paid.

-- Let `to_member` have what the wallet of `from_member` holds in a programme. Safe to repeat: what came since follows.
CREATE OR REPLACE FUNCTION loyalty_merge_wallet(
    by_merge bigint, merge_ref text, from_member bigint, to_member bigint, in_programme bigint, by_actor text, at timestamptz
) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    ids bigint[] := loyalty_lock_wallets(jsonb_build_array(
        jsonb_build_object('member_id', from_member, 'programme_id', in_programme),
        jsonb_build_object('member_id', to_member, 'programme_id', in_programme)), at);
    giver loyalty_wallet;
    carried jsonb;
    label text;
BEGIN
    PERFORM loyalty_renew_figures(ids[1], at);
    SELECT * INTO giver FROM loyalty_wallet WHERE id = ids[1];
    label := 'merge:' || merge_ref || ':' || giver.seq;
    INSERT INTO loyalty_mergedwallet (merge_id, wallet_id, member_id, to_wallet_id, debt)
    VALUES (by_merge, ids[1], from_member, ids[2], giver.debt)
    ON CONFLICT (merge_id, wallet_id, member_id) DO UPDATE SET debt = loyalty_mergedwallet.debt + excluded.debt;

    SELECT jsonb_agg(jsonb_build_object('out', l.id, 'in', nextval('loyalty_lot_id_seq'), 'points', l.points)) INTO carried
    FROM loyalty_free_lots(giver.id, NULL, giver.spendable, at) l;
    INSERT INTO loyalty_lot (id, wallet_id, member_id, order_ref, available_from, expires_at, credited, remaining)
    SELECT x."in", ids[2], to_member, l.order_ref, l.available_from, l.expires_at, x.points, 0
    FROM jsonb_to_recordset(carried) AS x("out" bigint, "in" bigint, points bigint) JOIN loyalty_lot l ON l.id = x."out";
    INSERT INTO loyalty_mergedlot (merge_id, wallet_id, member_id, lot_id, to_wallet_id, to_lot_id)
    SELECT by_merge, ids[1], from_member, x."out", ids[2], x."in" FROM jsonb_to_recordset(carried) AS x("out" bigint, "in" bigint);

    PERFORM loyalty_carry(ids[1], ids[2], carried, giver.debt, 'merge_in', label, 'goes by another member now', by_actor, at);
    PERFORM loyalty_carry_days(ids[1], ids[2], by_merge, at);
    PERFORM loyalty_carry_standings(ids[1], ids[2], merge_ref, at);
END
$$;

-- Give `from_member` back what of their points, debt and days is still with `to_member`.
CREATE OR REPLACE FUNCTION loyalty_part_wallet(
    by_merge bigint, merge_ref text, from_member bigint, to_member bigint, in_programme bigint, by_actor text, at timestamptz
) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    ids bigint[] := loyalty_lock_wallets(jsonb_build_array(
        jsonb_build_object('member_id', to_member, 'programme_id', in_programme),
        jsonb_build_object('member_id', from_member, 'programme_id', in_programme)), at);
    holder loyalty_wallet;
    carried jsonb;
    owed bigint;
BEGIN
    PERFORM loyalty_renew_figures(ids[1], at);
    SELECT * INTO holder FROM loyalty_wallet WHERE id = ids[1];
    SELECT jsonb_agg(jsonb_build_object('out', l.id, 'in', k.lot_id, 'points', l.points)) INTO carried
    FROM loyalty_free_lots(holder.id, by_merge, holder.spendable, at) l
    JOIN loyalty_mergedlot k ON k.to_lot_id = l.id AND k.merge_id = by_merge AND k.wallet_id = ids[2];
    -- Points that activity kept alive meanwhile live on as long where they go back to.
    UPDATE loyalty_lot l SET expires_at = x.expires_at
    FROM (
        SELECT c."in" AS id, max(o.expires_at) AS expires_at
        FROM jsonb_to_recordset(carried) AS c("out" bigint, "in" bigint) JOIN loyalty_lot o ON o.id = c."out" GROUP BY 1) x
    WHERE l.id = x.id AND l.member_id = from_member AND l.expires_at < x.expires_at;

    SELECT least(g.debt, holder.debt) INTO owed FROM loyalty_mergedwallet g WHERE g.merge_id = by_merge AND g.wallet_id = ids[2];
    UPDATE loyalty_mergedwallet SET debt = debt - owed WHERE merge_id = by_merge AND wallet_id = ids[2] AND member_id = from_member;
    PERFORM loyalty_carry(ids[1], ids[2], carried, coalesce(owed, 0), 'merge_back',
        'merge:' || merge_ref || ':back:' || holder.seq, 'the merge was undone', by_actor, at);
    PERFORM loyalty_give_days_back(ids[2], ids[1], by_merge);
END
$$;

-- Points of a wallet's lots that nothing holds: all that matures, and of what can be spent `spendable`, the soonest to expire
-- last; not what was drawn from others of a household. With a merge, of the lots that it filled alone.
CREATE OR REPLACE FUNCTION loyalty_free_lots(of_wallet bigint, by_merge bigint, spendable bigint, as_of timestamptz)
RETURNS TABLE (id bigint, points bigint)
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN QUERY
    SELECT f.id, f.points FROM (
        SELECT l.id, CASE WHEN l.available_from > as_of THEN l.remaining ELSE greatest(least(l.remaining,
            spendable - coalesce(sum(l.remaining) OVER earlier, 0)), 0)::bigint END AS points
        FROM loyalty_lot l
        WHERE l.wallet_id = of_wallet AND l.remaining > 0 AND (l.expires_at > as_of) IS NOT FALSE
            AND NOT EXISTS (SELECT FROM loyalty_pooledlot p WHERE p.lot_id = l.id AND p.member_id = l.member_id)
            AND (by_merge IS NULL OR EXISTS (
                SELECT FROM loyalty_mergedlot k WHERE k.to_lot_id = l.id AND k.merge_id = by_merge))
        WINDOW earlier AS (PARTITION BY l.available_from <= as_of ORDER BY l.expires_at DESC NULLS FIRST, l.id DESC
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
    ) f WHERE f.points > 0;
END
$$;

-- Book what goes from one locked wallet to another: an entry on each side for points, and one for a debt.
--
-- carried: [{out: lot they leave, in: lot they fill, points}] or null
-- kind_in: of the entry that fills: merge_in for lots that are new, merge_back for those the points came from
CREATE OR REPLACE FUNCTION loyalty_carry(
    from_wallet bigint, to_wallet bigint, carried jsonb, owed bigint, kind_in text, label text, because text, by_actor text,
    at timestamptz
) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    entry jsonb := jsonb_build_object('cause', label, 'order_ref', '', 'actor', by_actor, 'reason', because, 'happened_at', at);
    debt jsonb := entry || jsonb_build_object('cause', label || ':debt');
    points bigint := (SELECT coalesce(sum(x.points), 0) FROM jsonb_to_recordset(carried) AS x(points bigint));
    entries_out jsonb := '[]';
    entries_in jsonb := '[]';
    moves_out jsonb := '[]';
    moves_in jsonb := '[]';
BEGIN
    IF points > 0 THEN
        entries_out := jsonb_build_array(entry || jsonb_build_object('kind', 'merge_out', 'points', -points));
        entries_in := jsonb_build_array(entry || jsonb_build_object('kind', kind_in, 'points', points));
        SELECT jsonb_agg(jsonb_build_object('e', 1, 'lot_id', x."out", 'points', -x.points)) INTO moves_out
        FROM (SELECT c."out", sum(c.points) AS points FROM jsonb_to_recordset(carried) AS c("out" bigint, points bigint)
              GROUP BY 1) x;
        SELECT jsonb_agg(jsonb_build_object('e', 1, 'lot_id', x."in", 'points', x.points)) INTO moves_in
        FROM (SELECT c."in", sum(c.points) AS points FROM jsonb_to_recordset(carried) AS c("in" bigint, points bigint)
              GROUP BY 1) x;
    END IF;
    IF owed > 0 THEN
        entries_out := entries_out || jsonb_build_array(debt || jsonb_build_object('kind', 'merge_in', 'points', owed));
        entries_in := entries_in || jsonb_build_array(debt || jsonb_build_object('kind', 'merge_out', 'points', -owed));
        moves_out := moves_out || jsonb_build_object('e', jsonb_array_length(entries_out), 'lot_id', NULL, 'points', owed);
        moves_in := moves_in || jsonb_build_object('e', jsonb_array_length(entries_in), 'lot_id', NULL, 'points', -owed);
    END IF;
    IF jsonb_array_length(entries_out) > 0 THEN
        PERFORM loyalty_post(from_wallet, entries_out, moves_out, at);
        PERFORM loyalty_post(to_wallet, entries_in, moves_in, at);
    END IF;
    -- Purchases that are being settled counted on either as it was: they have to read again, and find who it is by now.
    UPDATE loyalty_wallet SET terms_stamp = terms_stamp + 1 WHERE id IN (from_wallet, to_wallet);
END
$$;

-- What one wallet did towards tiers counts in the other; each day remembers how much of it came so.
CREATE OR REPLACE FUNCTION loyalty_carry_days(from_wallet bigint, to_wallet bigint, by_merge bigint, at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    days jsonb := (SELECT jsonb_agg(d) FROM loyalty_tierday d WHERE d.wallet_id = from_wallet
        AND (d.qualifying_minor, d.points, d.visits) <> (0, 0, 0));
    taker bigint := (SELECT member_id FROM loyalty_wallet WHERE id = to_wallet);
BEGIN
    INSERT INTO loyalty_tierday AS d (wallet_id, member_id, spent_on, qualifying_minor, points, visits)
    SELECT to_wallet, taker, x.spent_on, x.qualifying_minor, x.points, x.visits
    FROM jsonb_populate_recordset(NULL::loyalty_tierday, days) x
    ON CONFLICT (wallet_id, spent_on, member_id) DO UPDATE SET
        qualifying_minor = d.qualifying_minor + excluded.qualifying_minor, points = d.points + excluded.points,
        visits = d.visits + excluded.visits;
    INSERT INTO loyalty_mergedday AS d (merge_id, wallet_id, member_id, to_wallet_id, spent_on, qualifying_minor, points, visits)
    SELECT by_merge, from_wallet, x.member_id, to_wallet, x.spent_on, x.qualifying_minor, x.points, x.visits
    FROM jsonb_populate_recordset(NULL::loyalty_tierday, days) x
    ON CONFLICT (merge_id, wallet_id, spent_on, member_id) DO UPDATE SET
        qualifying_minor = d.qualifying_minor + excluded.qualifying_minor, points = d.points + excluded.points,
        visits = d.visits + excluded.visits;
    UPDATE loyalty_tierday SET qualifying_minor = 0, points = 0, visits = 0 WHERE wallet_id = from_wallet;
END
$$;

CREATE OR REPLACE FUNCTION loyalty_give_days_back(from_wallet bigint, to_wallet bigint, by_merge bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE loyalty_tierday d SET qualifying_minor = d.qualifying_minor - x.qualifying_minor, points = d.points - x.points,
        visits = d.visits - x.visits
    FROM loyalty_mergedday x
    WHERE x.merge_id = by_merge AND x.wallet_id = from_wallet AND d.wallet_id = to_wallet AND d.spent_on = x.spent_on;
    UPDATE loyalty_tierday d SET qualifying_minor = d.qualifying_minor + x.qualifying_minor, points = d.points + x.points,
        visits = d.visits + x.visits
    FROM loyalty_mergedday x
    WHERE x.merge_id = by_merge AND x.wallet_id = from_wallet AND d.wallet_id = from_wallet AND d.spent_on = x.spent_on;
    DELETE FROM loyalty_mergedday WHERE merge_id = by_merge AND wallet_id = from_wallet;
END
$$;

-- Tiers that one wallet holds at this moment are held by the other until they end, as if given: where it does not hold them
-- that long anyway. What came by a household stays there.
CREATE OR REPLACE FUNCTION loyalty_carry_standings(from_wallet bigint, to_wallet bigint, merge_ref text, at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO loyalty_tierstanding (wallet_id, member_id, tier_id, from_at, until_at, given_by, reason)
    SELECT to_wallet, w.member_id, x.tier_id, x.from_at, x.until_at, 'merge:' || merge_ref, 'held before the merge'
    FROM (
        SELECT s.tier_id, max(s.until_at) AS until_at, greatest(at, (
            SELECT max(g.until_at) FROM loyalty_tierstanding g
            WHERE g.wallet_id = to_wallet AND g.tier_id = s.tier_id AND g.given_by <> '' AND g.given_by NOT LIKE 'household:%')) AS from_at
        FROM loyalty_tierstanding s
        WHERE s.wallet_id = from_wallet AND s.from_at <= at AND s.until_at > at AND s.given_by NOT LIKE 'household:%'
        GROUP BY s.tier_id) x
    JOIN loyalty_wallet w ON w.id = to_wallet
    WHERE x.until_at > x.from_at AND NOT EXISTS (
        SELECT FROM loyalty_tierstanding h WHERE h.wallet_id = to_wallet AND h.tier_id = x.tier_id
            AND h.from_at <= at AND h.until_at >= x.until_at AND h.given_by NOT LIKE 'household:%');
END
$$;

-- From the wallet of a member to the one that has its points by now, merge by merge; no rows where nothing was joined to another.
CREATE OR REPLACE FUNCTION loyalty_joined_way(of_member bigint, in_programme bigint)
RETURNS TABLE (n int, merge_id bigint, wallet_id bigint, to_wallet_id bigint)
LANGUAGE sql STABLE AS $$
    WITH RECURSIVE way AS (
        SELECT 1 AS n, g.merge_id, g.wallet_id, g.to_wallet_id FROM loyalty_wallet w
        JOIN loyalty_mergedwallet g ON g.wallet_id = w.id AND NOT g.is_apart
        WHERE w.member_id = of_member AND w.programme_id = in_programme
        UNION ALL
        SELECT way.n + 1, g.merge_id, g.wallet_id, g.to_wallet_id FROM way
        JOIN loyalty_mergedwallet g ON g.wallet_id = way.to_wallet_id AND NOT g.is_apart)
    SELECT * FROM way
$$;

-- Lock the wallet of a member, with all that have its points by now, and those it drew points from, in id order.
CREATE OR REPLACE FUNCTION loyalty_lock_person(of_member bigint, in_programme bigint, at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM loyalty_lock_wallets((
        SELECT jsonb_agg(jsonb_build_object('member_id', p.id, 'programme_id', in_programme)) FROM (
            SELECT of_member AS id
            UNION
            SELECT loyalty_pool_homes(of_member, in_programme)
            UNION
            SELECT w.member_id FROM loyalty_joined_way(of_member, in_programme) j JOIN loyalty_wallet w ON w.id = j.to_wallet_id) p),
        at);
END
$$;
