"""The laws of the books, for `queries/verification.py`."""

LAWS = {
    "the books of a final day are its entries": """
        WITH booked AS (
          SELECT programme_id, recorded_on, l.kind, sum(l.points) AS points, sum(l.debt_change) AS debt,
            sum(l.entries) AS n
          FROM loyalty_bookline l JOIN loyalty_bookedday d USING (programme_id, recorded_on)
          WHERE d.is_final GROUP BY 1, 2, 3),
        ledger AS (
          SELECT e.programme_id, (e.recorded_at AT TIME ZONE 'UTC')::date AS recorded_on, e.kind,
            sum(e.points) AS points, sum(e.debt_change) AS debt, count(*) AS n
          FROM loyalty_entry e
          JOIN (SELECT programme_id, max(recorded_on) AS until FROM loyalty_bookedday WHERE is_final GROUP BY 1) d
            ON d.programme_id = e.programme_id AND e.recorded_at < (d.until + 1)::timestamp AT TIME ZONE 'UTC'
          GROUP BY 1, 2, 3)
        SELECT 'programme ' || coalesce(b.programme_id, g.programme_id) || ', recorded on '
            || coalesce(b.recorded_on, g.recorded_on) || ', ' || coalesce(b.kind, g.kind),
          concat_ws(', ', g.n || ' entries', g.points || ' points', g.debt || ' debt'),
          concat_ws(', ', b.n || ' entries', b.points || ' points', b.debt || ' debt')
        FROM booked b FULL JOIN ledger g USING (programme_id, recorded_on, kind)
        WHERE (b.points, b.debt, b.n) IS DISTINCT FROM (g.points, g.debt, g.n)""",
    "the books count on the day it happened, or on the first open one": """
        SELECT 'book line ' || l.id, loyalty_booked_on(l.programme_id, l.happened_on, l.recorded_on), l.booked_on
        FROM loyalty_bookline l
        WHERE l.booked_on <> loyalty_booked_on(l.programme_id, l.happened_on, l.recorded_on)""",
    "a closed month came to what its lines say": """
        SELECT 'month ' || m.month_on || ', programme ' || m.programme_id,
          coalesce(sum(l.points + l.debt_change), 0) || ' points, ' || coalesce(sum(l.debt_change), 0) || ' owed',
          m.closing_points || ' points, ' || m.debt_points || ' owed'
        FROM loyalty_bookmonth m
        LEFT JOIN loyalty_bookline l ON l.programme_id = m.programme_id AND l.booked_on <= m.last_on
        WHERE m.state = 'closed' GROUP BY m.id
        HAVING (coalesce(sum(l.points + l.debt_change), 0), coalesce(sum(l.debt_change), 0))
          <> (m.closing_points, m.debt_points)""",
    "a closed month's journal is the change of its liability": """
        SELECT 'month ' || m.month_on || ', programme ' || m.programme_id,
          m.liability_minor - m.before, coalesce(sum(j.effect), 0)
        FROM (SELECT *, coalesce(lag(liability_minor) OVER (PARTITION BY programme_id ORDER BY month_on), 0) AS before
              FROM loyalty_bookmonth WHERE state = 'closed') m
        LEFT JOIN (
          SELECT month_id, CASE WHEN side IN ('spent', 'broken') THEN -amount_minor ELSE amount_minor END AS effect
          FROM loyalty_journalline) j ON j.month_id = m.id
        GROUP BY m.id, m.month_on, m.programme_id, m.liability_minor, m.before
        HAVING m.liability_minor - m.before <> coalesce(sum(j.effect), 0)""",
    "what is left of all cohorts is what final days left in the lots": """
        WITH cohorts AS (
          SELECT c.programme_id, sum(c.points) AS points
          FROM loyalty_cohortline c JOIN loyalty_bookedday d USING (programme_id, recorded_on)
          WHERE d.is_final GROUP BY 1),
        lines AS (
          SELECT l.programme_id, sum(l.points + l.debt_change) AS points
          FROM loyalty_bookline l JOIN loyalty_bookedday d USING (programme_id, recorded_on)
          WHERE d.is_final GROUP BY 1)
        SELECT 'programme ' || l.programme_id, l.points, coalesce(c.points, 0)
        FROM lines l LEFT JOIN cohorts c USING (programme_id) WHERE l.points <> coalesce(c.points, 0)""",
}
