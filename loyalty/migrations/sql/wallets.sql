-- Make `spendable`, `held` and `pending` true again for wallets whose figures ended before `at`. The wallets are locked by
-- the caller. Who waited for the lock may ask for a moment before the last one: points that came meanwhile, and a hold leans
-- on, are not there yet then; nothing can be spent at it.
CREATE OR REPLACE FUNCTION loyalty_refresh_figures(wallets bigint[], at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE loyalty_wallet w
    SET spendable = greatest(f.usable - f.held, 0), held = f.held, pending = f.pending, figures_hold_from = at,
        figures_hold_until = f.until_at
    FROM (
        SELECT s.id,
            coalesce(sum(l.remaining) FILTER (WHERE l.available_from <= at), 0) AS usable,
            coalesce(sum(l.remaining) FILTER (WHERE l.available_from > at), 0) AS pending, max(h.points) AS held,
            least(min(l.available_from) FILTER (WHERE l.available_from > at), min(l.expires_at), min(h.until_at)) AS until_at
        FROM loyalty_wallet s
        CROSS JOIN LATERAL loyalty_held(s.id, at) h
        LEFT JOIN loyalty_lot l
            ON l.wallet_id = s.id AND l.remaining > 0 AND (l.expires_at IS NULL OR l.expires_at > at)
        WHERE s.id = ANY (wallets) AND (s.figures_hold_until <= at OR s.figures_hold_from > at)
        GROUP BY s.id
    ) f
    WHERE w.id = f.id;
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

-- What a wallet shows at a moment: {balance, spendable, held, pending, debt, next_expiry, tier}. Nothing a job has to run for.
CREATE OR REPLACE FUNCTION loyalty_wallet_body(for_member bigint, for_programme bigint, at timestamptz) RETURNS json
LANGUAGE plpgsql STABLE SET plan_cache_mode = 'force_generic_plan' SET enable_seqscan = 'off' AS $$
DECLARE
    w record;
    now_spendable bigint := 0;
    now_held bigint := 0;
    now_pending bigint := 0;
    expiry record;
BEGIN
    SELECT s.id, s.spendable, s.held, s.pending, coalesce(s.debt, 0) AS debt, s.figures_hold_from, s.figures_hold_until INTO w
    FROM omnichannel_programme p LEFT JOIN loyalty_wallet s ON s.programme_id = p.id AND s.member_id = for_member
    WHERE p.id = for_programme;
    IF w.figures_hold_from <= at AND (w.figures_hold_until IS NULL OR w.figures_hold_until > at) THEN
        now_spendable := w.spendable;
        now_held := w.held;
        now_pending := w.pending;
    ELSIF w.id IS NOT NULL THEN
        SELECT coalesce(sum(remaining) FILTER (WHERE available_from <= at), 0),
            coalesce(sum(remaining) FILTER (WHERE available_from > at), 0)
        INTO now_spendable, now_pending
        FROM loyalty_lot
        WHERE wallet_id = w.id AND remaining > 0 AND (expires_at IS NULL OR expires_at > at);
        now_held := (SELECT h.points FROM loyalty_held(w.id, at) h);
        now_spendable := greatest(now_spendable - now_held, 0);
    END IF;

    SELECT l.expires_at, sum(l.remaining) AS points INTO expiry
    FROM loyalty_lot l
    WHERE l.wallet_id = w.id AND l.remaining > 0 AND l.expires_at > at
    GROUP BY l.expires_at ORDER BY l.expires_at LIMIT 1;

    RETURN json_build_object(
        'balance', now_spendable + now_held + now_pending,
        'spendable', now_spendable,
        'held', now_held,
        'pending', now_pending,
        'debt', w.debt,
        'next_expiry', CASE WHEN expiry.points IS NOT NULL THEN json_build_object(
            'points', expiry.points, 'at', loyalty_moment(expiry.expires_at)) END,
        'tier', loyalty_tier_body(w.id, for_member, for_programme, at));
END
$$;
