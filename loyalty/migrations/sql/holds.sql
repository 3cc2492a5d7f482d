-- Points that were spent of a wallet after a moment, and those that its member holds now, theirs and others'.
CREATE OR REPLACE FUNCTION loyalty_spent(of_wallet bigint, since timestamptz, at timestamptz) RETURNS bigint
LANGUAGE sql STABLE AS $$
    SELECT coalesce((
        SELECT sum(h.points) FROM loyalty_hold h WHERE h.wallet_id = w.id AND h.state = 'held' AND h.expires_at > at), 0)::bigint - coalesce((
        SELECT sum(e.points) FROM loyalty_entry e
        WHERE e.wallet_id = w.id AND e.member_id = w.member_id AND e.kind = 'spend' AND e.recorded_at > since), 0)::bigint
    FROM loyalty_wallet w WHERE w.id = of_wallet
$$;

-- Whether a name alone would spend more than it is good for, now that the caller has locked the wallet.
--
-- unproven: {points, above, since} as `loyalty.services.proof.Unproven`; null where nobody asks
CREATE OR REPLACE FUNCTION loyalty_is_too_much(unproven jsonb, of_wallet bigint, at timestamptz) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN jsonb_typeof(unproven) = 'object' AND (unproven->>'above')::bigint
        < (unproven->>'points')::bigint + loyalty_spent(of_wallet, (unproven->>'since')::timestamptz, at);
END
$$;

-- A hold as the API shows it.
CREATE OR REPLACE FUNCTION loyalty_hold_body(h loyalty_hold, at timestamptz) RETURNS json
LANGUAGE sql STABLE AS $$
    SELECT json_build_object('ref', h.ref,
        'state', CASE WHEN h.state = 'held' AND h.expires_at <= at THEN 'lapsed' ELSE h.state END,
        'points', h.points, 'captured_points', h.captured_points, 'reference', h.reference, 'order_ref', h.order_ref,
        'held_at', h.held_at, 'expires_at', h.expires_at)
$$;

-- Until when a wallet has so many points beside what is set aside already: what draws meanwhile draws what expires first. 'infinity':
-- they never run out. NULL where there are not as many.
CREATE OR REPLACE FUNCTION loyalty_lasts_until(of_wallet bigint, wanted bigint, at timestamptz) RETURNS timestamptz
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        SELECT coalesce(x.expires_at, 'infinity')
        FROM (SELECT l.id, l.expires_at, sum(l.remaining) OVER (ORDER BY l.expires_at DESC NULLS FIRST, l.id DESC) AS living
              FROM loyalty_lot l
              WHERE l.wallet_id = of_wallet AND l.remaining > 0 AND l.available_from <= at AND (l.expires_at > at) IS NOT FALSE) x
        WHERE x.living >= wanted + (SELECT h.points FROM loyalty_held(of_wallet, at) h)
        ORDER BY x.living, x.id DESC LIMIT 1);
END
$$;

-- Set points aside, no longer than the points themselves live; what is lacking is set aside of the household, where it lies.
--
-- Told again under its reference by the same place, a hold that still counts is answered as it stands.
--
-- p: {ref, member_id, programme_id, place_id, points, reference, actor, until, unproven (see loyalty_is_too_much)}
-- Returns {hold, wallet, is_new, needs_proof}; hold is null where there are not as many points to be spent, or a name is not
-- good for so many.
CREATE OR REPLACE FUNCTION loyalty_hold_points(p jsonb, at timestamptz) RETURNS text
LANGUAGE plpgsql SET plan_cache_mode = 'force_generic_plan' SET enable_seqscan = 'off' AS $$
DECLARE
    member bigint := (p->>'member_id')::bigint;
    programme bigint := (p->>'programme_id')::bigint;
    wanted bigint := (p->>'points')::bigint;
    place bigint := (p->>'place_id')::bigint;
    among bigint[] := loyalty_lock_pool(member, programme, NULL);
    wallet bigint := (loyalty_lock_wallets(jsonb_build_array(p), at))[1];
    w loyalty_wallet;
    own bigint;
    shares jsonb := '[]';
    made loyalty_hold;
BEGIN
    SELECT * INTO w FROM loyalty_wallet WHERE id = wallet;
    SELECT * INTO made FROM loyalty_hold h
    WHERE h.wallet_id = w.id AND h.state = 'held' AND h.expires_at > at AND p->>'reference' <> ''
        AND h.reference = p->>'reference' AND h.place_id IS NOT DISTINCT FROM place;
    IF made.id IS NOT NULL THEN
        RETURN json_build_object('hold', loyalty_hold_body(made, at), 'wallet', loyalty_wallet_facts(member, programme, at),
            'is_new', false, 'needs_proof', false);
    ELSIF loyalty_is_too_much(p->'unproven', w.id, at) THEN
        RETURN json_build_object('hold', NULL, 'wallet', loyalty_wallet_facts(member, programme, at),
            'is_new', false, 'needs_proof', true);
    END IF;
    own := least(w.spendable, wanted);
    IF own < wanted THEN
        shares := loyalty_shares_for(w, wanted - own, among, at);
    END IF;
    INSERT INTO loyalty_hold (
        ref, wallet_id, member_id, place_id, points, points_of_others, reference, actor, held_at, expires_at)
    SELECT p->>'ref', w.id, member, place, wanted, wanted - own, p->>'reference', p->>'actor', at, least((p->>'until')::timestamptz,
        CASE WHEN own > 0 THEN loyalty_lasts_until(w.id, own, at) END,
        (SELECT min(s.expires_at) FROM jsonb_to_recordset(shares) AS s(expires_at timestamptz)))
    WHERE shares IS NOT NULL
    RETURNING * INTO made;
    IF made.points_of_others > 0 THEN
        INSERT INTO loyalty_holdshare (hold_id, wallet_id, member_id, points, expires_at)
        SELECT made.id, s.wallet_id, s.member_id, s.points, made.expires_at
        FROM jsonb_to_recordset(shares) AS s(wallet_id bigint, member_id bigint, points bigint);
        PERFORM loyalty_renew_figures(s.wallet_id, at) FROM loyalty_holdshare s WHERE s.hold_id = made.id;
    END IF;
    IF made.id IS NOT NULL THEN
        PERFORM loyalty_renew_figures(w.id, at);
    END IF;
    RETURN json_build_object('hold', CASE WHEN made.id IS NOT NULL THEN loyalty_hold_body(made, at) END,
        'wallet', loyalty_wallet_facts(member, programme, at), 'is_new', true, 'needs_proof', false);
END
$$;

-- End a hold that counts: captured where points are spent, as far as it holds them, released with 0. The wallet, and those in which it
-- sets points aside, are locked by the caller. Raises SQLSTATE RG001 where it counts no more.
CREATE OR REPLACE FUNCTION loyalty_end_hold(of_ref text, of_wallet bigint, spent bigint, by_order text, at timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    ended loyalty_hold;
BEGIN
    UPDATE loyalty_hold
    SET state = CASE WHEN spent > 0 THEN 'captured' ELSE 'released' END, captured_points = least(points, spent), order_ref = by_order,
        ended_at = at
    WHERE ref = of_ref AND wallet_id = of_wallet AND state = 'held' AND expires_at > at
    RETURNING * INTO ended;
    IF ended.id IS NULL THEN
        RAISE EXCEPTION 'the hold ended meanwhile' USING ERRCODE = 'RG001';
    END IF;
    IF ended.points_of_others > 0 THEN
        UPDATE loyalty_holdshare SET ended_at = at WHERE hold_id = ended.id;
        PERFORM loyalty_renew_figures(s.wallet_id, at) FROM loyalty_holdshare s WHERE s.hold_id = ended.id;
    END IF;
    PERFORM loyalty_renew_figures(of_wallet, at);
END
$$;

-- Settle a hold of a programme: spend `captured` of its points, 0 releases it. What has ended already, or holds less, is
-- left as it is. Where it spends, the wallet's points live on until `kept_until`, unless that is NULL.
--
-- Returns {was: the hold as it was found, hold: as it is now, wallet}; NULL if there is no such hold.
CREATE OR REPLACE FUNCTION loyalty_settle_hold(
    of_ref text, in_programme bigint, captured bigint, by_actor text, kept_until timestamptz, at timestamptz
) RETURNS text
LANGUAGE plpgsql SET plan_cache_mode = 'force_generic_plan' SET enable_seqscan = 'off' AS $$
DECLARE
    w loyalty_wallet;
    was loyalty_hold;
    now_is loyalty_hold;
    among bigint[];
    pooled bigint[];
BEGIN
    SELECT * INTO was FROM loyalty_hold WHERE ref = of_ref;
    IF was.points_of_others > 0 THEN
        among := loyalty_lock_pool(was.member_id, in_programme, of_ref);
    END IF;
    SELECT * INTO w FROM loyalty_wallet
    WHERE id = was.wallet_id AND member_id = was.member_id AND programme_id = in_programme
    FOR NO KEY UPDATE;
    IF w.id IS NULL THEN
        RETURN NULL;
    END IF;
    SELECT * INTO was FROM loyalty_hold WHERE id = was.id;
    IF was.state = 'held' AND was.expires_at > at AND captured <= was.points THEN
        PERFORM loyalty_end_hold(of_ref, w.id, captured, '', at);
        IF captured > 0 THEN
            IF was.points_of_others > 0 THEN
                pooled := loyalty_draw_pool(w.id, captured, of_ref, among, by_actor, at);
            END IF;
            PERFORM loyalty_draw(w.id, captured, 'spend', 'capture:' || of_ref, '', by_actor,
                'captured of ' || was.points || ' points held', at, at, pooled);
            IF kept_until IS NOT NULL THEN
                PERFORM loyalty_extend_lots(ARRAY[w.id], jsonb_build_array(jsonb_build_object(
                    'w', 1, 'happened_at', at, 'until_at', kept_until)), at);
            END IF;
        END IF;
    END IF;
    SELECT * INTO now_is FROM loyalty_hold WHERE id = was.id;
    RETURN json_build_object('was', loyalty_hold_body(was, at), 'hold', loyalty_hold_body(now_is, at),
        'wallet', loyalty_wallet_facts(w.member_id, w.programme_id, at));
END
$$;
