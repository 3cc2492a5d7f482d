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

-- An amount as people read it: `1,234.56 USD`, as `config.ground.amounts.money`, of which it is the twin. This and the words
-- below are written in plpgsql because a function in SQL is planned anew in each transaction unless it can be inlined.
CREATE OR REPLACE FUNCTION loyalty_money(minor bigint, currency text) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN CASE
        WHEN currency IN ('JPY', 'KRW', 'VND', 'CLP', 'ISK', 'XAF', 'XOF', 'PYG', 'UGX', 'RWF', 'KMF', 'GNF', 'DJF', 'VUV')
            THEN to_char(minor, 'FM999,999,999,999,990')
        WHEN currency IN ('KWD', 'BHD', 'OMR', 'JOD', 'TND', 'IQD', 'LYD')
            THEN to_char(minor / 1000.0, 'FM999,999,999,999,990.000')
        ELSE to_char(minor / 100.0, 'FM999,999,999,999,990.00') END || ' ' || currency;
END
$$;

-- What is missing to a step, in words: `320.00 USD or 4 visits`; NULL where nothing is.
CREATE OR REPLACE FUNCTION loyalty_missing_words(
    minor bigint, points bigint, visits bigint, needs text, visits_are text, currency text
) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF needs = 'any' AND least(minor, points, visits) <= 0 THEN
        RETURN NULL;
    END IF;
    RETURN nullif(concat_ws(CASE needs WHEN 'any' THEN ' or ' ELSE ' and ' END,
        CASE WHEN minor > 0 THEN loyalty_money(minor, currency) END,
        CASE WHEN points > 0 THEN to_char(points, 'FM999,999,999,990') || CASE points WHEN 1 THEN ' point' ELSE ' points' END END,
        CASE WHEN visits > 0 THEN visits || CASE visits_are WHEN 'purchases' THEN ' purchase' ELSE ' visit' END
            || CASE visits WHEN 1 THEN '' ELSE 's' END END), '');
END
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

-- What a wallet shows of the ladder at a moment: `loyalty.rules.answers.TierAnswer`; NULL in a programme without tiers.
CREATE OR REPLACE FUNCTION loyalty_tier_body(of_wallet bigint, of_member bigint, in_programme bigint, at timestamptz) RETURNS json
LANGUAGE plpgsql STABLE AS $$
DECLARE
    ladder jsonb := loyalty_ladder_at(in_programme, at);
    home record;
    mine record;
    above record;
    has record;
    since date;
    last_day text;
    more text;
    next_step json;
    keep json;
BEGIN
    IF ladder IS NULL THEN
        RETURN NULL;
    END IF;
    SELECT t.*, s.until_at, s.given_by <> '' AS is_given INTO mine
    FROM loyalty_steps(ladder, in_programme) t
    LEFT JOIN loyalty_tierstanding s
        ON s.tier_id = t.id AND s.wallet_id = of_wallet AND s.from_at <= at AND s.until_at > at
    WHERE t.rank = 0 OR s.id IS NOT NULL
    ORDER BY t.rank DESC, s.until_at DESC LIMIT 1;
    SELECT t.* INTO above FROM loyalty_steps(ladder, in_programme) t WHERE t.rank = mine.rank + 1;
    SELECT p.timezone, p.currency, (at AT TIME ZONE p.timezone)::date AS today INTO home
    FROM omnichannel_programme p WHERE p.id = in_programme;

    since := loyalty_window_from(ladder->'window', CASE WHEN ladder->'window'->>'type' = 'anniversary' THEN (
        SELECT (m.enrolled_at AT TIME ZONE home.timezone)::date FROM members_member m WHERE m.id = of_member) END, home.today);
    SELECT coalesce(sum(d.qualifying_minor), 0) AS minor, coalesce(sum(d.points), 0) AS points,
        CASE ladder->>'visits' WHEN 'purchases' THEN coalesce(sum(d.visits), 0) ELSE count(*) FILTER (WHERE d.visits > 0) END AS visits
    INTO has
    FROM loyalty_tierday d
    WHERE d.wallet_id = of_wallet AND d.spent_on BETWEEN since AND home.today;

    IF mine.until_at < '9000-01-01' THEN
        last_day := to_char((mine.until_at AT TIME ZONE home.timezone) - interval '1 microsecond', 'FMDD FMMonth YYYY');
    ELSE
        mine.until_at := NULL;
    END IF;
    IF above.code IS NOT NULL THEN
        above.threshold_minor := above.threshold_minor - least(has.minor, above.threshold_minor);
        above.points := above.points - least(has.points, above.points);
        above.visits := above.visits - least(has.visits, above.visits);
        next_step := json_build_object('code', above.code, 'name', above.name,
            'missing_minor', above.threshold_minor, 'missing_points', above.points, 'missing_visits', above.visits,
            'needs', above.needs, 'words', loyalty_missing_words(
                above.threshold_minor, above.points, above.visits, above.needs, ladder->>'visits', home.currency)
                || ' more to ' || above.name);
    END IF;
    IF mine.rank > 0 THEN
        mine.threshold_minor := mine.threshold_minor - least(has.minor, mine.threshold_minor);
        mine.points := mine.points - least(has.points, mine.points);
        mine.visits := mine.visits - least(has.visits, mine.visits);
        more := loyalty_missing_words(
            mine.threshold_minor, mine.points, mine.visits, mine.needs, ladder->>'visits', home.currency);
        keep := json_build_object('until', loyalty_moment(mine.until_at), 'is_given', mine.is_given,
            'missing_minor', mine.threshold_minor, 'missing_points', mine.points, 'missing_visits', mine.visits,
            'words', CASE WHEN last_day IS NULL THEN 'You keep ' || mine.name || ' for good'
                ELSE 'Until ' || last_day || ' you keep ' || mine.name
                    || coalesce('; ' || more || ' more to keep it longer', '') END);
    END IF;
    RETURN json_build_object(
        'code', mine.code, 'name', mine.name, 'until', loyalty_moment(mine.until_at), 'next', next_step, 'keep', keep);
END
$$;
