-- Book settled purchases: orders, entries, lots, tiers, offers used, settlements, keys and news, all or none.
--
-- The settlements were decided beforehand from facts read without a lock. What they relied on is compared here, under the
-- wallets' locks; where it no longer holds, SQLSTATE RG001 (read again and settle anew). RG002: a receipt or an idempotency
-- key was used meanwhile. RG003: fewer points than wanted.
--
-- p: {is_history (true: answers are kept without the wallet), orders, lines (see omnichannel_record_orders), unclaimed (see omnichannel_record_unclaimed),
--     wallets:  [{member_id, programme_id, version, terms_stamp, window_from, window_until, qualifying_minor, promote_at,
--               is_first (settled as the member's first purchase)}],
--               without version and terms_stamp where the caller holds the lock already,
--     unproven: what the member of the first wallet spends on a name alone, [{points, above, since}] or none (see loyalty_is_too_much),
--     is_pooled: the member of the first wallet, the only one that spends, spends what others of the household have,
--     holds:    [{w, ref, spent, order_ref}], which end now: what they held can be spent by `spends`,
--     spends:   [{w (position in `wallets`, from 1), points, cause, order_ref, actor, reason, happened_at}], at most one per wallet
--     credits, lots (see loyalty_credit),
--     extends:  [{w, happened_at, until_at}], where the wallet's points live on,
--     tier_days: [{w, member_id, spent_on, qualifying_minor, points, visits}],
--     standings: [{w, member_id, tier_id, from_at, until_at}],
--     benefits:  [{w, member_id, benefit_id, ref, cause, granted_at, valid_until}],
--     offers_used: [{id, member_id, order_ref, used_at}],
--     uses:      what capped rules gave (see loyalty_count_uses),
--     vouchers:  those that are used (see loyalty_use_vouchers),
--     settlements: [{w, order_ref, member_id, programme_id, points_earned, points_spent, points_paid_minor, qualifying_minor,
--                    weights (for each credit, see `Award`; or nothing), head}]  -- head: the answer as JSON text without its last brace; the wallet is added to it
--     key:  {caller, key, fingerprint, status} or null,
--     news: [{name, member_id, payload, happened_at, subscribers}]}
CREATE OR REPLACE FUNCTION loyalty_book_purchases(p jsonb, at timestamptz) RETURNS TABLE (order_ref text, answer text)
LANGUAGE plpgsql SET plan_cache_mode = 'force_generic_plan' SET enable_seqscan = 'off' AS $$
#variable_conflict use_column
DECLARE
    wallets jsonb := p->'wallets';
    key jsonb := p->'key';
    hold_ref text := p->'holds'->0->>'ref';
    is_pooled boolean := (p->>'is_pooled')::boolean OR hold_ref IS NOT NULL AND EXISTS (
        SELECT FROM loyalty_hold h WHERE h.ref = hold_ref AND h.points_of_others > 0);
    among bigint[];
    pooled bigint[];
    ids bigint[];
    spend record;
    used int;
BEGIN
    PERFORM omnichannel_record_orders(p->'orders', p->'lines', at);
    IF jsonb_array_length(p->'unclaimed') > 0 THEN
        PERFORM omnichannel_record_unclaimed(p->'unclaimed', at);
    END IF;
    IF jsonb_array_length(p->'vouchers') > 0 THEN
        PERFORM loyalty_use_vouchers(p->'vouchers', false, at);
    END IF;

    IF jsonb_array_length(wallets) > 0 THEN
        IF is_pooled THEN
            among := loyalty_lock_pool((wallets->0->>'member_id')::bigint, (wallets->0->>'programme_id')::bigint, hold_ref);
        END IF;
        ids := loyalty_lock_wallets(wallets, at);
        PERFORM loyalty_compare_facts(ids, wallets);
        IF jsonb_array_length(p->'unproven') > 0 AND loyalty_is_too_much(p->'unproven'->0, ids[1], at) THEN
            RAISE EXCEPTION 'more was spent on a name meanwhile' USING ERRCODE = 'RG001';
        END IF;
        IF jsonb_array_length(p->'holds') > 0 THEN
            PERFORM loyalty_end_hold(x.ref, ids[x.w], x.spent, x.order_ref, at)
            FROM jsonb_to_recordset(p->'holds') AS x(w int, ref text, spent bigint, order_ref text);
        END IF;
        IF is_pooled AND jsonb_array_length(p->'spends') > 0 THEN
            pooled := loyalty_draw_pool(ids[1], (p->'spends'->0->>'points')::bigint, hold_ref, among, p->>'actor', at);
        END IF;
        IF jsonb_array_length(p->'spends') > 0 THEN
            FOR spend IN
                SELECT * FROM jsonb_to_recordset(p->'spends') AS x(
                    w int, points bigint, cause text, order_ref text, actor text, reason text, happened_at timestamptz)
            LOOP
                PERFORM loyalty_draw(ids[spend.w], spend.points, 'spend', spend.cause, spend.order_ref, spend.actor,
                    spend.reason, spend.happened_at, at, CASE WHEN spend.w = 1 THEN pooled END);
            END LOOP;
        END IF;
        PERFORM loyalty_credit(ids, p->'credits', p->'lots', at);
        IF jsonb_array_length(p->'extends') > 0 THEN
            PERFORM loyalty_extend_lots(ids, p->'extends', CASE WHEN NOT (p->>'is_history')::boolean THEN at END);
        END IF;
        PERFORM loyalty_climb(ids, p->'tier_days', p->'standings', p->'benefits');

        IF jsonb_array_length(p->'offers_used') > 0 THEN
            WITH wanted AS (
                SELECT x.id, x.member_id, count(*)::int AS times, max(x.used_at) AS used_at,
                    (array_agg(x.order_ref ORDER BY x.used_at DESC, x.order_ref DESC))[1] AS order_ref
                FROM jsonb_to_recordset(p->'offers_used') AS x(
                    id bigint, member_id bigint, order_ref text, used_at timestamptz)
                GROUP BY x.id, x.member_id
            ), taken AS (
                UPDATE loyalty_grant g
                SET uses = g.uses + x.times, last_used_at = x.used_at, last_order_ref = x.order_ref
                FROM wanted x
                WHERE g.id = x.id AND g.member_id = x.member_id AND g.uses + x.times <= g.max_uses
                RETURNING x.times
            )
            SELECT coalesce(sum(times), 0) INTO used FROM taken;
            IF used <> jsonb_array_length(p->'offers_used') THEN
                RAISE EXCEPTION 'an offer was used meanwhile' USING ERRCODE = 'RG001';
            END IF;
        END IF;
    END IF;

    IF jsonb_array_length(p->'news') > 0 THEN
        PERFORM outbox_publish(
            x.name, x.member_id, x.payload, x.happened_at, at, ARRAY(SELECT jsonb_array_elements_text(x.subscribers)))
        FROM jsonb_to_recordset(p->'news') AS x(
            name text, member_id bigint, payload jsonb, happened_at timestamptz, subscribers jsonb);
    END IF;

    FOR order_ref, answer IN
        INSERT INTO loyalty_settlement (
            order_ref, wallet_id, member_id, points_earned, points_spent, points_paid_minor, qualifying_minor, weights,
            answer)
        SELECT x.order_ref, ids[x.w], x.member_id, x.points_earned, x.points_spent, x.points_paid_minor,
            x.qualifying_minor, x.weights, x.head || ',"wallet":' || CASE WHEN (p->>'is_history')::boolean THEN 'null'
                ELSE loyalty_wallet_facts(x.member_id, x.programme_id, at)::text END || '}'
        FROM jsonb_to_recordset(p->'settlements') AS x(
            w int, order_ref text, member_id bigint, programme_id bigint, points_earned bigint, points_spent bigint,
            points_paid_minor bigint, qualifying_minor bigint, weights jsonb, head text)
        RETURNING loyalty_settlement.order_ref, loyalty_settlement.answer
    LOOP
        RETURN NEXT;
    END LOOP;

    IF key <> 'null' AND NOT ground_remember(
        key->>'caller', key->>'key', decode(key->>'fingerprint', 'hex'), (key->>'status')::int,
        coalesce(answer, p->'unclaimed'->0->>'answer'), at)
    THEN
        RAISE EXCEPTION 'the idempotency key was used meanwhile' USING ERRCODE = 'RG002';
    END IF;
    -- Foreign keys are looked at here, while plans by index are in force: one made at commit, when tables were still empty,
    -- would read them whole for as long as nobody analysed them.
    SET CONSTRAINTS ALL IMMEDIATE;
    SET CONSTRAINTS ALL DEFERRED;
    -- What many purchases share comes last: they wait for each other no longer than the commit takes.
    IF jsonb_array_length(p->'uses') > 0 THEN
        PERFORM loyalty_count_uses(p->'uses');
    END IF;
    IF jsonb_array_length(p->'vouchers') > 0 THEN
        PERFORM loyalty_use_vouchers(p->'vouchers', true, at);
        SET CONSTRAINTS ALL IMMEDIATE;
        SET CONSTRAINTS ALL DEFERRED;
    END IF;
END
$$;

-- Compare what a settlement relied on with the locked wallets.
--
-- A wallet that nobody bought with since (`version`) is as it was read. One that others bought with meanwhile is still
-- good unless its tier changed, this was settled as the first purchase, or all purchases together reach a tier that this one
-- alone does not. Each wallet is
-- marked as bought with.
CREATE OR REPLACE FUNCTION loyalty_compare_facts(ids bigint[], wallets jsonb) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM ROWS FROM (jsonb_to_recordset(wallets) AS (
                version bigint, terms_stamp bigint, window_from date, window_until date, qualifying_minor bigint,
                promote_at bigint, is_first boolean)
            ) WITH ORDINALITY AS x(version, terms_stamp, window_from, window_until, qualifying_minor, promote_at, is_first, n)
        JOIN loyalty_wallet w ON w.id = ids[x.n]
        WHERE w.terms_stamp <> x.terms_stamp
            OR w.version <> x.version AND (x.is_first OR x.promote_at <= x.qualifying_minor + (
                SELECT coalesce(sum(d.qualifying_minor), 0) FROM loyalty_tierday d
                WHERE d.wallet_id = w.id AND d.spent_on BETWEEN x.window_from AND x.window_until))
    ) THEN
        RAISE EXCEPTION 'the wallet changed meanwhile' USING ERRCODE = 'RG001';
    END IF;
    UPDATE loyalty_wallet SET version = version + 1 WHERE id = ANY (ids);
END
$$;

-- Add to the days that count towards tiers, and write down standings and the benefits they bring.
CREATE OR REPLACE FUNCTION loyalty_climb(ids bigint[], tier_days jsonb, standings jsonb, benefits jsonb) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO loyalty_tierday (wallet_id, member_id, spent_on, qualifying_minor, points, visits)
    SELECT ids[x.w], x.member_id, x.spent_on, sum(x.qualifying_minor), sum(x.points), sum(x.visits)
    FROM jsonb_to_recordset(tier_days) AS x(
        w int, member_id bigint, spent_on date, qualifying_minor bigint, points bigint, visits int)
    GROUP BY x.w, x.member_id, x.spent_on
    ON CONFLICT (wallet_id, spent_on, member_id)
    DO UPDATE SET qualifying_minor = loyalty_tierday.qualifying_minor + excluded.qualifying_minor,
        points = loyalty_tierday.points + excluded.points, visits = loyalty_tierday.visits + excluded.visits;

    IF jsonb_array_length(standings) = 0 THEN
        RETURN;
    END IF;
    INSERT INTO loyalty_tierstanding (wallet_id, member_id, tier_id, from_at, until_at)
    SELECT ids[x.w], x.member_id, x.tier_id, x.from_at, max(x.until_at)
    FROM jsonb_to_recordset(standings) AS x(
        w int, member_id bigint, tier_id bigint, from_at timestamptz, until_at timestamptz)
    GROUP BY x.w, x.member_id, x.tier_id, x.from_at
    ON CONFLICT (wallet_id, tier_id, from_at, member_id) WHERE given_by = ''
    DO UPDATE SET until_at = greatest(loyalty_tierstanding.until_at, excluded.until_at);

    UPDATE loyalty_wallet w SET terms_stamp = w.terms_stamp + 1
    FROM (SELECT DISTINCT ids[x.w] AS id FROM jsonb_to_recordset(standings) AS x(w int)) s
    WHERE w.id = s.id;

    -- What came with a tier given by hand lasts as long as what reaching it brings, where they reach the tier themselves, and
    -- is not granted beside it.
    IF EXISTS (SELECT FROM loyalty_benefitgrant g WHERE g.wallet_id = ANY (ids) AND g.cause LIKE 'given:%') THEN
        UPDATE loyalty_benefitgrant g
        SET valid_until = greatest(g.valid_until,
            ((x.from_at AT TIME ZONE p.timezone)::date + b.valid_days)::timestamp AT TIME ZONE p.timezone)
        FROM jsonb_to_recordset(standings) AS x(
            w int, member_id bigint, tier_id bigint, from_at timestamptz, until_at timestamptz)
        JOIN loyalty_benefit b ON b.tier_id = x.tier_id
        JOIN loyalty_tier t ON t.id = x.tier_id
        JOIN omnichannel_programme p ON p.id = t.programme_id
        WHERE g.wallet_id = ids[x.w] AND g.member_id = x.member_id AND g.benefit_id = b.id AND g.cause LIKE 'given:%'
            AND g.valid_until > x.from_at;
    END IF;
    INSERT INTO loyalty_benefitgrant (wallet_id, member_id, benefit_id, ref, cause, granted_at, valid_until)
    SELECT ids[x.w], x.member_id, x.benefit_id, x.ref, x.cause, x.granted_at, x.valid_until
    FROM jsonb_to_recordset(benefits) AS x(
        w int, member_id bigint, ref text, benefit_id bigint, cause text, granted_at timestamptz, valid_until timestamptz)
    WHERE NOT EXISTS (SELECT FROM loyalty_benefitgrant g
        WHERE g.wallet_id = ids[x.w] AND g.member_id = x.member_id AND g.benefit_id = x.benefit_id
            AND g.cause LIKE 'given:%' AND g.valid_until > x.granted_at)
    ON CONFLICT (wallet_id, cause, member_id) DO NOTHING;
END
$$;
