-- What returns left with a member and points that were spent by then still settle, when they come back: with the award's
-- purchase and rule, the first in front.
--
-- spent_as: number of the entry by which they were spent
CREATE OR REPLACE FUNCTION loyalty_forgiven_after(of_wallet bigint, spent_as bigint)
RETURNS TABLE (entry_id bigint, points bigint, order_ref varchar, rule_version_id bigint)
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN QUERY
    SELECT f.entry_id, f.points, e.order_ref, e.rule_version_id
    FROM loyalty_forgiven f JOIN loyalty_entry e ON e.id = f.entry_id AND e.member_id = f.member_id
    WHERE f.wallet_id = of_wallet AND f.points > 0 AND f.after_seq >= spent_as ORDER BY f.entry_id;
END
$$;

-- Write down what a return of a purchase left with the member, in place of what the return before it had left.
--
-- missing: [{entry_id (of the award), points}]
CREATE OR REPLACE FUNCTION loyalty_forgive(missing jsonb, of_order text, of_wallet bigint, of_member bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM loyalty_forgiven f USING loyalty_entry e
    WHERE f.wallet_id = of_wallet AND f.member_id = of_member AND e.id = f.entry_id AND e.order_ref = of_order;
    INSERT INTO loyalty_forgiven (wallet_id, member_id, entry_id, points, after_seq)
    SELECT w.id, w.member_id, x.entry_id, x.points, w.seq
    FROM jsonb_to_recordset(missing) AS x(entry_id bigint, points bigint)
    JOIN loyalty_wallet w ON w.id = of_wallet AND w.member_id = of_member;
END
$$;

-- Count entries that took what returns had left: less of it is left, and caps can give it again on the day of the award.
--
-- entries: as `loyalty_post` takes them; others among them are passed over
CREATE OR REPLACE FUNCTION loyalty_count_settled(entries jsonb, of_member bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    x record;
BEGIN
    FOR x IN
        SELECT r.value AS entry, e.id, (r.value->>'points')::bigint AS points,
            (e.happened_at AT TIME ZONE p.timezone)::date AS given_on
        FROM jsonb_array_elements(entries) r
        JOIN loyalty_entry e ON e.id = (r.value->>'undoes_id')::bigint AND e.member_id = of_member
        JOIN omnichannel_programme p ON p.id = e.programme_id
        WHERE r.value->>'cause' LIKE 'left:%' ORDER BY e.id
    LOOP
        UPDATE loyalty_forgiven SET points = points + x.points WHERE entry_id = x.id AND member_id = of_member;
        PERFORM loyalty_give_uses_back(jsonb_build_array(x.entry), of_member, x.given_on);
    END LOOP;
END
$$;
