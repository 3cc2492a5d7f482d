-- Book entries with the moves that were decided for them, in one wallet that the caller has locked.
--
-- entries: [{kind, points, cause, order_ref, rule_version_id, undoes_id, actor, reason, happened_at}], in the order in which
--          they are numbered
-- moves:   [{e (position in `entries`, from 1), lot_id (null: the debt), points (below 0: taken out of the lot, or owed)}]
CREATE OR REPLACE FUNCTION loyalty_post(of_wallet bigint, entries jsonb, moves jsonb, at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    w loyalty_wallet;
    ids bigint[] := ARRAY(SELECT nextval('loyalty_entry_id_seq') FROM generate_series(1, jsonb_array_length(entries)));
BEGIN
    SELECT * INTO w FROM loyalty_wallet WHERE id = of_wallet;

    INSERT INTO loyalty_entry (id, wallet_id, member_id, programme_id, seq, kind, points, balance_after, debt_change, cause,
        order_ref, rule_version_id, undoes_id, actor, reason, happened_at, recorded_at)
    SELECT ids[x.n], w.id, w.member_id, w.programme_id, w.seq + x.n, x.kind, x.points,
        w.balance + sum(x.points) OVER (ORDER BY x.n), coalesce((
            SELECT -m.points FROM jsonb_to_recordset(moves) AS m(e int, lot_id bigint, points bigint)
            WHERE m.e = x.n AND m.lot_id IS NULL), 0), x.cause, x.order_ref, x.rule_version_id, x.undoes_id, x.actor,
        x.reason, x.happened_at, at
    FROM ROWS FROM (jsonb_to_recordset(entries) AS (
            kind text, points bigint, cause text, order_ref text, rule_version_id bigint, undoes_id bigint, actor text,
            reason text, happened_at timestamptz)
        ) WITH ORDINALITY AS x(kind, points, cause, order_ref, rule_version_id, undoes_id, actor, reason, happened_at, n);

    INSERT INTO loyalty_lotmove (entry_id, lot_id, member_id, points)
    SELECT ids[x.e], x.lot_id, w.member_id, x.points
    FROM jsonb_to_recordset(moves) AS x(e int, lot_id bigint, points bigint) WHERE x.lot_id IS NOT NULL;

    UPDATE loyalty_lot l SET remaining = l.remaining + x.points
    FROM (SELECT m.lot_id, sum(m.points) AS points FROM jsonb_to_recordset(moves) AS m(lot_id bigint, points bigint)
          GROUP BY m.lot_id) x
    WHERE l.id = x.lot_id AND l.member_id = w.member_id;

    UPDATE loyalty_wallet
    SET seq = w.seq + cardinality(ids), figures_hold_until = at,
        balance = w.balance + (SELECT coalesce(sum(x.points), 0) FROM jsonb_to_recordset(entries) AS x(points bigint)),
        debt = w.debt - (SELECT coalesce(sum(m.points), 0)
            FROM jsonb_to_recordset(moves) AS m(lot_id bigint, points bigint) WHERE m.lot_id IS NULL)
    WHERE id = w.id AND member_id = w.member_id;
    PERFORM loyalty_refresh_figures(ARRAY[w.id], at);
END
$$;

-- The lots of a wallet that live, and whether a return of the purchase may draw on them or fill them: its own, those that
-- it drew, and of the others those that expire first, until they hold all that it earned: once of what can be spent, once of
-- what still matures, for either may have to do without the other. So a return handles few, however many the wallet has.
CREATE OR REPLACE FUNCTION loyalty_lots_in_reach(
    of_wallet bigint, of_order text, earned bigint, drawn bigint[], as_of timestamptz
) RETURNS TABLE (
    id bigint, remaining bigint, available_from timestamptz, expires_at timestamptz, is_own boolean, is_in_reach boolean)
LANGUAGE plpgsql STABLE SET plan_cache_mode = 'force_generic_plan' SET enable_seqscan = 'off' AS $$
BEGIN
    RETURN QUERY
    SELECT l.id, l.remaining::bigint, l.available_from, l.expires_at, l.order_ref = of_order,
        (l.order_ref = of_order OR l.id = ANY (drawn) OR l.before < earned)
            AND NOT EXISTS (SELECT FROM loyalty_pooledlot k WHERE k.lot_id = l.id AND k.member_id = l.member_id)
    FROM (
        SELECT x.*, coalesce(sum(x.remaining) OVER earlier, 0) AS before
        FROM loyalty_lot x
        WHERE x.wallet_id = of_wallet AND (x.expires_at > as_of) IS NOT FALSE
            AND (x.remaining > 0 OR x.id = ANY (drawn))
        WINDOW earlier AS (PARTITION BY x.available_from <= as_of ORDER BY x.expires_at, x.id
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
    ) l;
END
$$;

-- Everything that a return of a purchase has to know, with the member's wallet locked: what `loyalty.queries.returns.Facts`
-- describes; NULL if there is no such purchase of a member.
--
-- as_of: when the goods came back; lots that ran out by then cannot be drawn on
CREATE OR REPLACE FUNCTION loyalty_return_facts(
    of_order text, in_programme bigint, at_place bigint, by_number text, as_of timestamptz, at timestamptz
) RETURNS text
LANGUAGE plpgsql SET plan_cache_mode = 'force_generic_plan' SET enable_seqscan = 'off' AS $$
DECLARE
    o omnichannel_order;
    s loyalty_settlement;
    mine bigint[];
    earned bigint;
    drawn bigint[];
    lots json;
    out_of_reach bigint;
BEGIN
    SELECT * INTO o FROM omnichannel_order WHERE ref = of_order AND (in_programme IS NULL OR programme_id = in_programme);
    IF o.id IS NULL THEN
        RETURN NULL;
    END IF;
    PERFORM loyalty_lock_vouchers_of(of_order);
    PERFORM loyalty_lock_person(o.member_id, o.programme_id, at);
    -- Read again what others may have changed while we waited for the lock.
    SELECT * INTO o FROM omnichannel_order WHERE id = o.id;
    SELECT * INTO s FROM loyalty_settlement WHERE order_ref = of_order AND member_id = o.member_id;

    SELECT coalesce(array_agg(e.id), '{}'), coalesce(sum(e.points) FILTER (WHERE e.kind IN ('earn', 'bonus')), 0)
    INTO mine, earned FROM loyalty_entry e WHERE e.wallet_id = s.wallet_id AND e.order_ref = of_order;
    drawn := ARRAY(SELECT m.lot_id FROM loyalty_entry e JOIN loyalty_lotmove m ON m.entry_id = e.id
        WHERE e.id = ANY (mine) AND e.kind = 'spend');
    SELECT coalesce(json_agg(json_build_object('id', l.id, 'remaining', l.remaining, 'available_from', l.available_from,
            'expires_at', l.expires_at, 'is_own', l.is_own) ORDER BY l.expires_at, l.id) FILTER (WHERE l.is_in_reach), '[]'),
        coalesce(sum(l.remaining) FILTER (WHERE NOT l.is_in_reach AND l.available_from <= at), 0)
    INTO lots, out_of_reach FROM loyalty_lots_in_reach(s.wallet_id, of_order, earned, drawn, as_of) l;

    RETURN json_build_object(
        'order_id', o.id, 'order_ref', o.ref, 'state', o.state, 'member_id', o.member_id, 'programme_id', o.programme_id,
        'currency', o.currency, 'placed_at', o.placed_at, 'wallet_id', s.wallet_id,
        'is_merged', EXISTS (SELECT FROM loyalty_mergedwallet g WHERE g.wallet_id = s.wallet_id AND NOT g.is_apart),
        'programme_code', (SELECT p.code FROM omnichannel_programme p WHERE p.id = o.programme_id),
        'spent_on', (o.placed_at AT TIME ZONE (
            SELECT p.timezone FROM omnichannel_programme p WHERE p.id = o.programme_id))::date,
        'on_return', loyalty_ladder_at(o.programme_id, at)->>'on_return',
        'when_spent', (SELECT t.when_spent FROM loyalty_programmeterms t WHERE t.programme_id = o.programme_id),
        'known', (
            SELECT json_build_object('fingerprint', encode(r.fingerprint, 'hex'), 'answer', u.answer)
            FROM omnichannel_orderreturn r
            JOIN loyalty_reversal u ON u.return_ref = r.ref AND u.member_id = r.member_id
            WHERE r.order_id = o.id AND r.place_id = at_place AND r.number = by_number),
        'vouchers', loyalty_vouchers_of(of_order),
        'bought', json_build_object(
            'points_spent', s.points_spent, 'points_paid_minor', s.points_paid_minor,
            'points_given', (SELECT coalesce(sum(e.points), 0) FROM loyalty_entry e
                WHERE e.id = ANY (mine) AND e.kind = 'reverse_spend'),
            'debt', (SELECT w.debt FROM loyalty_wallet w WHERE w.id = s.wallet_id AND w.member_id = o.member_id),
            'qualifying_minor', s.qualifying_minor,
            'lines', (SELECT json_agg(json_build_object(
                    'position', l.position, 'sku', l.sku, 'name', l.name, 'category', l.category,
                    'department', l.department, 'quantity', l.quantity,
                    'total_minor', l.quantity * l.unit_price_minor - l.discount_minor, 'paid_minor', l.paid_minor,
                    'returned', omnichannel_returned(o.id, l.position)) ORDER BY l.position)
                FROM omnichannel_orderline l WHERE l.order_id = o.id),
            'earned', (SELECT coalesce(json_agg(json_build_object(
                    'entry_id', e.id, 'rule_version_id', e.rule_version_id, 'points', e.points,
                    'rule', s.answer::jsonb #> ARRAY['settlement', 'earned', (e.n - 1)::text, 'rule'],
                    'weights', s.weights -> (e.n - 1)::int,
                    'lines', s.answer::jsonb #> ARRAY['settlement', 'earned', (e.n - 1)::text, 'lines'],
                    'taken', (SELECT coalesce(-sum(t.points), 0) FROM loyalty_entry t
                        WHERE t.id = ANY (mine) AND t.undoes_id = e.id)) ORDER BY e.n), '[]')
                FROM (SELECT *, row_number() OVER (ORDER BY seq) AS n FROM loyalty_entry
                      WHERE id = ANY (mine) AND kind IN ('earn', 'bonus')) e),
            'drawn', (SELECT coalesce(json_agg(json_build_object(
                    'lot_id', d.lot_id, 'points', d.points, 'given', d.given, 'expires_at', d.expires_at,
                    'is_pooled', EXISTS (SELECT FROM loyalty_pooledlot k WHERE k.lot_id = d.lot_id)) ORDER BY d.expires_at DESC, d.lot_id DESC), '[]')
                FROM (SELECT m.lot_id, l.expires_at,
                        coalesce(-sum(m.points) FILTER (WHERE e.kind = 'spend'), 0) AS points,
                        coalesce(sum(m.points) FILTER (WHERE e.kind = 'reverse_spend'), 0) AS given
                    FROM loyalty_entry e
                    JOIN loyalty_lotmove m ON m.entry_id = e.id
                    JOIN loyalty_lot l ON l.id = m.lot_id
                    WHERE e.id = ANY (mine) AND e.kind IN ('spend', 'reverse_spend')
                    GROUP BY m.lot_id, l.expires_at) d),
            'expired', (SELECT coalesce(-sum(e.points), 0) FROM loyalty_entry e
                WHERE e.id = ANY (mine) AND e.kind = 'expire')
                + (SELECT coalesce(sum(l.remaining), 0) FROM loyalty_lot l
                   WHERE l.wallet_id = s.wallet_id AND l.order_ref = of_order AND l.expires_at <= as_of),
            'expired_counted', (SELECT coalesce(sum(u.points_expired), 0) FROM loyalty_reversal u
                WHERE u.order_ref = of_order AND u.member_id = o.member_id),
            'lots', lots,
            'forgiven', (SELECT coalesce(json_agg(f), '[]') FROM loyalty_forgiven_after(s.wallet_id, (
                SELECT e.seq FROM loyalty_entry e WHERE e.id = ANY (mine) AND e.kind = 'spend')) f
                WHERE f.order_ref <> of_order),
            'held', greatest((SELECT h.points FROM loyalty_held(s.wallet_id, at) h) - out_of_reach, 0)));
END
$$;

-- Book a return whose undoing was decided under the wallet's lock, which the caller holds.
--
-- p: {r (see omnichannel_record_return), wallet_id, member_id, programme_id, order_ref, entries, moves (see loyalty_post),
--     spent_on, qualifying_minor, qualifying_points, visits, offers: [ref] (whose use comes back),
--     standings_ended (see loyalty_end_standings),
--     vouchers: what comes back of them (see loyalty_give_vouchers_back),
--     left: what is missing of each award (see loyalty_forgive),
--     reversal: {points_taken, points_expired, points_missing, points_given, qualifying_minor, head},
--     news: [{name, member_id, payload, happened_at, subscribers}]}
-- Returns the answer: `head` with the wallet added to it.
CREATE OR REPLACE FUNCTION loyalty_book_return(p jsonb, at timestamptz) RETURNS text
LANGUAGE plpgsql SET plan_cache_mode = 'force_generic_plan' SET enable_seqscan = 'off' AS $$
DECLARE
    wallet bigint := (p->>'wallet_id')::bigint;
    member bigint := (p->>'member_id')::bigint;
    u jsonb := p->'reversal';
    told text;
BEGIN
    PERFORM omnichannel_record_return(p->'r', at);
    PERFORM loyalty_post(wallet, p->'entries', p->'moves', at);
    PERFORM loyalty_send_home(wallet, p->>'actor', at);
    UPDATE loyalty_tierday SET qualifying_minor = qualifying_minor - (p->>'qualifying_minor')::bigint,
        points = points - (p->>'qualifying_points')::bigint, visits = visits - (p->>'visits')::int
    WHERE wallet_id = wallet AND spent_on = (p->>'spent_on')::date AND member_id = member;
    IF jsonb_array_length(p->'standings_ended') > 0 THEN
        PERFORM loyalty_end_standings(ARRAY[wallet], p->'standings_ended');
    END IF;
    PERFORM loyalty_give_uses_back(jsonb_path_query_array(p->'entries', '$[*] ? (@.cause starts with "return:")'), member,
        (p->>'spent_on')::date);
    PERFORM loyalty_count_settled(p->'entries', member);
    PERFORM loyalty_forgive(p->'left', p->>'order_ref', wallet, member);
    -- Purchases that are being settled counted on what went back: they have to read again.
    UPDATE loyalty_wallet SET terms_stamp = terms_stamp + 1 WHERE id = wallet AND member_id = member;
    UPDATE loyalty_grant SET uses = uses - 1
    WHERE member_id = member AND uses > 0 AND ref IN (SELECT jsonb_array_elements_text(p->'offers'));
    IF jsonb_array_length(p->'vouchers') > 0 THEN
        PERFORM loyalty_give_vouchers_back(p->'vouchers', p->'r', p->>'order_ref', p->>'actor', at);
    END IF;

    told := (u->>'head') || ',"wallet":' || loyalty_wallet_facts(member, (p->>'programme_id')::bigint, at)::text || '}';
    INSERT INTO loyalty_reversal (return_ref, order_ref, wallet_id, member_id, points_taken, points_expired, points_missing,
        points_given, qualifying_minor, qualifying_points, visits, answer)
    VALUES (p->'r'->>'ref', p->>'order_ref', wallet, member, (u->>'points_taken')::bigint, (u->>'points_expired')::bigint,
        (u->>'points_missing')::bigint, (u->>'points_given')::bigint, (p->>'qualifying_minor')::bigint,
        (p->>'qualifying_points')::bigint, (p->>'visits')::int, told);

    PERFORM outbox_publish(
        x.name, x.member_id, x.payload, x.happened_at, at, ARRAY(SELECT jsonb_array_elements_text(x.subscribers)))
    FROM jsonb_to_recordset(p->'news') AS x(
        name text, member_id bigint, payload jsonb, happened_at timestamptz, subscribers jsonb);
    RETURN told;
END
$$;
