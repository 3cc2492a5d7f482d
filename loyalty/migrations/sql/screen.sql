-- What stands in two or more of these purchases: [{sku, name, quantity, times}], at most five.
CREATE OR REPLACE FUNCTION loyalty_usual_order(purchases bigint[]) RETURNS json
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        SELECT coalesce(json_agg(json_build_object('sku', u.sku, 'name', u.name, 'quantity', u.quantity, 'times', u.times)
            ORDER BY u.times DESC, u.sku), '[]')
        FROM (
            SELECT l.sku, max(l.name) AS name, mode() WITHIN GROUP (ORDER BY l.quantity) AS quantity,
                count(DISTINCT l.order_id) AS times
            FROM omnichannel_orderline l WHERE l.order_id = ANY (purchases)
            GROUP BY l.sku HAVING min(l.order_id) < max(l.order_id)
            ORDER BY times DESC, l.sku LIMIT 5) u);
END
$$;

-- The last conversation with a member or case of theirs, and what was promised and is due first: {contact, promise}.
CREATE OR REPLACE FUNCTION loyalty_talks(with_member bigint, in_programme bigint) RETURNS json
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN json_build_object(
        'contact', (SELECT json_build_object('kind', c.kind, 'at', c.at, 'where', c.place, 'what', c.what,
                'by', coalesce(nullif(c.by, ''), (SELECT s.display_name FROM staff_staff s
                    WHERE s.id = substring(c.actor FROM '^staff:([0-9]+)$')::bigint), '')) FROM (
                (SELECT i.kind, i.happened_at AS at, coalesce(p.name, '') AS place, i.outcome AS what, i.by, i.actor
                 FROM omnichannel_interaction i LEFT JOIN omnichannel_place p ON p.id = i.place_id
                 WHERE i.member_id = with_member AND i.programme_id = in_programme
                 ORDER BY i.happened_at DESC, i.id DESC LIMIT 1)
                UNION ALL
                (SELECT 'case', c.opened_at, coalesce(p.name, ''), c.subject, '', c.opened_by
                 FROM omnichannel_servicecase c LEFT JOIN omnichannel_place p ON p.id = c.place_id
                 WHERE c.member_id = with_member AND c.programme_id = in_programme
                 ORDER BY c.opened_at DESC, c.id DESC LIMIT 1)
            ) c ORDER BY c.at DESC LIMIT 1),
        'promise', (SELECT json_build_object('what', i.promise, 'due_on', i.promise_due_on, 'at', i.happened_at)
            FROM omnichannel_interaction i
            WHERE i.member_id = with_member AND i.programme_id = in_programme AND NOT (i.promise = '')
                AND i.promise_kept_at IS NULL
            ORDER BY i.promise_due_on, i.id LIMIT 1));
END
$$;

-- Whether a day is within so many days before and after a birthday: as `loyalty.rules.birthdays.window_around`, of which it is
-- the twin. Who was born on 29 February has it on the 28th in years without one.
CREATE OR REPLACE FUNCTION loyalty_is_near_birthday(month int, day int, today date, days_before int, days_after int) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT coalesce(bool_or(today BETWEEN b.falls_on - days_before AND b.falls_on + days_after), false)
    FROM generate_series(-1, 1) AS n
    CROSS JOIN LATERAL (SELECT make_date(extract(year FROM today)::int + n, month, 1) AS begins) f
    CROSS JOIN LATERAL (SELECT least(f.begins + day - 1, (f.begins + interval '1 month')::date - 1) AS falls_on) b
$$;

-- The benefits that a member has and can use now: [{ref, kind, title, valid_until}], the one that ends first in front.
CREATE OR REPLACE FUNCTION loyalty_benefits_in_hand(
    for_member bigint, in_programme bigint, month int, day int, today date, at timestamptz
) RETURNS json
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        SELECT coalesce(json_agg(json_build_object('ref', g.ref, 'kind', b.kind, 'title', b.title,
            'valid_until', g.valid_until) ORDER BY g.valid_until, g.id), '[]')
        FROM loyalty_wallet w
        JOIN loyalty_benefitgrant g ON g.wallet_id = w.id AND g.valid_until > at AND g.granted_at <= at
        JOIN loyalty_benefit b ON b.id = g.benefit_id
        WHERE w.member_id = for_member AND w.programme_id = in_programme
            AND (b.uses IS NULL OR b.uses > (
                SELECT count(*) FROM loyalty_benefitbooking k
                WHERE k.grant_id = g.id AND k.state = 'used' AND k.year = CASE WHEN b.is_each_year THEN extract(
                    year FROM age((at AT TIME ZONE 'UTC')::date, (g.granted_at AT TIME ZONE 'UTC')::date)) ELSE 0 END))
            AND (b.kind <> 'birthday_gift' OR loyalty_is_near_birthday(month, day, today, b.days_before, b.days_after)));
END
$$;

-- The till's first screen: the document that `loyalty.queries.till.Found` describes. The usual order is that of the last `orders`
-- purchases.
-- `member_kind` is "ref" or that of an identity. What is known: see loyalty_wallet_facts.
CREATE OR REPLACE FUNCTION loyalty_till_screen(
    of_key bigint, in_programme bigint, in_zone text, member_kind text, member_value text, orders int, at timestamptz,
    known_stamp bigint DEFAULT NULL, known_since date DEFAULT NULL, known_until date DEFAULT NULL
) RETURNS text
LANGUAGE plpgsql STABLE SET plan_cache_mode = 'force_generic_plan' SET enable_seqscan = 'off' AS $$
DECLARE
    m members_member;
    today date := (at AT TIME ZONE in_zone)::date;
    is_key_live boolean;
    latest bigint[];
BEGIN
    is_key_live := EXISTS (SELECT FROM omnichannel_apikey k
        WHERE k.id = of_key AND k.revoked_at IS NULL AND (k.expires_at > at) IS NOT FALSE);
    IF member_kind = 'ref' THEN
        SELECT * INTO m FROM members_member WHERE ref = member_value AND state <> 'erased';
        IF m.merged_into_id IS NOT NULL THEN
            SELECT * INTO m FROM members_member WHERE id = m.merged_into_id AND state = 'active';
        END IF;
    ELSE
        SELECT p.* INTO m FROM members_identity n JOIN members_member p ON p.id = n.member_id
        WHERE n.kind = member_kind AND n.value = member_value AND p.state = 'active';
    END IF;
    IF m.id IS NULL THEN
        RETURN json_build_object('is_key_live', is_key_live, 'screen', NULL);
    END IF;
    -- OFFSET 0: by the member's index, also while nobody has analysed the tables.
    latest := ARRAY(
        SELECT o.id FROM (
            SELECT id, programme_id FROM omnichannel_order WHERE member_id = m.id ORDER BY placed_at DESC OFFSET 0) o
        WHERE o.programme_id = in_programme LIMIT orders);
    -- A long question is asked by who has any: to get it ready costs more than to learn that there is none.
    RETURN json_build_object('is_key_live', is_key_live,
        'vouchers', CASE WHEN EXISTS (SELECT FROM loyalty_voucher v WHERE v.member_id = m.id)
            THEN loyalty_vouchers_in_hand(m.id, in_programme, at) ELSE '[]' END,
        'wallet', loyalty_wallet_facts(m.id, in_programme, at, known_stamp, known_since, known_until),
        'screen', json_build_object(
        'member', json_build_object('ref', m.ref,
            'display_name', coalesce(nullif(m.display_name, ''), trim(m.given_name || ' ' || m.family_name)),
            'language', m.language,
            'has_birthday_today', coalesce(
                m.birth_month = extract(month FROM today) AND m.birth_day = extract(day FROM today), false)),
        'usual_order', CASE WHEN cardinality(latest) > 1 THEN loyalty_usual_order(latest) ELSE '[]' END,
        'wishes', coalesce((
            SELECT json_build_object('packaging', p.packaging, 'invoice', p.invoice, 'interests', p.interests)
            FROM members_preference p WHERE p.member_id = m.id), '{}'),
        'last_purchase', (SELECT json_build_object('kind', 'purchase', 'at', o.placed_at, 'where', p.name, 'what', o.number)
            FROM omnichannel_order o JOIN omnichannel_place p ON p.id = o.place_id WHERE o.id = latest[1]),
        'last_message', (SELECT json_build_object('kind', g.channel, 'at', g.sent_at, 'where', '', 'what', g.subject)
            FROM omnichannel_message g
            WHERE g.member_id = m.id AND g.sent_at IS NOT NULL ORDER BY g.sent_at DESC LIMIT 1),
        'talks', CASE WHEN EXISTS (SELECT FROM omnichannel_interaction i WHERE i.member_id = m.id)
                OR EXISTS (SELECT FROM omnichannel_servicecase c WHERE c.member_id = m.id)
            THEN loyalty_talks(m.id, in_programme) END,
        'household', CASE WHEN EXISTS (SELECT FROM members_householdplace p WHERE p.member_id = m.id AND p.left_at IS NULL)
            THEN loyalty_household_points(m.id, in_programme, at) END,
        'benefits', CASE WHEN EXISTS (SELECT FROM loyalty_wallet w
                JOIN loyalty_benefitgrant g ON g.wallet_id = w.id AND g.valid_until > at
                WHERE w.member_id = m.id AND w.programme_id = in_programme)
            THEN loyalty_benefits_in_hand(m.id, in_programme, m.birth_month, m.birth_day, today, at) ELSE '[]' END,
        'offer', (SELECT json_build_object('ref', g.ref, 'title', g.title, 'mention', g.mention,
                'valid_until', g.valid_until)
            FROM loyalty_grant g WHERE g.member_id = m.id AND g.programme_id = in_programme AND g.uses < g.max_uses
                AND g.valid_from <= at AND g.valid_until > at ORDER BY g.valid_until, g.id LIMIT 1)));
END
$$;
