-- What of a voucher is reserved at a moment for other orders than `own`: uses, and of a gift card its balance.
CREATE OR REPLACE FUNCTION loyalty_voucher_reserved(of_voucher bigint, own bigint, at timestamptz)
RETURNS TABLE (uses bigint, amount_minor bigint, until_at timestamptz) LANGUAGE sql STABLE AS $$
    SELECT count(*), coalesce(sum(r.amount_minor), 0)::bigint, max(r.expires_at) FROM loyalty_voucherreservation r
    WHERE r.voucher_id = of_voucher AND r.state = 'held' AND r.expires_at > at AND r.id IS DISTINCT FROM own
$$;

-- Whether uses of a voucher are counted at the end of a booking: many come to it at once, and none waits for the others
-- longer than it must. All other vouchers are locked before the wallets.
CREATE OR REPLACE FUNCTION loyalty_voucher_is_shared(v loyalty_voucher) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT v.member_id IS NULL AND v.left_minor IS NULL AND (v.max_uses > 1) IS NOT FALSE
$$;

-- What vouchers say at a moment: those of these codes (normal form) or reservations, and, if asked, all that a member can
-- still use; with the labels that the member carries and the kind of the place, which their conditions may ask for:
-- {vouchers: [what `loyalty.rules.voucher_facts.VoucherNow` describes], labels, place_kind}.
--
-- told: [{code, reservation}], one of the two in each
-- for_order: what the shop calls the order; a reservation of the place under this name is its own
CREATE OR REPLACE FUNCTION loyalty_voucher_facts(
    told jsonb, in_programme bigint, of_member bigint, asks_own boolean, at_place bigint, for_order text, most int, at timestamptz
) RETURNS text
LANGUAGE plpgsql STABLE SET plan_cache_mode = 'force_generic_plan' SET enable_seqscan = 'off' AS $$
BEGIN
    RETURN json_build_object(
        'place_kind', (SELECT p.kind FROM omnichannel_place p WHERE p.id = at_place),
        'labels', (SELECT coalesce(json_agg(b.code), '[]') FROM loyalty_memberlabel c
            JOIN loyalty_label b ON b.id = c.label_id AND b.programme_id = in_programme WHERE c.member_id = of_member),
        -- The row comes with the code: by its id it would be looked for once more.
        'vouchers', (WITH named AS MATERIALIZED (
            SELECT v.*, x.n, NULL::text AS reservation
            FROM ROWS FROM (jsonb_to_recordset(told) AS (code text)) WITH ORDINALITY AS x(code, n)
            -- OFFSET 0, here and below: by the index for each row, also where the plan was made while the table was empty.
            CROSS JOIN LATERAL (SELECT o.* FROM loyalty_voucher o WHERE o.code = x.code OFFSET 0) v
            UNION ALL
            SELECT v.*, x.n, r.ref
            FROM ROWS FROM (jsonb_to_recordset(told) AS (reservation text)) WITH ORDINALITY AS x(reservation, n)
            CROSS JOIN LATERAL (
                SELECT o.voucher_id, o.ref FROM loyalty_voucherreservation o
                WHERE o.ref = x.reservation AND o.place_id = at_place OFFSET 0) r
            CROSS JOIN LATERAL (SELECT o.* FROM loyalty_voucher o WHERE o.id = r.voucher_id OFFSET 0) v
            UNION ALL
            (SELECT v.*, NULL, NULL FROM loyalty_voucher v
             WHERE asks_own AND v.member_id = of_member AND v.revoked_at IS NULL
                AND (v.uses < v.max_uses OR v.max_uses IS NULL) AND (v.valid_until > at) IS NOT FALSE
             ORDER BY v.id DESC LIMIT most))
        SELECT coalesce(json_agg(json_build_object('told', n.n, 'id', n.id, 'code', n.code, 'shown', n.shown,
            'series_id', n.series_id, 'series_stamp', s.stamp, 'member_id', n.member_id, 'uses', n.uses,
            'max_uses', n.max_uses, 'left_minor', n.left_minor, 'valid_from', n.valid_from, 'valid_until', n.valid_until,
            'is_revoked', n.revoked_at IS NOT NULL OR s.revoked_at IS NOT NULL, 'reservation_id', own.id,
            'reserved_uses', r.uses, 'reserved_minor', r.amount_minor, 'reserved_until', r.until_at,
            'uses_in_all', t.uses, 'given_minor', t.given_minor,
            'uses_of_member', (SELECT coalesce(sum(u.uses), 0) FROM loyalty_voucheruse u
                WHERE u.member_id = of_member AND u.series_id = n.series_id),
            'last_use', CASE WHEN n.uses >= n.max_uses THEN (
                SELECT json_build_object('at', u.happened_at, 'place', p.name) FROM loyalty_voucheruse u
                JOIN omnichannel_place p ON p.id = u.place_id
                WHERE u.voucher_id = n.id AND u.uses > 0 ORDER BY u.id DESC LIMIT 1) END) ORDER BY n.n, n.id), '[]')
        FROM named n
        CROSS JOIN LATERAL (
            SELECT o.* FROM loyalty_voucherseries o WHERE o.id = n.series_id AND o.programme_id = in_programme OFFSET 0) s
        CROSS JOIN LATERAL (SELECT o.* FROM loyalty_vouchertally o WHERE o.series_id = s.id OFFSET 0) t
        LEFT JOIN LATERAL (
            SELECT o.id FROM loyalty_voucherreservation o
            WHERE o.voucher_id = n.id AND o.state = 'held' AND o.expires_at > at AND o.place_id = at_place
                AND o.reference <> '' AND o.reference = CASE WHEN n.reservation IS NULL THEN for_order ELSE o.reference END
                AND (n.reservation IS NULL OR o.ref = n.reservation) ORDER BY o.id LIMIT 1) own ON true
        CROSS JOIN LATERAL loyalty_voucher_reserved(n.id, own.id, at) r));
END
$$;

-- Use vouchers, the shared ones or the others, in the one order that cannot deadlock. Called twice by a booking: before it locks
-- wallets, and at its end, when it counts what all share.
--
-- used: [{id, series_id, member_id, amount_minor, reservation_id, cause, order_ref, place_id, actor, happened_at,
--         uses_per_member, uses_in_all, budget_minor}]
--
-- Raises SQLSTATE RG001 where one cannot be used as it was read: read again and settle anew.
CREATE OR REPLACE FUNCTION loyalty_use_vouchers(used jsonb, are_shared boolean, at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    x record;
    v loyalty_voucher;
    r record;
    t loyalty_vouchertally;
BEGIN
    FOR x IN
        SELECT * FROM jsonb_to_recordset(used) AS u(
            id bigint, member_id bigint, amount_minor bigint, reservation_id bigint, cause text, order_ref text,
            place_id bigint, actor text, happened_at timestamptz)
        ORDER BY u.id, u.cause
    LOOP
        SELECT * INTO v FROM loyalty_voucher WHERE id = x.id;
        CONTINUE WHEN loyalty_voucher_is_shared(v) <> are_shared;
        SELECT * INTO v FROM loyalty_voucher WHERE id = x.id FOR NO KEY UPDATE;
        SELECT * INTO r FROM loyalty_voucher_reserved(v.id, x.reservation_id, at);
        IF v.revoked_at IS NOT NULL OR v.uses + r.uses >= v.max_uses
            OR v.left_minor - r.amount_minor < x.amount_minor
            OR EXISTS (SELECT FROM loyalty_voucherseries s WHERE s.id = v.series_id AND s.revoked_at IS NOT NULL)
        THEN
            RAISE EXCEPTION 'a voucher was used meanwhile' USING ERRCODE = 'RG001';
        END IF;
        IF x.reservation_id IS NOT NULL THEN
            UPDATE loyalty_voucherreservation SET state = 'used', ended_at = at, order_ref = x.order_ref
            WHERE id = x.reservation_id AND voucher_id = v.id AND state = 'held' AND expires_at > at;
            IF NOT FOUND THEN
                RAISE EXCEPTION 'a reservation ended meanwhile' USING ERRCODE = 'RG001';
            END IF;
        END IF;
        UPDATE loyalty_voucher SET uses = uses + 1, left_minor = left_minor - x.amount_minor WHERE id = v.id;
        INSERT INTO loyalty_voucheruse (voucher_id, series_id, member_id, uses, amount_minor, cause, order_ref, place_id,
            actor, happened_at, recorded_at)
        VALUES (v.id, v.series_id, x.member_id, 1, x.amount_minor, x.cause, x.order_ref, x.place_id, x.actor, x.happened_at, at);
    END LOOP;
    IF NOT are_shared THEN
        RETURN;
    END IF;
    FOR x IN
        SELECT u.series_id, u.member_id, count(*) AS uses, sum(u.amount_minor) AS amount_minor, min(u.uses_per_member) AS per_member,
            min(u.uses_in_all) AS in_all, min(u.budget_minor) AS budget_minor
        FROM jsonb_to_recordset(used) AS u(series_id bigint, member_id bigint, amount_minor bigint, uses_per_member bigint,
            uses_in_all bigint, budget_minor bigint)
        GROUP BY u.series_id, u.member_id ORDER BY u.series_id, u.member_id
    LOOP
        UPDATE loyalty_vouchertally SET uses = uses + x.uses, given_minor = given_minor + x.amount_minor
        WHERE series_id = x.series_id RETURNING * INTO t;
        IF t.uses > x.in_all OR t.given_minor > x.budget_minor OR x.per_member < (
            SELECT sum(u.uses) FROM loyalty_voucheruse u WHERE u.member_id = x.member_id AND u.series_id = x.series_id)
        THEN
            RAISE EXCEPTION 'a limit of a series was reached meanwhile' USING ERRCODE = 'RG001';
        END IF;
    END LOOP;
END
$$;

-- Lock vouchers by their codes or reservations until commit, in the order in which bookings do: those that are not shared.
CREATE OR REPLACE FUNCTION loyalty_lock_vouchers(codes text[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM loyalty_voucher v
    WHERE v.id IN (
            SELECT o.id FROM loyalty_voucher o WHERE o.code = ANY (codes)
            UNION ALL SELECT r.voucher_id FROM loyalty_voucherreservation r WHERE r.ref = ANY (codes))
        AND NOT loyalty_voucher_is_shared(v)
    ORDER BY v.id FOR NO KEY UPDATE;
END
$$;

-- Lock what many vouchers share, the tallies of the series of these codes and the codes themselves, last of all locks.
CREATE OR REPLACE FUNCTION loyalty_lock_shared_vouchers(codes text[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM loyalty_voucher v WHERE v.code = ANY (codes) AND loyalty_voucher_is_shared(v)
    ORDER BY v.id FOR NO KEY UPDATE;
    PERFORM FROM loyalty_vouchertally t
    WHERE t.series_id IN (SELECT v.series_id FROM loyalty_voucher v WHERE v.code = ANY (codes))
    ORDER BY t.series_id FOR NO KEY UPDATE;
END
$$;

-- Lock the vouchers that a purchase used, those that are not shared, as bookings do: before its wallet.
CREATE OR REPLACE FUNCTION loyalty_lock_vouchers_of(of_order text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM loyalty_voucher v
    WHERE v.id IN (SELECT u.voucher_id FROM loyalty_voucheruse u WHERE u.order_ref = of_order)
        AND NOT loyalty_voucher_is_shared(v)
    ORDER BY v.id FOR NO KEY UPDATE;
END
$$;

-- The vouchers that a purchase used and that did not come back whole: what `loyalty.rules.voucher_returns.UsedBefore`
-- describes, in the order in which they were used.
CREATE OR REPLACE FUNCTION loyalty_vouchers_of(of_order text) RETURNS json
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT coalesce(json_agg(json_build_object('id', v.id, 'code', v.code, 'shown', v.shown,
            'is_gift_card', v.left_minor IS NOT NULL, 'amount_minor', x.amount_minor, 'back_minor', x.back_minor,
            'is_kept', coalesce((s.definition->>'is_kept_on_return')::boolean, false)) ORDER BY x.first), '[]')
        FROM (
            SELECT u.voucher_id, min(u.id) AS first, sum(u.amount_minor) FILTER (WHERE u.uses > 0) AS amount_minor,
                coalesce(-sum(u.amount_minor) FILTER (WHERE u.uses <= 0), 0) AS back_minor
            FROM loyalty_voucheruse u WHERE u.order_ref = of_order
            GROUP BY u.voucher_id HAVING sum(u.uses) > 0) x
        JOIN loyalty_voucher v ON v.id = x.voucher_id
        JOIN loyalty_voucherseries s ON s.id = v.series_id);
END
$$;

-- What comes back of vouchers with a return: uses and amounts, the tallies of their series last. The caller holds those
-- that are not shared, and the wallet.
--
-- given: [{id, uses, amount_minor}]; r: as omnichannel_record_return takes it
CREATE OR REPLACE FUNCTION loyalty_give_vouchers_back(given jsonb, r jsonb, of_order text, by_actor text, at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    x record;
BEGIN
    FOR x IN
        SELECT g.id, g.uses, g.amount_minor FROM jsonb_to_recordset(given) AS g(id bigint, uses int, amount_minor bigint)
        CROSS JOIN LATERAL (SELECT o AS voucher FROM loyalty_voucher o WHERE o.id = g.id OFFSET 0) v
        ORDER BY loyalty_voucher_is_shared(v.voucher), g.id
    LOOP
        UPDATE loyalty_voucher SET uses = uses - x.uses, left_minor = left_minor + x.amount_minor WHERE id = x.id;
        INSERT INTO loyalty_voucheruse (voucher_id, series_id, member_id, uses, amount_minor, cause, order_ref, place_id,
            actor, happened_at, recorded_at)
        SELECT v.id, v.series_id, (r->>'member_id')::bigint, -x.uses, -x.amount_minor, 'back:' || (r->>'ref'), of_order,
            (r->>'place_id')::bigint, by_actor, (r->>'returned_at')::timestamptz, at
        FROM loyalty_voucher v WHERE v.id = x.id;
    END LOOP;
    FOR x IN
        SELECT v.series_id, sum(g.uses) AS uses, sum(g.amount_minor) AS amount_minor
        FROM jsonb_to_recordset(given) AS g(id bigint, uses int, amount_minor bigint)
        CROSS JOIN LATERAL (SELECT o.series_id FROM loyalty_voucher o WHERE o.id = g.id OFFSET 0) v
        GROUP BY v.series_id ORDER BY v.series_id
    LOOP
        UPDATE loyalty_vouchertally SET uses = uses - x.uses, given_minor = given_minor - x.amount_minor
        WHERE series_id = x.series_id;
    END LOOP;
END
$$;

-- A reservation as the API shows it.
CREATE OR REPLACE FUNCTION loyalty_reservation_body(r loyalty_voucherreservation, at timestamptz) RETURNS json
LANGUAGE sql STABLE AS $$
    SELECT json_build_object('ref', r.ref,
        'state', CASE WHEN r.state = 'held' AND r.expires_at <= at THEN 'lapsed' ELSE r.state END,
        'amount_minor', r.amount_minor, 'reference', r.reference, 'order_ref', r.order_ref, 'reserved_at', r.reserved_at,
        'expires_at', r.expires_at)
$$;

-- Reserve one use of a voucher, or so much of a gift card (null: all that is free), for a basket. The same place and
-- reference hold one reservation, told anew it lives longer.
--
-- p: {ref, voucher_id, place_id, amount_minor, reference, actor, until}
-- Returns it as loyalty_reservation_body says; NULL where the voucher is not free any more.
CREATE OR REPLACE FUNCTION loyalty_reserve_voucher(p jsonb, at timestamptz) RETURNS json
LANGUAGE plpgsql AS $$
DECLARE
    v loyalty_voucher;
    own loyalty_voucherreservation;
    r record;
    amount bigint;
BEGIN
    SELECT * INTO v FROM loyalty_voucher WHERE id = (p->>'voucher_id')::bigint FOR NO KEY UPDATE;
    SELECT * INTO own FROM loyalty_voucherreservation o
    WHERE o.voucher_id = v.id AND o.state = 'held' AND o.expires_at > at AND o.place_id = (p->>'place_id')::bigint
        AND o.reference = p->>'reference' ORDER BY o.id LIMIT 1;
    SELECT * INTO r FROM loyalty_voucher_reserved(v.id, own.id, at);
    amount := CASE WHEN v.left_minor IS NULL THEN 0
        ELSE coalesce((p->>'amount_minor')::bigint, v.left_minor - r.amount_minor) END;
    IF v.revoked_at IS NOT NULL OR v.uses + r.uses >= v.max_uses
        OR v.left_minor - r.amount_minor < greatest(amount, 1) THEN
        RETURN NULL;
    END IF;
    IF own.id IS NULL THEN
        INSERT INTO loyalty_voucherreservation (ref, voucher_id, place_id, amount_minor, reference, actor, reserved_at, expires_at)
        VALUES (p->>'ref', v.id, (p->>'place_id')::bigint, amount, p->>'reference', p->>'actor', at, (p->>'until')::timestamptz)
        RETURNING * INTO own;
    ELSE
        UPDATE loyalty_voucherreservation SET expires_at = greatest(expires_at, (p->>'until')::timestamptz), amount_minor = amount
        WHERE id = own.id RETURNING * INTO own;
    END IF;
    RETURN loyalty_reservation_body(own, at);
END
$$;

-- Let a reservation of a place go. What has ended already is left as it is.
-- Returns it as it was found and is now, {was, reservation}; NULL if there is none.
CREATE OR REPLACE FUNCTION loyalty_release_voucher(of_code text, of_ref text, at_place bigint, at timestamptz) RETURNS json
LANGUAGE plpgsql AS $$
DECLARE
    was loyalty_voucherreservation;
    now_is loyalty_voucherreservation;
BEGIN
    PERFORM FROM loyalty_voucher v WHERE v.code = of_code FOR NO KEY UPDATE;
    SELECT r.* INTO was FROM loyalty_voucherreservation r JOIN loyalty_voucher v ON v.id = r.voucher_id AND v.code = of_code
    WHERE r.ref = of_ref AND r.place_id = at_place;
    IF was.id IS NULL THEN
        RETURN NULL;
    END IF;
    UPDATE loyalty_voucherreservation SET state = 'released', ended_at = at
    WHERE id = was.id AND state = 'held' AND expires_at > at;
    SELECT * INTO now_is FROM loyalty_voucherreservation WHERE id = was.id;
    RETURN json_build_object('was', loyalty_reservation_body(was, at), 'reservation', loyalty_reservation_body(now_is, at));
END
$$;

-- The vouchers that a member can use now, those that end first in front, for the till's screen: what
-- `loyalty.queries.till.VoucherInHand` describes.
CREATE OR REPLACE FUNCTION loyalty_vouchers_in_hand(of_member bigint, in_programme bigint, at timestamptz) RETURNS json
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        SELECT coalesce(json_agg(json_build_object('code', x.code, 'shown', x.shown, 'series_id', x.series_id,
            'series_stamp', x.stamp, 'left_minor', x.left_minor, 'valid_until', x.valid_until,
            'labels', (SELECT coalesce(json_agg(b.code), '[]') FROM loyalty_memberlabel c
                JOIN loyalty_label b ON b.id = c.label_id WHERE c.member_id = of_member)) ORDER BY x.valid_until, x.id), '[]')
        FROM (
            SELECT v.id, v.code, v.shown, v.series_id, s.stamp, v.left_minor, v.valid_until
            FROM loyalty_voucher v JOIN loyalty_voucherseries s ON s.id = v.series_id
            WHERE v.member_id = of_member AND v.revoked_at IS NULL AND (v.uses < v.max_uses OR v.max_uses IS NULL)
                AND v.valid_from <= at AND (v.valid_until > at) IS NOT FALSE AND (v.left_minor > 0) IS NOT FALSE
                AND s.programme_id = in_programme AND s.revoked_at IS NULL
            ORDER BY v.valid_until, v.id LIMIT 20) x);
END
$$;
