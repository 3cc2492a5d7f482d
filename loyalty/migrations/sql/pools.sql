-- Members of a household draw on each other's points. Each lot stays whose it is until it is spent: what is drawn goes over lot to
-- lot, with its maturity and expiry, and is spent in the same transaction. What a hold needs of the others is set aside where it is.
--
-- Whoever draws locks all wallets of the household first, in id order, and draws on none but those.

-- Those with whom a member shares, in the order of their ids; nobody for who is in no household.
CREATE OR REPLACE FUNCTION loyalty_housemates(of_member bigint) RETURNS SETOF bigint
LANGUAGE sql STABLE AS $$
    SELECT o.member_id FROM members_householdplace p
    JOIN members_householdplace o ON o.household_id = p.household_id AND o.left_at IS NULL AND o.member_id <> p.member_id
    WHERE p.member_id = of_member AND p.left_at IS NULL ORDER BY 1
$$;

-- Whether the terms of a moment let households share points: those that wait for their time hold from it on, whether or not a job has
-- written them down.
CREATE OR REPLACE FUNCTION loyalty_households_share(in_programme bigint, at timestamptz) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN coalesce((
        SELECT coalesce((d.definition->>'households_share')::boolean, true) FROM loyalty_programmedraft d
        WHERE d.programme_id = in_programme AND d.kind = 'terms' AND d.state = 'approved' AND d.before IS NULL
            AND d.withdrawn_at IS NULL AND d.live_from <= at), (
        SELECT t.households_share FROM loyalty_programmeterms t WHERE t.programme_id = in_programme));
END
$$;

-- Lock the wallet of a member with those of the household, and those in which a hold of theirs sets points aside. Returns the
-- wallets that are locked now: who joins while this waits is not among them, and is not drawn on. Nobody: none.
CREATE OR REPLACE FUNCTION loyalty_lock_pool(of_member bigint, in_programme bigint, of_hold text) RETURNS bigint[]
LANGUAGE plpgsql AS $$
DECLARE
    sharing bigint[] := ARRAY(
        SELECT loyalty_housemates(of_member)
        UNION
        SELECT s.member_id FROM loyalty_hold h JOIN loyalty_holdshare s ON s.hold_id = h.id
        WHERE h.ref = of_hold AND h.member_id = of_member);
BEGIN
    IF cardinality(sharing) = 0 THEN
        RETURN '{}';
    END IF;
    sharing := sharing || of_member;
    RETURN loyalty_lock_existing(sharing, array_fill(in_programme, ARRAY[cardinality(sharing)]));
END
$$;

-- Members whose points a wallet has drawn, be they there or not.
CREATE OR REPLACE FUNCTION loyalty_pool_homes(of_member bigint, in_programme bigint) RETURNS SETOF bigint
LANGUAGE sql STABLE AS $$
    SELECT DISTINCT k.from_member_id FROM loyalty_wallet w
    JOIN loyalty_pooledlot k ON k.wallet_id = w.id AND k.member_id = w.member_id
    WHERE w.member_id = of_member AND w.programme_id = in_programme
$$;

-- Of the points that a member drew since a moment, those that did not go home since, whenever they did.
CREATE OR REPLACE FUNCTION loyalty_drawn_since(of_member bigint, in_programme bigint, since timestamptz) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        SELECT coalesce(sum(l.credited + coalesce((
            SELECT sum(m.points) FROM loyalty_lotmove m JOIN loyalty_entry e ON e.id = m.entry_id AND e.kind = 'pool_home'
            WHERE m.lot_id = l.id), 0)), 0)
        FROM loyalty_wallet w
        JOIN loyalty_pooledlot k ON k.wallet_id = w.id AND k.member_id = w.member_id AND k.drawn_at >= since
        JOIN loyalty_lot l ON l.id = k.lot_id AND l.member_id = k.member_id
        WHERE w.member_id = of_member AND w.programme_id = in_programme);
END
$$;

-- How many points of the others a member may still draw, by the limit of their place; NULL: as many as there are. What was drawn
-- counts in the period in which it was drawn, less what went home of it; what live holds set aside counts in any.
CREATE OR REPLACE FUNCTION loyalty_pool_limit(of_member bigint, in_programme bigint, at timestamptz) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        SELECT greatest(p.limit_points - loyalty_drawn_since(of_member, in_programme, date_trunc(p.limit_per, at, g.timezone))
            - coalesce((
                SELECT sum(h.points_of_others) FROM loyalty_wallet w
                JOIN loyalty_hold h ON h.wallet_id = w.id AND h.state = 'held' AND h.expires_at > at
                WHERE w.member_id = of_member AND w.programme_id = in_programme), 0), 0)
        FROM members_householdplace p JOIN omnichannel_programme g ON g.id = in_programme
        WHERE p.member_id = of_member AND p.left_at IS NULL AND p.limit_points IS NOT NULL);
END
$$;

-- What each of the others' wallets can give at a moment, whatever its figures say: what nothing holds, and nothing of who owes points,
-- nor where the programme's terms let households share none.
--
-- among: the wallets that may give, for they are locked; NULL: all, for who only asks
CREATE OR REPLACE FUNCTION loyalty_pool_shares(of_member bigint, in_programme bigint, among bigint[], at timestamptz)
RETURNS TABLE (wallet_id bigint, points bigint)
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN QUERY
    SELECT w.id, greatest(coalesce(sum(l.remaining), 0) - (SELECT h.points FROM loyalty_held(w.id, at) h), 0)::bigint
    FROM loyalty_housemates(of_member) m(id)
    JOIN loyalty_wallet w ON w.member_id = m.id AND w.programme_id = in_programme AND w.debt = 0
        AND (among IS NULL OR w.id = ANY (among))
    LEFT JOIN loyalty_lot l ON l.wallet_id = w.id AND l.remaining > 0 AND l.available_from <= at AND (l.expires_at > at) IS NOT FALSE
        AND NOT EXISTS (SELECT FROM loyalty_pooledlot k WHERE k.lot_id = l.id AND k.member_id = l.member_id)
    WHERE loyalty_households_share(in_programme, at)
    GROUP BY w.id;
END
$$;

-- How many points of the others a member can draw at a moment: none while they owe points themselves.
CREATE OR REPLACE FUNCTION loyalty_drawable(of_member bigint, in_programme bigint, at timestamptz) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN CASE WHEN EXISTS (SELECT FROM loyalty_wallet w
            WHERE w.member_id = of_member AND w.programme_id = in_programme AND w.debt > 0) THEN 0
        ELSE least(coalesce((SELECT sum(s.points) FROM loyalty_pool_shares(of_member, in_programme, NULL, at) s), 0),
            loyalty_pool_limit(of_member, in_programme, at)) END;
END
$$;

-- What a member can spend with their household beside their own: the document that `loyalty.rules.households.HouseholdPoints` describes.
-- NULL for who is in none, and where the programme's terms let households share none.
CREATE OR REPLACE FUNCTION loyalty_household_points(of_member bigint, in_programme bigint, at timestamptz) RETURNS json
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        SELECT json_build_object('drawable', loyalty_drawable(of_member, in_programme, at),
            'limit_left', loyalty_pool_limit(of_member, in_programme, at), 'limit_per', p.limit_per)
        FROM members_householdplace p
        WHERE p.member_id = of_member AND p.left_at IS NULL AND loyalty_households_share(in_programme, at));
END
$$;

-- Lots that give so many points, those that expire first in front, wallet by wallet no more than its share:
-- [{wallet_id, member_id, lot_id, points}], NULL where there are not as many.
--
-- shares: [{wallet_id, points}]
CREATE OR REPLACE FUNCTION loyalty_lots_of_others(shares jsonb, lacking bigint, at timestamptz) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        SELECT jsonb_agg(jsonb_build_object('wallet_id', t.wallet_id, 'member_id', t.member_id, 'lot_id', t.id, 'points', t.points)
            ORDER BY t.expires_at, t.id)
        FROM (
            SELECT c.*, least(c.can, lacking - coalesce(sum(c.can) OVER (ORDER BY c.expires_at, c.id
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)) AS points
            FROM (
                SELECT l.*, greatest(least(l.remaining, s.points - coalesce(sum(l.remaining) OVER (PARTITION BY l.wallet_id
                    ORDER BY l.expires_at, l.id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)), 0) AS can
                FROM jsonb_to_recordset(shares) AS s(wallet_id bigint, points bigint)
                JOIN loyalty_lot l ON l.wallet_id = s.wallet_id AND l.remaining > 0 AND l.available_from <= at
                    AND (l.expires_at > at) IS NOT FALSE
                    AND NOT EXISTS (SELECT FROM loyalty_pooledlot k WHERE k.lot_id = l.id AND k.member_id = l.member_id)) c
            WHERE c.can > 0) t
        WHERE t.points > 0 HAVING sum(t.points) = lacking);
END
$$;

-- Lots of the others that give what a member lacks: out of what a hold of theirs had set aside, whoever has left meanwhile; where that is
-- not enough, of all that the household can give, within their limit. NULL where there is not as much, or they owe points.
--
-- set_aside: [{wallet_id, points}], or NULL without a hold
CREATE OR REPLACE FUNCTION loyalty_lots_for(w loyalty_wallet, lacking bigint, set_aside jsonb, among bigint[], at timestamptz)
RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE
    reserved bigint := (SELECT coalesce(sum(s.points), 0) FROM jsonb_to_recordset(set_aside) AS s(points bigint));
BEGIN
    IF lacking <= reserved THEN
        RETURN loyalty_lots_of_others(set_aside, lacking, at);
    ELSIF w.debt > 0 OR lacking > loyalty_pool_limit(w.member_id, w.programme_id, at) THEN
        RETURN NULL;
    END IF;
    RETURN loyalty_lots_of_others((
        SELECT jsonb_agg(jsonb_build_object('wallet_id', x.wallet_id, 'points', x.points)) FROM (
            SELECT b.wallet_id, max(b.points) AS points FROM (
                SELECT * FROM loyalty_pool_shares(w.member_id, w.programme_id, among, at)
                UNION ALL
                SELECT * FROM jsonb_to_recordset(set_aside) AS s(wallet_id bigint, points bigint)) b
            GROUP BY 1) x), lacking, at);
END
$$;

-- Draw what is lacking to spend so many points, where a hold has just ended out of what that had set aside. Returns the lots that have it
-- now, which are to be spent whole in this transaction; NULL, and nothing was done, where there is not as much.
--
-- among: the wallets that `loyalty_lock_pool` has locked
CREATE OR REPLACE FUNCTION loyalty_draw_pool(
    of_wallet bigint, wanted bigint, of_hold text, among bigint[], by_actor text, at timestamptz
) RETURNS bigint[]
LANGUAGE plpgsql AS $$
DECLARE
    w loyalty_wallet;
    lots jsonb;
BEGIN
    PERFORM loyalty_refresh_figures(ARRAY[of_wallet], at);
    SELECT * INTO w FROM loyalty_wallet WHERE id = of_wallet;
    IF w.spendable >= wanted THEN
        RETURN '{}';
    END IF;
    lots := loyalty_lots_for(w, wanted - w.spendable, (
        SELECT jsonb_agg(s) FROM loyalty_hold h JOIN loyalty_holdshare s ON s.hold_id = h.id
        WHERE h.ref = of_hold AND h.member_id = w.member_id), among, at);
    RETURN CASE WHEN lots IS NOT NULL THEN loyalty_bring_over(w, lots, by_actor, at) END;
END
$$;

-- Bring points of others over into new lots of a wallet, with their maturity and expiry; returns the new lots. Who gives is not told
-- who drew.
--
-- lots: those that give them, as `loyalty_lots_of_others` says
CREATE OR REPLACE FUNCTION loyalty_bring_over(w loyalty_wallet, lots jsonb, by_actor text, at timestamptz) RETURNS bigint[]
LANGUAGE plpgsql AS $$
DECLARE
    entry jsonb := jsonb_build_object('cause', 'pool:' || w.id || ':' || w.seq, 'order_ref', '', 'actor', by_actor,
        'happened_at', at);
    coming jsonb := (SELECT jsonb_agg(x || jsonb_build_object('in_id', nextval('loyalty_lot_id_seq')))
        FROM jsonb_array_elements(lots) x);
    giver record;
BEGIN
    FOR giver IN
        SELECT x.wallet_id, sum(x.points) AS points,
            jsonb_agg(jsonb_build_object('e', 1, 'lot_id', x.lot_id, 'points', -x.points)) AS moves
        FROM jsonb_to_recordset(lots) AS x(wallet_id bigint, lot_id bigint, points bigint) GROUP BY 1 ORDER BY 1
    LOOP
        PERFORM loyalty_post(giver.wallet_id, jsonb_build_array(entry || jsonb_build_object('kind', 'pool_out',
            'actor', 'household', 'points', -giver.points, 'reason', 'drawn by the household')), giver.moves, at);
    END LOOP;
    INSERT INTO loyalty_lot (id, wallet_id, member_id, order_ref, available_from, expires_at, credited, remaining)
    SELECT x.in_id, w.id, w.member_id, '', l.available_from, l.expires_at, x.points, 0
    FROM jsonb_to_recordset(coming) AS x(in_id bigint, lot_id bigint, points bigint) JOIN loyalty_lot l ON l.id = x.lot_id;
    INSERT INTO loyalty_pooledlot (wallet_id, member_id, lot_id, from_wallet_id, from_member_id, from_lot_id, drawn_at)
    SELECT w.id, w.member_id, x.in_id, x.wallet_id, x.member_id, x.lot_id, at
    FROM jsonb_to_recordset(coming) AS x(wallet_id bigint, member_id bigint, lot_id bigint, in_id bigint);
    PERFORM loyalty_post(w.id, jsonb_build_array(entry || jsonb_build_object('kind', 'pool_in', 'reason', 'drawn from the household',
            'points', (SELECT sum(x.points) FROM jsonb_to_recordset(coming) AS x(points bigint)))), (
        SELECT jsonb_agg(jsonb_build_object('e', 1, 'lot_id', x.in_id, 'points', x.points))
        FROM jsonb_to_recordset(coming) AS x(in_id bigint, points bigint)), at);
    RETURN ARRAY(SELECT x.in_id FROM jsonb_to_recordset(coming) AS x(in_id bigint));
END
$$;

-- Set aside of others what a member lacks for a hold, until it ends: [{wallet_id, member_id, points, expires_at}], `expires_at` where the points
-- themselves run out; NULL where there is not as much.
CREATE OR REPLACE FUNCTION loyalty_shares_for(w loyalty_wallet, lacking bigint, among bigint[], at timestamptz) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        SELECT jsonb_agg(jsonb_build_object('wallet_id', x.wallet_id, 'member_id', x.member_id, 'points', x.points,
            'expires_at', loyalty_lasts_until(x.wallet_id, x.points, at)))
        FROM (
            SELECT l.wallet_id, l.member_id, sum(l.points)::bigint AS points
            FROM jsonb_to_recordset(loyalty_lots_for(w, lacking, NULL, among, at)) AS l(wallet_id bigint, member_id bigint, points bigint)
            GROUP BY 1, 2) x);
END
$$;

-- Let points that a return or a cancellation has put back into lots of others go home into the lots they came from, and pay first what is
-- owed there. What came from somebody who was erased stays. The homes are locked by the caller.
CREATE OR REPLACE FUNCTION loyalty_send_home(of_wallet bigint, by_actor text, at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    w loyalty_wallet;
    entry jsonb;
    going jsonb;
    home record;
BEGIN
    SELECT jsonb_agg(jsonb_build_object('wallet_id', k.from_wallet_id, 'lot_id', k.lot_id, 'home_id', k.from_lot_id,
        'points', l.remaining, 'expires_at', l.expires_at)) INTO going
    FROM loyalty_pooledlot k
    JOIN loyalty_lot l ON l.id = k.lot_id AND l.member_id = k.member_id AND l.remaining > 0 AND (l.expires_at > at) IS NOT FALSE
    JOIN members_member m ON m.id = k.from_member_id AND m.state <> 'erased'
    WHERE k.wallet_id = of_wallet;
    IF going IS NULL THEN
        RETURN;
    END IF;
    SELECT * INTO w FROM loyalty_wallet WHERE id = of_wallet;
    entry := jsonb_build_object('cause', 'home:' || w.id || ':' || w.seq, 'order_ref', '', 'actor', by_actor, 'happened_at', at);

    PERFORM loyalty_post(w.id, jsonb_build_array(entry || jsonb_build_object('kind', 'pool_home', 'reason', 'gone home',
            'points', (SELECT -sum(x.points) FROM jsonb_to_recordset(going) AS x(points bigint)))), (
        SELECT jsonb_agg(jsonb_build_object('e', 1, 'lot_id', x.lot_id, 'points', -x.points))
        FROM jsonb_to_recordset(going) AS x(lot_id bigint, points bigint)), at);
    FOR home IN
        SELECT x.wallet_id, sum(x.points) AS points, max(h.debt) AS debt
        FROM jsonb_to_recordset(going) AS x(wallet_id bigint, points bigint) JOIN loyalty_wallet h ON h.id = x.wallet_id
        GROUP BY 1 ORDER BY 1
    LOOP
        PERFORM loyalty_post(home.wallet_id, jsonb_build_array(entry || jsonb_build_object('kind', 'pool_back',
                'actor', 'household', 'points', home.points, 'reason', 'come home')), (
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

-- Lock the wallet of a member with those that its points may go home to, where there are any.
CREATE OR REPLACE FUNCTION loyalty_lock_homes(of_member bigint, in_programme bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    homes bigint[] := ARRAY(SELECT loyalty_pool_homes(of_member, in_programme));
BEGIN
    IF cardinality(homes) > 0 THEN
        homes := homes || of_member;
        PERFORM loyalty_lock_existing(homes, array_fill(in_programme, ARRAY[cardinality(homes)]));
    END IF;
END
$$;
