-- What of a wallet's points is set aside at a moment, and when the first of these holds ends. No job has to run for it.
CREATE OR REPLACE FUNCTION loyalty_held(of_wallet bigint, at timestamptz) RETURNS TABLE (points bigint, until_at timestamptz)
LANGUAGE sql STABLE AS $$
    SELECT coalesce(sum(h.points), 0)::bigint, min(h.expires_at) FROM loyalty_hold h
    WHERE h.wallet_id = of_wallet AND h.state = 'held' AND h.expires_at > at
$$;

-- Points that were spent of a wallet after a moment, and those that are held now.
CREATE OR REPLACE FUNCTION loyalty_spent(of_wallet bigint, since timestamptz, at timestamptz) RETURNS bigint
LANGUAGE sql STABLE AS $$
    SELECT (SELECT h.points FROM loyalty_held(w.id, at) h) - coalesce((
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

-- Set points aside, no longer than the points themselves live: what draws meanwhile draws what expires first.
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
    wallet bigint;
    place bigint := (p->>'place_id')::bigint;
    made loyalty_hold;
BEGIN
    PERFORM loyalty_lock_pool(member, programme, at);
    wallet := (loyalty_lock_wallets(jsonb_build_array(p), at))[1];
    SELECT * INTO made FROM loyalty_hold h
    WHERE h.wallet_id = wallet AND h.state = 'held' AND h.expires_at > at AND p->>'reference' <> ''
        AND h.reference = p->>'reference' AND h.place_id IS NOT DISTINCT FROM place;
    IF made.id IS NOT NULL THEN
        RETURN json_build_object('hold', loyalty_hold_body(made, at), 'wallet', loyalty_wallet_facts(member, programme, at),
            'is_new', false, 'needs_proof', false);
    ELSIF loyalty_is_too_much(p->'unproven', wallet, at) THEN
        RETURN json_build_object('hold', NULL, 'wallet', loyalty_wallet_facts(member, programme, at),
            'is_new', false, 'needs_proof', true);
    END IF;
    IF wanted > (SELECT w.spendable FROM loyalty_wallet w WHERE w.id = wallet) THEN
        PERFORM loyalty_level_pool(wallet, wanted, p->>'actor', at);
    END IF;
    INSERT INTO loyalty_hold (ref, wallet_id, member_id, place_id, points, reference, actor, held_at, expires_at)
    SELECT p->>'ref', wallet, member, place, wanted, p->>'reference', p->>'actor', at, least((p->>'until')::timestamptz, x.expires_at)
    FROM (SELECT l.id, l.expires_at, sum(l.remaining) OVER (ORDER BY l.expires_at DESC NULLS FIRST, l.id DESC) AS living
          FROM loyalty_lot l
          WHERE l.wallet_id = wallet AND l.remaining > 0 AND l.available_from <= at AND (l.expires_at > at) IS NOT FALSE) x
    WHERE x.living >= wanted + (SELECT h.points FROM loyalty_held(wallet, at) h)
    ORDER BY x.living, x.id DESC LIMIT 1
    RETURNING * INTO made;
    IF made.id IS NOT NULL THEN
        PERFORM loyalty_renew_figures(wallet, at);
    END IF;
    RETURN json_build_object('hold', CASE WHEN made.id IS NOT NULL THEN loyalty_hold_body(made, at) END,
        'wallet', loyalty_wallet_facts(member, programme, at), 'is_new', true, 'needs_proof', false);
END
$$;

-- End a hold that counts: captured where points are spent, as far as it holds them, released with 0. The wallet is locked by the caller.
-- Raises SQLSTATE RG001 where it counts no more.
CREATE OR REPLACE FUNCTION loyalty_end_hold(of_ref text, of_wallet bigint, spent bigint, by_order text, at timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE loyalty_hold
    SET state = CASE WHEN spent > 0 THEN 'captured' ELSE 'released' END, captured_points = least(points, spent), order_ref = by_order,
        ended_at = at
    WHERE ref = of_ref AND wallet_id = of_wallet AND state = 'held' AND expires_at > at;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the hold ended meanwhile' USING ERRCODE = 'RG001';
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
BEGIN
    SELECT * INTO was FROM loyalty_hold WHERE ref = of_ref;
    PERFORM loyalty_lock_pool(was.member_id, in_programme, at);
    SELECT * INTO w FROM loyalty_wallet
    WHERE id = was.wallet_id AND member_id = was.member_id AND programme_id = in_programme
    FOR NO KEY UPDATE;
    IF w.id IS NULL THEN
        RETURN NULL;
    END IF;
    SELECT * INTO was FROM loyalty_hold WHERE id = was.id;
    IF was.state = 'held' AND was.expires_at > at AND captured <= was.points THEN
        PERFORM loyalty_end_hold(of_ref, w.id, captured, '', at);
        PERFORM loyalty_level_pool(w.id, captured, by_actor, at);
        IF captured > 0 THEN
            PERFORM loyalty_draw(w.id, captured, 'spend', 'capture:' || of_ref, '', by_actor,
                'captured of ' || was.points || ' points held', at, at);
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
