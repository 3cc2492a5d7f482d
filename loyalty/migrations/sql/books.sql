-- The day on which something counts in the books: the day it happened, or the first day after all months that were closed
-- without what was recorded on that day.
CREATE OR REPLACE FUNCTION loyalty_booked_on(of_programme bigint, happened date, recorded date) RETURNS date
LANGUAGE sql STABLE AS $$
    SELECT greatest(happened, (
        SELECT max(m.last_on) + 1 FROM loyalty_bookmonth m
        WHERE m.programme_id = of_programme AND m.state = 'closed' AND m.recorded_until < recorded))
$$;

-- Sum the entries that were recorded on a UTC day, anew each time; what was summed of it before goes. The programme's books
-- are locked by the caller. Returns how many entries there are.
CREATE OR REPLACE FUNCTION loyalty_book_day(of_programme bigint, day date, final boolean, at timestamptz) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    zone text := (SELECT p.timezone FROM omnichannel_programme p WHERE p.id = of_programme);
    since timestamptz := day::timestamp AT TIME ZONE 'UTC';
    until timestamptz := (day + 1)::timestamp AT TIME ZONE 'UTC';
    counted bigint;
BEGIN
    DELETE FROM loyalty_bookline WHERE programme_id = of_programme AND recorded_on = day;
    INSERT INTO loyalty_bookline (programme_id, recorded_on, happened_on, booked_on, kind, points, debt_change, entries)
    SELECT of_programme, day, x.happened_on, loyalty_booked_on(of_programme, x.happened_on, day), x.kind, sum(x.points),
        sum(x.debt_change), count(*)
    FROM (SELECT (e.happened_at AT TIME ZONE zone)::date AS happened_on, e.kind, e.points, e.debt_change FROM loyalty_entry e
          WHERE e.programme_id = of_programme AND e.recorded_at >= since AND e.recorded_at < until) x
    GROUP BY x.happened_on, x.kind;

    DELETE FROM loyalty_cohortline WHERE programme_id = of_programme AND recorded_on = day;
    INSERT INTO loyalty_cohortline (programme_id, recorded_on, cohort_on, moved_on, kind, points)
    SELECT of_programme, day, b.cohort_on, m.moved_on, m.kind, sum(m.points)
    FROM (
        SELECT v.lot_id, v.member_id, e.kind, date_trunc('month', e.happened_at AT TIME ZONE zone)::date AS moved_on,
            sum(v.points) AS points
        FROM loyalty_entry e JOIN loyalty_lotmove v ON v.entry_id = e.id AND v.member_id = e.member_id
        WHERE e.programme_id = of_programme AND e.recorded_at >= since AND e.recorded_at < until
        GROUP BY 1, 2, 3, 4) m
    CROSS JOIN LATERAL (
        SELECT date_trunc('month', e.happened_at AT TIME ZONE zone)::date AS cohort_on
        FROM loyalty_lotmove f JOIN loyalty_entry e ON e.id = f.entry_id AND e.member_id = f.member_id
        WHERE f.lot_id = m.lot_id AND f.member_id = m.member_id ORDER BY f.id LIMIT 1) b
    GROUP BY b.cohort_on, m.moved_on, m.kind;

    SELECT coalesce(sum(l.entries), 0) INTO counted FROM loyalty_bookline l
    WHERE l.programme_id = of_programme AND l.recorded_on = day;
    INSERT INTO loyalty_bookedday (programme_id, recorded_on, entries, is_final, booked_at)
    VALUES (of_programme, day, counted, final, at)
    ON CONFLICT (programme_id, recorded_on) DO UPDATE
    SET entries = excluded.entries, is_final = excluded.is_final, booked_at = excluded.booked_at;
    RETURN counted;
END
$$;
