"""The laws of challenges, for `queries/verification.py`."""

LAWS = {
    "progress is what its steps come to": """
        WITH c AS (
          SELECT id, (definition->>'most')::bigint AS most, definition->'goal'->>'type' AS kind,
            definition->'goal'->>'unit' AS unit,
            coalesce((definition->'goal'->>'on_different_days')::boolean, false) AS by_day,
            coalesce((definition->'goal'->>'stamps')::bigint, (definition->'goal'->>'times')::bigint,
              (definition->'goal'->>'length')::bigint, 1) AS needed
          FROM loyalty_challenge),
        s AS (
          SELECT c.*, x.member_id, x.units, x.happened_on,
            CASE c.unit WHEN 'day' THEN x.happened_on - date '0001-01-01'
              WHEN 'week' THEN (date_trunc('week', x.happened_on)::date - date '0001-01-01') / 7
              ELSE (extract(year FROM x.happened_on) * 12 + extract(month FROM x.happened_on))::int END AS period
          FROM loyalty_challengestep x JOIN c ON c.id = x.challenge_id WHERE x.units > 0),
        runs AS (
          SELECT id, member_id, needed, period - row_number() OVER (PARTITION BY id, member_id ORDER BY period) AS run
          FROM (SELECT DISTINCT id, member_id, needed, period FROM s WHERE kind = 'streak') d),
        counted AS (
          SELECT id, member_id, sum(units) / needed AS n FROM s WHERE kind IN ('stamp_card', 'referral')
          GROUP BY 1, 2, needed
          UNION ALL
          SELECT id, member_id, (CASE WHEN by_day THEN count(DISTINCT happened_on) ELSE count(*) END) / needed
          FROM s WHERE kind = 'mission' GROUP BY 1, 2, needed, by_day
          UNION ALL
          SELECT id, member_id, sum(periods / needed) FROM (
            SELECT id, member_id, needed, count(*) AS periods FROM runs GROUP BY 1, 2, 3, run) r GROUP BY 1, 2)
        SELECT 'challenge ' || coalesce(p.challenge_id, c.id) || ', member ' || coalesce(p.member_id, n.member_id),
          least(coalesce(floor(n.n), 0), c.most) || ' completions', coalesce(p.completions, 0) || ' completions'
        FROM loyalty_challengeprogress p
        FULL JOIN counted n ON n.id = p.challenge_id AND n.member_id = p.member_id
        JOIN c ON c.id = coalesce(p.challenge_id, n.id)
        WHERE least(coalesce(floor(n.n), 0), c.most) <> coalesce(p.completions, 0)""",
    "a step of a challenge is a purchase, an act or a friend of its member": """
        SELECT 'challenge ' || s.challenge_id || ', member ' || s.member_id, s.cause, 'nothing of theirs'
        FROM loyalty_challengestep s
        WHERE NOT EXISTS (SELECT FROM omnichannel_order o WHERE o.ref = s.cause AND o.member_id = s.member_id)
          AND NOT EXISTS (SELECT FROM omnichannel_behaviourevent e WHERE e.ref = s.cause AND e.member_id = s.member_id)
          AND NOT EXISTS (SELECT FROM loyalty_referredfriend f
            WHERE s.cause = 'friend:' || f.member_id AND f.referred_by_id = s.member_id)""",
    "completions were given what they give, and nothing else was": """
        SELECT 'challenge ' || p.challenge_id || ', member ' || p.member_id, p.completions || ' completions',
          count(r.id) FILTER (WHERE r.number <= p.completions) || ' given, '
          || count(r.id) FILTER (WHERE r.number > p.completions) || ' beyond'
        FROM loyalty_challengeprogress p
        JOIN loyalty_challenge c ON c.id = p.challenge_id
        LEFT JOIN loyalty_challengereward r ON r.challenge_id = p.challenge_id AND r.member_id = p.member_id
          AND r.number > 0 AND r.state = 'given'
        WHERE c.definition->'gives'->>'type' = 'points'
        GROUP BY p.id HAVING count(r.id) FILTER (WHERE r.number <= p.completions) <> p.completions
          OR count(r.id) FILTER (WHERE r.number > p.completions) > 0""",
    "points of a challenge's reward are booked": """
        WITH booked AS (
          SELECT member_id, split_part(cause, ':', 2)::bigint AS challenge_id,
            split_part(cause, ':', 3)::bigint AS number, sum(points) AS points
          FROM loyalty_entry WHERE cause LIKE 'challenge:%%' OR cause LIKE 'challenge-back:%%' GROUP BY 1, 2, 3)
        SELECT 'challenge ' || coalesce(r.challenge_id, b.challenge_id) || ', member '
            || coalesce(r.member_id, b.member_id), coalesce(r.points, 0), coalesce(b.points, 0)
        FROM loyalty_challengereward r FULL JOIN booked b USING (challenge_id, member_id, number)
        WHERE coalesce(r.points, 0) <> coalesce(b.points, 0)""",
}
