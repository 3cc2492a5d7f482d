-- Members beside a ladder, set-based: who reaches which step, who would move, whose tier nears its end.

-- How far wallets of a programme are up a ladder on a day, of those with an id above `after` until `up_to`; who counts nothing
-- is left out.
CREATE OR REPLACE FUNCTION loyalty_reached(in_programme bigint, ladder jsonb, today date, after bigint, up_to bigint)
RETURNS TABLE (wallet_id bigint, member_id bigint, rank int)
LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
DECLARE
    window_ jsonb := ladder->'window';
    since date;
    zone text := (SELECT p.timezone FROM omnichannel_programme p WHERE p.id = in_programme);
BEGIN
    IF window_->>'type' <> 'anniversary' THEN
        since := loyalty_window_from(window_, NULL, today);
    END IF;
    RETURN QUERY
    WITH steps AS MATERIALIZED (SELECT * FROM loyalty_steps(ladder, in_programme) s WHERE s.rank > 0),
    counted AS (
        SELECT w.id, w.member_id, sum(d.qualifying_minor) AS minor, sum(d.points) AS points,
            CASE ladder->>'visits' WHEN 'purchases' THEN sum(d.visits)
                ELSE count(*) FILTER (WHERE d.visits > 0) END AS visits
        FROM loyalty_wallet w
        LEFT JOIN members_member m ON since IS NULL AND m.id = w.member_id
        JOIN loyalty_tierday d ON d.wallet_id = w.id AND d.member_id = w.member_id AND d.spent_on <= today
            AND d.spent_on >= coalesce(since, loyalty_window_from(window_, (m.enrolled_at AT TIME ZONE zone)::date, today))
        WHERE w.programme_id = in_programme AND w.id > after AND w.id <= up_to
        GROUP BY w.id
    )
    SELECT c.id, c.member_id, coalesce((
        SELECT max(s.rank) FROM steps s
        WHERE CASE s.needs WHEN 'all'
            THEN (c.minor >= s.threshold_minor) IS NOT FALSE AND (c.points >= s.points) IS NOT FALSE
                AND (c.visits >= s.visits) IS NOT FALSE
            ELSE (c.minor >= s.threshold_minor) IS TRUE OR (c.points >= s.points) IS TRUE OR (c.visits >= s.visits) IS TRUE
            END), 0)
    FROM counted c;
END
$$;

-- Who stands where on a ladder at a moment, above the lowest step: the highest rank held, and the highest one that a colleague
-- gave. What came by a household is nobody's own, and does not count.
CREATE OR REPLACE FUNCTION loyalty_held_ranks(in_programme bigint, ladder jsonb, at timestamptz, after bigint, up_to bigint)
RETURNS TABLE (wallet_id bigint, member_id bigint, rank int, given_rank int)
LANGUAGE sql STABLE AS $$
    SELECT h.wallet_id, h.member_id, max(s.rank), coalesce(max(s.rank) FILTER (WHERE h.given_by <> ''), 0)
    FROM loyalty_steps(ladder, in_programme) s
    JOIN loyalty_tierstanding h ON h.tier_id = s.id AND h.from_at <= at AND h.until_at > at AND h.given_by NOT LIKE 'household:%'
    WHERE h.wallet_id > after AND h.wallet_id <= up_to
    GROUP BY h.wallet_id, h.member_id
$$;

-- Who would move if another ladder held: {from, to (codes), members, examples (refs, at most three)}, most members first.
CREATE OR REPLACE FUNCTION loyalty_ladder_movers(in_programme bigint, ladder jsonb, at timestamptz)
RETURNS TABLE (from_code text, to_code text, members bigint, examples text[])
LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
DECLARE
    today date := (SELECT (at AT TIME ZONE p.timezone)::date FROM omnichannel_programme p WHERE p.id = in_programme);
    most bigint := (SELECT max(w.id) FROM loyalty_wallet w);
BEGIN
    RETURN QUERY
    WITH steps AS MATERIALIZED (SELECT * FROM loyalty_steps(ladder, in_programme)),
    moved AS (
        SELECT coalesce(r.member_id, h.member_id) AS member_id, coalesce(h.rank, 0) AS was,
            CASE WHEN ladder->>'when_live' = 'keep' THEN greatest(coalesce(h.rank, 0), coalesce(r.rank, 0))
                WHEN ladder->>'falls' = 'one_step' THEN greatest(coalesce(r.rank, 0), h.rank - 1, h.given_rank)
                ELSE greatest(coalesce(r.rank, 0), h.given_rank) END AS becomes
        FROM loyalty_reached(in_programme, ladder, today, 0, most) r
        FULL JOIN loyalty_held_ranks(in_programme, ladder, at, 0, most) h ON h.wallet_id = r.wallet_id
    ),
    sums AS (
        SELECT v.was, v.becomes, count(*) AS members, (array_agg(v.member_id ORDER BY v.member_id))[1:3] AS some
        FROM moved v WHERE v.was <> v.becomes GROUP BY v.was, v.becomes
    )
    SELECT b.code, a.code, s.members, ARRAY(SELECT m.ref::text FROM members_member m WHERE m.id = ANY (s.some) ORDER BY m.id)
    FROM sums s
    JOIN steps b ON b.rank = s.was
    JOIN steps a ON a.rank = s.becomes
    ORDER BY s.members DESC, b.rank, a.rank;
END
$$;

-- Announce ends of tiers that lie after `after` and not after `until`, `days` (0: they have come) before: once for each member,
-- tier, end and warning, and only where the member goes down by it. At most `most`; returns how many were announced.
CREATE OR REPLACE FUNCTION loyalty_tell_ends(
    after timestamptz, until timestamptz, days int, listeners text[], at timestamptz, most int
) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
    announced int;
BEGIN
    WITH due AS (
        SELECT s.wallet_id, s.member_id, s.tier_id, s.until_at
        FROM loyalty_tierstanding s
        JOIN loyalty_tier t ON t.id = s.tier_id
        WHERE s.until_at > after AND s.until_at <= until AND s.from_at < s.until_at
            AND NOT EXISTS (
                SELECT FROM loyalty_tiernotice k
                WHERE k.wallet_id = s.wallet_id AND k.member_id = s.member_id AND k.tier_id = s.tier_id
                    AND k.until_at = s.until_at AND k.days_before = days)
            AND NOT EXISTS (
                SELECT FROM loyalty_tierstanding o JOIN loyalty_tier u ON u.id = o.tier_id
                WHERE o.wallet_id = s.wallet_id AND o.member_id = s.member_id AND u.rank >= t.rank
                    AND o.from_at <= s.until_at AND o.until_at >= s.until_at
                    AND (o.until_at > s.until_at OR u.rank > t.rank))
        ORDER BY s.until_at, s.wallet_id LIMIT most
    ), made AS (
        INSERT INTO loyalty_tiernotice (wallet_id, member_id, tier_id, until_at, days_before, announced_at)
        SELECT d.wallet_id, d.member_id, d.tier_id, d.until_at, days, at FROM due d
        ON CONFLICT DO NOTHING
        RETURNING wallet_id, member_id, tier_id, until_at
    )
    SELECT count(outbox_publish(
        CASE days WHEN 0 THEN 'loyalty.tier_left' ELSE 'loyalty.tier_falling' END, m.member_id, jsonb_build_object(
            'programme_code', p.code, 'tier_code', t.code, 'next_code', coalesce((
                SELECT u.code FROM loyalty_tierstanding o JOIN loyalty_tier u ON u.id = o.tier_id
                WHERE o.wallet_id = m.wallet_id AND o.member_id = m.member_id AND o.from_at <= m.until_at
                    AND o.until_at > m.until_at ORDER BY u.rank DESC LIMIT 1),
                (SELECT u.code FROM loyalty_tier u WHERE u.programme_id = p.id AND u.rank = 0)),
            'until', loyalty_moment(m.until_at), 'days_before', days),
        CASE days WHEN 0 THEN m.until_at ELSE at END, at, listeners)) INTO announced
    FROM made m
    JOIN loyalty_tier t ON t.id = m.tier_id
    JOIN omnichannel_programme p ON p.id = t.programme_id;
    RETURN announced;
END
$$;

-- Let standings end at another moment than they were to.
--
-- ids:   the wallets, locked by the caller
-- ended: [{w (position in `ids`, from 1), member_id, tier_id, from_at, until_at}]
CREATE OR REPLACE FUNCTION loyalty_end_standings(ids bigint[], ended jsonb) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE loyalty_tierstanding s SET until_at = x.until_at
    FROM jsonb_to_recordset(ended) AS x(w int, member_id bigint, tier_id bigint, from_at timestamptz, until_at timestamptz)
    WHERE s.wallet_id = ids[x.w] AND s.member_id = x.member_id AND s.tier_id = x.tier_id AND s.from_at = x.from_at
        AND s.given_by = '';
    UPDATE loyalty_wallet w SET terms_stamp = w.terms_stamp + 1
    FROM (SELECT DISTINCT ids[x.w] AS id FROM jsonb_to_recordset(ended) AS x(w int)) s
    WHERE w.id = s.id;
    -- What a tier brought goes with it. What a given tier as high keeps stays as long as that, as if it had come with it; a
    -- household keeps what can be used as often as one likes.
    UPDATE loyalty_benefitgrant g SET valid_until = least(g.valid_until, greatest(x.reached_until, x.given_until)),
        cause = CASE WHEN x.given_until > x.reached_until AND g.cause LIKE 'tier:%' THEN 'given:kept:' || g.id ELSE g.cause END
    FROM (
        SELECT e.wallet_id, e.member_id, b.id AS benefit_id, b.uses,
            max(s.until_at) FILTER (WHERE s.given_by <> ''
                AND (b.uses IS NULL OR s.given_by NOT LIKE 'household:%')) AS given_until,
            greatest(e.until_at, max(s.until_at) FILTER (WHERE s.given_by = '')) AS reached_until
        FROM (
            SELECT ids[x.w] AS wallet_id, x.member_id, x.tier_id, min(x.until_at) AS until_at
            FROM jsonb_to_recordset(ended) AS x(w int, member_id bigint, tier_id bigint, until_at timestamptz)
            GROUP BY ids[x.w], x.member_id, x.tier_id
        ) e
        JOIN loyalty_tier t ON t.id = e.tier_id
        JOIN loyalty_benefit b ON b.tier_id = e.tier_id
        LEFT JOIN (loyalty_tierstanding s JOIN loyalty_tier h ON h.id = s.tier_id)
            ON s.wallet_id = e.wallet_id AND s.member_id = e.member_id AND s.until_at > s.from_at AND h.rank >= t.rank
        GROUP BY e.wallet_id, e.member_id, b.id, e.until_at
    ) x
    WHERE g.wallet_id = x.wallet_id AND g.member_id = x.member_id AND g.benefit_id = x.benefit_id
        AND (g.cause LIKE 'tier:%' OR g.cause LIKE 'given:%') AND (g.used_at IS NULL OR x.uses IS NULL)
        AND g.valid_until > x.reached_until;
END
$$;
