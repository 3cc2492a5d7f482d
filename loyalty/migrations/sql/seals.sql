-- The digest of one entry: as it was sealed, where words of it were erased since; else of what it says.
--
-- version: what it covers; from 2 on what it changed of the debt and what it undoes too
CREATE OR REPLACE FUNCTION loyalty_digest_of_entry(e loyalty_entry, version int)
RETURNS bytea
LANGUAGE sql STABLE AS $$
    SELECT coalesce(e.sealed_digest,
        sha256(convert_to(concat_ws('|', e.wallet_id, e.member_id, e.programme_id, e.seq, e.kind, e.points, e.balance_after,
            e.cause, e.order_ref, e.rule_version_id, e.actor, e.reason, extract(epoch FROM e.happened_at),
            extract(epoch FROM e.recorded_at))
            || CASE WHEN version >= 2 THEN concat('|debt ', e.debt_change, '|undoes ', e.undoes_id) ELSE '' END, 'UTF8')))
$$;

-- The digest of one programme's entries recorded on one UTC day, chained to the digest before it.
CREATE OR REPLACE FUNCTION loyalty_digest_of_day(of_programme bigint, day date, previous bytea, version int)
RETURNS TABLE (entries bigint, points bigint, digest bytea)
LANGUAGE sql STABLE AS $$
    SELECT count(*), coalesce(sum(d.points), 0)::bigint,
        sha256(previous || convert_to(day::text, 'UTF8') || coalesce(string_agg(d.digest, ''::bytea ORDER BY d.wallet_id, d.seq), ''::bytea))
    FROM (
        SELECT e.wallet_id, e.seq, e.points, loyalty_digest_of_entry(e, version) AS digest
        FROM loyalty_entry e
        WHERE e.programme_id = of_programme
            AND e.recorded_at >= day::timestamp AT TIME ZONE 'UTC'
            AND e.recorded_at < (day + 1)::timestamp AT TIME ZONE 'UTC'
    ) d
$$;
