-- What capped rules gave so far, to all and to one member: [{rule (code), bucket, of_member, points}].
CREATE OR REPLACE FUNCTION loyalty_uses(in_programme bigint, of_member_id bigint, capped text[], buckets text[]) RETURNS json
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT coalesce(json_agg(json_build_object(
            'rule', x.code, 'bucket', x.bucket, 'of_member', x.of_member, 'points', x.points)), '[]')
        FROM (
            SELECT r.code, u.bucket, false AS of_member, u.points
            FROM loyalty_rule r JOIN loyalty_ruleuse u ON u.rule_id = r.id AND u.bucket = ANY (buckets)
            WHERE r.programme_id = in_programme AND r.code = ANY (capped)
            UNION ALL
            SELECT r.code, u.bucket, true, u.points
            FROM loyalty_memberruleuse u
            JOIN loyalty_rule r ON r.id = u.rule_id AND r.programme_id = in_programme AND r.code = ANY (capped)
            WHERE u.member_id = of_member_id AND u.bucket = ANY (buckets)) x);
END
$$;

-- Make sure that counters which all members share exist, and lock them in the order in which purchases count in them.
--
-- capped, buckets: of each counter the rule's code and the bucket, each pair once
CREATE OR REPLACE FUNCTION loyalty_lock_uses(in_programme bigint, capped text[], buckets text[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO loyalty_ruleuse (rule_id, bucket, points)
    SELECT r.id, x.bucket, 0 FROM unnest(capped, buckets) x(code, bucket)
    JOIN loyalty_rule r ON r.programme_id = in_programme AND r.code = x.code ORDER BY r.id, x.bucket
    ON CONFLICT DO NOTHING;
    PERFORM FROM unnest(capped, buckets) x(code, bucket)
    JOIN loyalty_rule r ON r.programme_id = in_programme AND r.code = x.code
    JOIN loyalty_ruleuse u ON u.rule_id = r.id AND u.bucket = x.bucket
    ORDER BY u.rule_id, u.bucket FOR NO KEY UPDATE OF u;
END
$$;

-- Count what capped rules gave; locks taken last, those that all share last of all. The caller holds the wallets.
--
-- uses: [{rule_version_id, bucket, of_member, member_id, points, most}]
--
-- Raises SQLSTATE RG001 when a counter would go beyond what its cap leaves: read again and settle anew.
CREATE OR REPLACE FUNCTION loyalty_count_uses(uses jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    u record;
    so_far bigint;
BEGIN
    FOR u IN
        SELECT v.rule_id, x.bucket, CASE WHEN x.of_member THEN x.member_id END AS member_id,
            sum(x.points)::bigint AS points, max(x.most) AS most
        FROM jsonb_to_recordset(uses) AS x(
            rule_version_id bigint, bucket text, of_member boolean, member_id bigint, points bigint, most bigint)
        JOIN loyalty_ruleversion v ON v.id = x.rule_version_id
        GROUP BY 1, 2, 3 ORDER BY 3 NULLS LAST, 1, 2
    LOOP
        IF u.member_id IS NULL THEN
            INSERT INTO loyalty_ruleuse AS n (rule_id, bucket, points) VALUES (u.rule_id, u.bucket, u.points)
            ON CONFLICT (rule_id, bucket) DO UPDATE SET points = n.points + excluded.points
            RETURNING points INTO so_far;
        ELSE
            INSERT INTO loyalty_memberruleuse AS n (rule_id, member_id, bucket, points)
            VALUES (u.rule_id, u.member_id, u.bucket, u.points)
            ON CONFLICT (member_id, rule_id, bucket) DO UPDATE SET points = n.points + excluded.points
            RETURNING points INTO so_far;
        END IF;
        IF so_far > u.most THEN
            RAISE EXCEPTION 'a cap was reached meanwhile' USING ERRCODE = 'RG001';
        END IF;
    END LOOP;
END
$$;

-- What a return takes back can be given again: by the caps of the version that gave it, on the day on which it did.
--
-- entries: [{kind, points (below 0), rule_version_id}]
CREATE OR REPLACE FUNCTION loyalty_give_uses_back(entries jsonb, of_member_id bigint, given_on date) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    u record;
BEGIN
    FOR u IN
        SELECT v.rule_id, CASE WHEN c.per IN ('day', 'member_day') THEN given_on::text
                WHEN c.per IN ('month', 'member_month') THEN left(given_on::text, 7) ELSE '' END AS bucket,
            c.per IN ('member', 'member_month', 'member_day') AS of_member, sum(x.points)::bigint AS points
        FROM jsonb_to_recordset(entries) AS x(kind text, points bigint, rule_version_id bigint)
        JOIN loyalty_ruleversion v ON v.id = x.rule_version_id
        CROSS JOIN LATERAL (
            SELECT DISTINCT cap->>'per' AS per FROM jsonb_array_elements(v.definition->'caps') cap) c
        WHERE x.kind = 'reverse_earn'
        GROUP BY 1, 2, 3 ORDER BY 3 DESC, 1, 2
    LOOP
        IF u.of_member THEN
            UPDATE loyalty_memberruleuse SET points = points + u.points
            WHERE member_id = of_member_id AND rule_id = u.rule_id AND bucket = u.bucket;
        ELSE
            UPDATE loyalty_ruleuse SET points = points + u.points WHERE rule_id = u.rule_id AND bucket = u.bucket;
        END IF;
    END LOOP;
END
$$;
