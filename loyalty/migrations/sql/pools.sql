-- Members of a household draw on each other's points. Each lot stays whose it is: what is drawn goes over lot to lot, with its
-- maturity and expiry, is spent in the same transaction or set aside, and goes home when it comes back.
--
-- Whoever draws locks all wallets of the household first, in id order, with those that points may go home to.

-- Those with whom a member shares, in the order of their ids; nobody for who is in no household.
CREATE OR REPLACE FUNCTION loyalty_housemates(of_member bigint) RETURNS SETOF bigint
LANGUAGE sql STABLE AS $$
    SELECT o.member_id FROM members_householdplace p
    JOIN members_householdplace o ON o.household_id = p.household_id AND o.left_at IS NULL AND o.member_id <> p.member_id
    WHERE p.member_id = of_member AND p.left_at IS NULL ORDER BY 1
$$;

-- Lock the wallet of a member with those of the household and those that its points may go home to, as far as there are any.
CREATE OR REPLACE FUNCTION loyalty_lock_pool(of_member bigint, in_programme bigint, at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    sharing bigint[] := ARRAY(SELECT loyalty_housemates(of_member) UNION SELECT loyalty_pool_homes(of_member, in_programme));
BEGIN
    IF cardinality(sharing) > 0 THEN
        sharing := sharing || of_member;
        PERFORM loyalty_lock_existing(sharing, array_fill(in_programme, ARRAY[cardinality(sharing)]));
    END IF;
END
$$;

-- Members whose points a wallet has drawn, be they there or not.
CREATE OR REPLACE FUNCTION loyalty_pool_homes(of_member bigint, in_programme bigint) RETURNS SETOF bigint
LANGUAGE sql STABLE AS $$
    SELECT DISTINCT k.from_member_id FROM loyalty_wallet w
    JOIN loyalty_pooledlot k ON k.wallet_id = w.id AND k.member_id = w.member_id
    WHERE w.member_id = of_member AND w.programme_id = in_programme
$$;

-- How many points of the others a member may still draw, by the limit of their place; NULL: as many as there are.
CREATE OR REPLACE FUNCTION loyalty_pool_limit(of_member bigint, in_programme bigint, at timestamptz) RETURNS bigint
LANGUAGE sql STABLE AS $$
    SELECT greatest(h.limit_points - greatest(coalesce((
        SELECT sum(e.points) FROM loyalty_entry e JOIN loyalty_wallet w ON w.id = e.wallet_id AND w.member_id = e.member_id
        WHERE w.member_id = of_member AND w.programme_id = in_programme AND e.kind IN ('pool_in', 'pool_home')
            AND e.recorded_at >= date_trunc(h.limit_per, at, p.timezone)), 0), 0), 0)::bigint
    FROM members_householdplace h JOIN omnichannel_programme p ON p.id = in_programme
    WHERE h.member_id = of_member AND h.left_at IS NULL AND h.limit_points IS NOT NULL
$$;

-- What each of the others' wallets can give at a moment, whatever its figures say: what nothing holds, and nothing of who owes points.
CREATE OR REPLACE FUNCTION loyalty_pool_shares(of_member bigint, in_programme bigint, at timestamptz)
RETURNS TABLE (wallet_id bigint, points bigint)
LANGUAGE sql STABLE AS $$
    SELECT w.id, greatest(coalesce(sum(l.remaining), 0) - (SELECT h.points FROM loyalty_held(w.id, at) h), 0)::bigint
    FROM loyalty_housemates(of_member) m(id)
    JOIN loyalty_wallet w ON w.member_id = m.id AND w.programme_id = in_programme AND w.debt = 0
    LEFT JOIN loyalty_lot l ON l.wallet_id = w.id AND l.remaining > 0 AND l.available_from <= at AND (l.expires_at > at) IS NOT FALSE
        AND NOT EXISTS (SELECT FROM loyalty_pooledlot k WHERE k.lot_id = l.id AND k.member_id = l.member_id)
    GROUP BY w.id
$$;

-- How many points of the others a member can draw at a moment: none while they owe points themselves.
CREATE OR REPLACE FUNCTION loyalty_drawable(of_member bigint, in_programme bigint, at timestamptz) RETURNS bigint
LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN EXISTS (SELECT FROM loyalty_wallet w
            WHERE w.member_id = of_member AND w.programme_id = in_programme AND w.debt > 0) THEN 0
        ELSE least(coalesce((SELECT sum(s.points) FROM loyalty_pool_shares(of_member, in_programme, at) s), 0),
            loyalty_pool_limit(of_member, in_programme, at))::bigint END
$$;

-- See that so many points can be spent with the least of the others': draw what is lacking, if the household has it, or let
-- go home what is not needed. The pool is locked by the caller.
CREATE OR REPLACE FUNCTION loyalty_level_pool(of_wallet bigint, wanted bigint, by_actor text, at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    w loyalty_wallet;
BEGIN
    PERFORM loyalty_refresh_figures(ARRAY[of_wallet], at);
    SELECT * INTO w FROM loyalty_wallet WHERE id = of_wallet;
    IF w.spendable > wanted THEN
        PERFORM loyalty_send_home(w, w.spendable - wanted, by_actor, at);
    ELSIF w.spendable < wanted AND loyalty_drawable(w.member_id, w.programme_id, at) >= wanted - w.spendable THEN
        PERFORM loyalty_draw_pool(w, wanted - w.spendable, by_actor, at);
    END IF;
END
$$;

-- Draw points of the others, those that expire first, into new lots of a wallet.
CREATE OR REPLACE FUNCTION loyalty_draw_pool(w loyalty_wallet, lacking bigint, by_actor text, at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    entry jsonb := jsonb_build_object('cause', 'pool:' || w.id || ':' || w.seq, 'order_ref', '', 'actor', by_actor,
        'happened_at', at);
    drawn jsonb;
    giver record;
BEGIN
    SELECT jsonb_agg(jsonb_build_object('wallet_id', t.wallet_id, 'member_id', t.member_id, 'lot_id', t.id,
        'in_id', nextval('loyalty_lot_id_seq'), 'points', t.points) ORDER BY t.expires_at, t.id)
    INTO drawn
    FROM (
        SELECT c.*, least(c.can, lacking - coalesce(sum(c.can) OVER (ORDER BY c.expires_at, c.id
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)) AS points
        FROM (
            SELECT l.*, greatest(least(l.remaining, s.points - coalesce(sum(l.remaining) OVER (PARTITION BY l.wallet_id
                ORDER BY l.expires_at, l.id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)), 0) AS can
            FROM loyalty_pool_shares(w.member_id, w.programme_id, at) s
            JOIN loyalty_lot l ON l.wallet_id = s.wallet_id AND l.remaining > 0 AND l.available_from <= at
                AND (l.expires_at > at) IS NOT FALSE
                AND NOT EXISTS (SELECT FROM loyalty_pooledlot k WHERE k.lot_id = l.id AND k.member_id = l.member_id)) c
        WHERE c.can > 0) t
    WHERE t.points > 0;

    FOR giver IN
        SELECT x.wallet_id, sum(x.points) AS points,
            jsonb_agg(jsonb_build_object('e', 1, 'lot_id', x.lot_id, 'points', -x.points)) AS moves
        FROM jsonb_to_recordset(drawn) AS x(wallet_id bigint, lot_id bigint, points bigint) GROUP BY 1 ORDER BY 1
    LOOP
        PERFORM loyalty_post(giver.wallet_id, jsonb_build_array(entry || jsonb_build_object('kind', 'pool_out',
            'points', -giver.points, 'reason', 'drawn by the household')), giver.moves, at);
    END LOOP;
    INSERT INTO loyalty_lot (id, wallet_id, member_id, order_ref, available_from, expires_at, credited, remaining)
    SELECT x.in_id, w.id, w.member_id, '', l.available_from, l.expires_at, x.points, 0
    FROM jsonb_to_recordset(drawn) AS x(in_id bigint, lot_id bigint, points bigint) JOIN loyalty_lot l ON l.id = x.lot_id;
    INSERT INTO loyalty_pooledlot (wallet_id, member_id, lot_id, from_wallet_id, from_member_id, from_lot_id, drawn_at)
    SELECT w.id, w.member_id, x.in_id, x.wallet_id, x.member_id, x.lot_id, at
    FROM jsonb_to_recordset(drawn) AS x(wallet_id bigint, member_id bigint, lot_id bigint, in_id bigint);
    PERFORM loyalty_post(w.id, jsonb_build_array(entry || jsonb_build_object('kind', 'pool_in', 'points', lacking,
            'reason', 'drawn from the household')), (
        SELECT jsonb_agg(jsonb_build_object('e', 1, 'lot_id', x.in_id, 'points', x.points))
        FROM jsonb_to_recordset(drawn) AS x(in_id bigint, points bigint)), at);
END
$$;

-- Let up to so many points that a wallet drew go back into the lots they came from, those that live longest first, and pay
-- first what is owed there. What came from somebody who was erased stays. So does, for now, what would wake a lot that ran out.
CREATE OR REPLACE FUNCTION loyalty_send_home(w loyalty_wallet, most bigint, by_actor text, at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    label text := 'home:' || w.id || ':' || w.seq;
    entry jsonb := jsonb_build_object('cause', label, 'order_ref', '', 'actor', by_actor, 'happened_at', at);
    going jsonb;
    home record;
BEGIN
    SELECT jsonb_agg(jsonb_build_object('wallet_id', t.from_wallet_id, 'lot_id', t.lot_id, 'home_id', t.from_lot_id,
        'points', t.points, 'expires_at', t.expires_at)) INTO going
    FROM (
        SELECT k.*, l.expires_at, least(l.remaining, most - coalesce(sum(l.remaining) OVER (
            ORDER BY l.expires_at DESC NULLS FIRST, l.id DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)) AS points
        FROM loyalty_pooledlot k
        JOIN loyalty_lot l ON l.id = k.lot_id AND l.member_id = k.member_id AND l.remaining > 0 AND (l.expires_at > at) IS NOT FALSE
        JOIN loyalty_lot f ON f.id = k.from_lot_id AND (f.remaining = 0 OR (f.expires_at > at) IS NOT FALSE)
        JOIN members_member m ON m.id = k.from_member_id AND m.state <> 'erased'
        WHERE k.wallet_id = w.id AND k.member_id = w.member_id) t
    WHERE t.points > 0;
    IF going IS NULL THEN
        RETURN;
    END IF;

    PERFORM loyalty_post(w.id, jsonb_build_array(entry || jsonb_build_object('kind', 'pool_home', 'reason', 'gone home',
            'points', (SELECT -sum(x.points) FROM jsonb_to_recordset(going) AS x(points bigint)))), (
        SELECT jsonb_agg(jsonb_build_object('e', 1, 'lot_id', x.lot_id, 'points', -x.points))
        FROM jsonb_to_recordset(going) AS x(lot_id bigint, points bigint)), at);
    UPDATE loyalty_lot f SET expires_at = x.expires_at
    FROM (SELECT x.home_id, max(x.expires_at) AS expires_at
          FROM jsonb_to_recordset(going) AS x(home_id bigint, expires_at timestamptz) GROUP BY 1) x
    WHERE f.id = x.home_id AND f.expires_at < x.expires_at;
    FOR home IN
        SELECT x.wallet_id, sum(x.points) AS points, max(h.debt) AS debt
        FROM jsonb_to_recordset(going) AS x(wallet_id bigint, points bigint) JOIN loyalty_wallet h ON h.id = x.wallet_id
        GROUP BY 1 ORDER BY 1
    LOOP
        PERFORM loyalty_post(home.wallet_id, jsonb_build_array(entry || jsonb_build_object('kind', 'pool_back',
                'points', home.points, 'reason', 'come home')), (
            SELECT jsonb_agg(jsonb_build_object('e', 1, 'lot_id', y.home_id, 'points', y.points))
            FROM (
                SELECT x.home_id, sum(x.points) AS points FROM (
                    SELECT r.home_id, r.points - greatest(least(r.points, home.debt - coalesce(sum(r.points) OVER (
                        ORDER BY r.expires_at, r.lot_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)), 0) AS points
                    FROM jsonb_to_recordset(going) AS r(wallet_id bigint, lot_id bigint, home_id bigint, points bigint,
                        expires_at timestamptz)
                    WHERE r.wallet_id = home.wallet_id) x
                WHERE x.points > 0 GROUP BY 1
                UNION ALL
                SELECT NULL, least(home.debt, home.points) WHERE home.debt > 0) y), at);
    END LOOP;
END
$$;

-- Let go home what a member drew and set aside no more: for holds that lapsed, and who nobody touched since.
CREATE OR REPLACE FUNCTION loyalty_bring_home(of_member bigint, in_programme bigint, by_actor text, at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    w loyalty_wallet;
BEGIN
    PERFORM loyalty_lock_pool(of_member, in_programme, at);
    SELECT * INTO w FROM loyalty_wallet WHERE member_id = of_member AND programme_id = in_programme;
    IF w.id IS NOT NULL THEN
        PERFORM loyalty_level_pool(w.id, 0, by_actor, at);
    END IF;
END
$$;
