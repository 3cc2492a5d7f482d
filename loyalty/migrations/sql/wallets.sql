-- What of a wallet's points is set aside at a moment, for its own holds or for those of others in the household, and when the first of
-- these holds ends. No job has to run for it.
CREATE OR REPLACE FUNCTION loyalty_held(of_wallet bigint, at timestamptz) RETURNS TABLE (points bigint, until_at timestamptz)
LANGUAGE sql STABLE AS $$
    SELECT coalesce(sum(x.points), 0)::bigint, min(x.expires_at) FROM (
        SELECT h.points - h.points_of_others AS points, h.expires_at FROM loyalty_hold h
        WHERE h.wallet_id = of_wallet AND h.state = 'held' AND h.expires_at > at
        UNION ALL
        SELECT s.points, s.expires_at FROM loyalty_holdshare s
        WHERE s.wallet_id = of_wallet AND s.ended_at IS NULL AND s.expires_at > at) x
$$;

-- `spendable`, `held` and `pending` of wallets whose figures ended before `at`, worked out anew, and until when they hold. Who
-- waited for a wallet's lock may ask for a moment before the last one: points that came meanwhile, and a hold leans on, are not
-- there yet then; nothing can be spent at it.
CREATE OR REPLACE FUNCTION loyalty_ended_figures(wallets bigint[], at timestamptz)
RETURNS TABLE (id bigint, spendable bigint, held bigint, pending bigint, until_at timestamptz) LANGUAGE sql STABLE AS $$
    SELECT f.id, greatest(f.usable - f.held, 0), f.held, f.pending, f.until_at
    FROM (
        SELECT s.id, max(h.points) AS held,
            coalesce(sum(l.remaining) FILTER (WHERE l.available_from <= at), 0)::bigint AS usable,
            coalesce(sum(l.remaining) FILTER (WHERE l.available_from > at), 0)::bigint AS pending,
            least(min(l.available_from) FILTER (WHERE l.available_from > at), min(l.expires_at), min(h.until_at)) AS until_at
        FROM loyalty_wallet s
        CROSS JOIN LATERAL loyalty_held(s.id, at) h
        LEFT JOIN loyalty_lot l
            ON l.wallet_id = s.id AND l.remaining > 0 AND (l.expires_at IS NULL OR l.expires_at > at)
        WHERE s.id = ANY (wallets) AND (s.figures_hold_until <= at OR s.figures_hold_from > at)
        GROUP BY s.id
    ) f
$$;

-- Make the figures of wallets that ended before `at` true again. The caller has locked them.
CREATE OR REPLACE FUNCTION loyalty_refresh_figures(wallets bigint[], at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE loyalty_wallet w
    SET spendable = f.spendable, held = f.held, pending = f.pending, figures_hold_from = at, figures_hold_until = f.until_at
    FROM loyalty_ended_figures(wallets, at) f WHERE w.id = f.id;
END
$$;

-- Make the figures of a locked wallet true, whatever was thought of them.
CREATE OR REPLACE FUNCTION loyalty_renew_figures(of_wallet bigint, at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE loyalty_wallet SET figures_hold_until = at WHERE id = of_wallet;
    PERFORM loyalty_refresh_figures(ARRAY[of_wallet], at);
END
$$;

-- What is known of a wallet at a moment: the document that `loyalty.rules.wallets.WalletFacts` describes. Nothing a job has to run
-- for. What it says of the tier, in words too, is worked out from it by the ladder, which every process has at hand.
--
-- known_stamp, known_since, known_until: the days that count towards tiers as the caller knows them, and the programme's stamp by
-- which it does; they are taken as long as that is the stamp still.
CREATE OR REPLACE FUNCTION loyalty_wallet_facts(
    for_member bigint, for_programme bigint, at timestamptz,
    known_stamp bigint DEFAULT NULL, known_since date DEFAULT NULL, known_until date DEFAULT NULL
) RETURNS json
LANGUAGE plpgsql STABLE SET plan_cache_mode = 'force_generic_plan' SET enable_seqscan = 'off' AS $$
DECLARE
    w record;
    since date := known_since;
    until date := known_until;
BEGIN
    SELECT s.id, coalesce(s.spendable, 0) AS spendable, coalesce(s.held, 0) AS held, coalesce(s.pending, 0) AS pending,
        coalesce(s.debt, 0) AS debt, s.figures_hold_from <= at AND (s.figures_hold_until > at) IS NOT FALSE AS holds, t.stamp
    INTO w
    FROM (SELECT for_programme AS id) p
    LEFT JOIN loyalty_programmeterms t ON t.programme_id = p.id
    LEFT JOIN loyalty_wallet s ON s.programme_id = p.id AND s.member_id = for_member;
    IF w.stamp IS DISTINCT FROM known_stamp THEN
        SELECT x.since, x.until INTO since, until FROM loyalty_counts_at(for_member, for_programme, at) x;
    END IF;
    IF NOT w.holds THEN
        SELECT coalesce(sum(remaining) FILTER (WHERE available_from <= at), 0),
            coalesce(sum(remaining) FILTER (WHERE available_from > at), 0)
        INTO w.spendable, w.pending
        FROM loyalty_lot
        WHERE wallet_id = w.id AND remaining > 0 AND (expires_at IS NULL OR expires_at > at);
        w.held := (SELECT h.points FROM loyalty_held(w.id, at) h);
        w.spendable := greatest(w.spendable - w.held, 0);
    END IF;

    RETURN json_build_object(
        'programme_id', for_programme, 'stamp', w.stamp, 'at', at,
        'spendable', w.spendable, 'held', w.held, 'pending', w.pending, 'debt', w.debt,
        'next_expiry', (SELECT json_build_object('points', sum(l.remaining), 'at', loyalty_moment(l.expires_at)) FROM loyalty_lot l
            WHERE l.wallet_id = w.id AND l.remaining > 0 AND l.expires_at > at
            GROUP BY l.expires_at ORDER BY l.expires_at LIMIT 1),
        'standings', (SELECT json_agg(json_build_array(s.tier_id, s.until_at, s.given_by <> '', s.given_by LIKE 'household:%'))
            FROM loyalty_tierstanding s
            WHERE s.wallet_id = w.id AND s.from_at <= at AND s.until_at > at),
        'counted', (SELECT json_build_array(sum(d.qualifying_minor), sum(d.points), sum(d.visits),
                count(*) FILTER (WHERE d.visits > 0))
            FROM loyalty_tierday d WHERE d.wallet_id = w.id AND d.spent_on BETWEEN since AND until));
END
$$;
