-- Where a member stands on the ladder, worked out for a moment from what is written down. No job has to run for it.

-- The first day that still counts on `day`: as `loyalty.rules.ladders.window_starts_on`, of which it is the twin.
CREATE OR REPLACE FUNCTION loyalty_window_from(window_ jsonb, enrolled_on date, day date) RETURNS date
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    kind text := window_->>'type';
    month int := (window_->>'starts_month')::int;
    begins date;
BEGIN
    IF kind = 'days' THEN
        RETURN day - (window_->>'days')::int + 1;
    ELSIF kind = 'months' THEN
        RETURN (day - make_interval(months => (window_->>'months')::int))::date + 1;
    ELSIF kind = 'year' THEN
        begins := make_date(extract(year FROM day)::int, month, 1);
        RETURN CASE WHEN begins <= day THEN begins ELSE (begins - interval '1 year')::date END;
    ELSIF kind = 'quarter' THEN
        RETURN (date_trunc('month', day) - make_interval(months => (extract(month FROM day)::int - month + 12) % 3))::date;
    END IF;
    begins := (enrolled_on + make_interval(years => (extract(year FROM day) - extract(year FROM enrolled_on))::int))::date;
    RETURN CASE WHEN begins <= day THEN begins ELSE (enrolled_on
        + make_interval(years => (extract(year FROM day) - extract(year FROM enrolled_on))::int - 1))::date END;
END
$$;

-- The ladder of a programme at a moment: {window, visits, steps, ...} as `loyalty.rules.ladders.LadderDefinition`.
CREATE OR REPLACE FUNCTION loyalty_ladder_at(in_programme bigint, at timestamptz) RETURNS jsonb
LANGUAGE sql STABLE AS $$
    SELECT l.definition FROM loyalty_ladder l
    WHERE l.programme_id = in_programme AND l.live_from <= at AND l.withdrawn_at IS NULL
    ORDER BY l.live_from DESC, l.version DESC LIMIT 1
$$;

-- The first and the last day that count towards tiers at a moment; no row where there is no ladder.
CREATE OR REPLACE FUNCTION loyalty_counts_at(for_member bigint, in_programme bigint, at timestamptz)
RETURNS TABLE (since date, until date)
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN QUERY
    SELECT loyalty_window_from(l.definition->'window', CASE WHEN l.definition->'window'->>'type' = 'anniversary' THEN (
            SELECT (m.enrolled_at AT TIME ZONE p.timezone)::date FROM members_member m WHERE m.id = for_member) END, d.today), d.today
    FROM omnichannel_programme p
    CROSS JOIN LATERAL (SELECT (at AT TIME ZONE p.timezone)::date AS today) d
    CROSS JOIN LATERAL (SELECT loyalty_ladder_at(p.id, at) AS definition) l
    WHERE p.id = in_programme AND l.definition IS NOT NULL;
END
$$;

-- The steps of a ladder, the lowest with rank 0.
CREATE OR REPLACE FUNCTION loyalty_steps(ladder jsonb, in_programme bigint)
RETURNS TABLE (id bigint, code text, name text, rank int, threshold_minor bigint, points bigint, visits bigint, needs text)
LANGUAGE sql STABLE AS $$
    SELECT t.id, t.code::text, t.name::text, x.n::int - 1, x.threshold_minor, x.points, x.visits, x.needs
    FROM ROWS FROM (jsonb_to_recordset(ladder->'steps') AS (
            tier text, threshold_minor bigint, points bigint, visits bigint, needs text)
        ) WITH ORDINALITY AS x(tier, threshold_minor, points, visits, needs, n)
    JOIN loyalty_tier t ON t.programme_id = in_programme AND t.code = x.tier
$$;

-- What counts towards tiers from one day until another, both among them: {minor, points, visits, days}, and whether nothing was
-- bought on a day so far (`is_new_day`).
CREATE OR REPLACE FUNCTION loyalty_counted(of_wallet bigint, since date, until date, on_day date) RETURNS json
LANGUAGE sql STABLE AS $$
    SELECT json_build_object('minor', coalesce(sum(d.qualifying_minor), 0), 'points', coalesce(sum(d.points), 0),
        'visits', coalesce(sum(d.visits), 0), 'days', count(*) FILTER (WHERE d.visits > 0),
        'is_new_day', NOT coalesce(bool_or(d.visits > 0) FILTER (WHERE d.spent_on = on_day), false))
    FROM loyalty_tierday d WHERE d.wallet_id = of_wallet AND d.spent_on BETWEEN since AND until
$$;
