-- Everything a purchase has to know before it is settled, read without a lock: the document that
-- `loyalty.queries.checkout.PurchaseFacts` describes. `kind` is "ref" or that of an identity. What
-- labels and caps say is read where a rule asks.
--
-- windows: {zone, at, now}: what counts towards tiers on the day of the purchase, and today
CREATE OR REPLACE FUNCTION loyalty_purchase_facts(
    of_key bigint, of_caller text, idempotency_key text, told text, in_programme bigint, at_place bigint, at_till bigint,
    receipt_number text, member_kind text, member_value text, placed timestamptz, windows jsonb, placed_on date,
    today date, skus text[], at timestamptz, asks_labels boolean, capped text[]
) RETURNS text
LANGUAGE plpgsql STABLE SET plan_cache_mode = 'force_generic_plan' SET enable_seqscan = 'off' AS $$
DECLARE
    m record;
    w loyalty_wallet;
    can_spend bigint;
    enrolled_on date;
BEGIN
    IF member_kind = 'ref' THEN
        SELECT id, ref, state, birth_month, birth_day, enrolled_at, merged_into_id INTO m FROM members_member WHERE ref = member_value;
        IF m.merged_into_id IS NOT NULL THEN
            SELECT id, ref, state, birth_month, birth_day, enrolled_at INTO m FROM members_member WHERE id = m.merged_into_id;
        END IF;
    ELSE
        SELECT p.id, p.ref, p.state, p.birth_month, p.birth_day, p.enrolled_at INTO m
        FROM members_identity n JOIN members_member p ON p.id = n.member_id WHERE n.kind = member_kind AND n.value = member_value;
    END IF;
    enrolled_on := (m.enrolled_at AT TIME ZONE (windows->>'zone'))::date;
    SELECT * INTO w FROM loyalty_wallet WHERE member_id = m.id AND programme_id = in_programme;
    IF w.figures_hold_from <= at AND (w.figures_hold_until > at) IS NOT FALSE THEN
        can_spend := w.spendable;
    ELSE
        SELECT greatest(coalesce(sum(l.remaining), 0) - (SELECT h.points FROM loyalty_held(w.id, at) h), 0) INTO can_spend FROM loyalty_lot l
        WHERE l.wallet_id = w.id AND l.remaining > 0 AND l.available_from <= at AND (l.expires_at > at) IS NOT FALSE;
    END IF;
    RETURN json_build_object(
        'is_key_live', EXISTS (SELECT FROM omnichannel_apikey k
            WHERE k.id = of_key AND k.revoked_at IS NULL AND (k.expires_at > at) IS NOT FALSE),
        'kept', (SELECT json_build_object('fingerprint', encode(i.fingerprint, 'hex'), 'status', i.status, 'body', i.body)
            FROM ground_idempotencykey i WHERE i.caller = of_caller AND i.key = idempotency_key),
        'receipt', (SELECT json_build_object('fingerprint', encode(r.fingerprint, 'hex'),
                'is_same_till', r.till_id IS NOT DISTINCT FROM at_till, 'order_ref', r.order_ref,
                'answer', coalesce(
                    (SELECT s.answer FROM loyalty_settlement s
                     WHERE s.order_ref = r.order_ref AND s.member_id = r.member_id),
                    (SELECT u.answer FROM omnichannel_unclaimedorder u WHERE u.ref = r.order_ref)))
            FROM omnichannel_receipt r
            WHERE r.place_id = at_place AND r.number = receipt_number
                AND (r.till_id IS NOT DISTINCT FROM at_till OR r.fingerprint = decode(told, 'hex'))
            ORDER BY r.till_id IS NOT DISTINCT FROM at_till DESC LIMIT 1),
        'member', CASE WHEN m.id IS NOT NULL THEN json_build_object('id', m.id, 'ref', m.ref, 'state', m.state,
            'enrolled_at', m.enrolled_at, 'birthday', CASE WHEN m.birth_month IS NOT NULL THEN json_build_array(m.birth_month, m.birth_day) END) END,
        'wallet', CASE WHEN w.id IS NOT NULL THEN json_build_object(
            'version', w.version, 'terms_stamp', w.terms_stamp, 'spendable', can_spend) END,
        'stamp', (SELECT t.stamp FROM loyalty_programmeterms t WHERE t.programme_id = in_programme),
        'counted', loyalty_counted(w.id, loyalty_window_from(windows->'at', enrolled_on, placed_on), placed_on, placed_on),
        'counted_now', CASE WHEN placed_on < today THEN
            loyalty_counted(w.id, loyalty_window_from(windows->'now', enrolled_on, today), today, placed_on) END,
        'standings', (SELECT coalesce(json_agg(json_build_object('tier_id', s.tier_id, 'from_at', s.from_at,
                'until_at', s.until_at, 'is_given', s.given_by <> '')), '[]') FROM loyalty_tierstanding s
            WHERE s.wallet_id = w.id AND s.until_at > placed),
        'offers', (SELECT coalesce(json_agg(json_build_object('id', g.id, 'ref', g.ref, 'title', g.title,
                'effect', g.effect) ORDER BY g.valid_until, g.id), '[]') FROM loyalty_grant g
            WHERE g.member_id = m.id AND g.programme_id = in_programme AND g.uses < g.max_uses
                AND g.valid_from <= placed AND g.valid_until > placed),
        'products', (SELECT coalesce(json_agg(json_build_object('sku', p.sku, 'name', p.name, 'category', p.category,
                'department', p.department, 'brand', p.brand)), '[]') FROM omnichannel_product p
            WHERE p.programme_id = in_programme AND p.sku = ANY (skus)),
        'holds_vouchers', EXISTS (SELECT FROM loyalty_voucher v WHERE v.member_id = m.id AND v.revoked_at IS NULL
            AND (v.uses < v.max_uses OR v.max_uses IS NULL)),
        'place_kind', (SELECT p.kind FROM omnichannel_place p WHERE p.id = at_place),
        'labels', CASE WHEN asks_labels THEN (SELECT coalesce(json_agg(b.code), '[]') FROM loyalty_memberlabel c
            JOIN loyalty_label b ON b.id = c.label_id AND b.programme_id = in_programme WHERE c.member_id = m.id)
            ELSE '[]' END,
        'used', CASE WHEN cardinality(capped) > 0
            THEN loyalty_uses(in_programme, m.id, capped, ARRAY['', left(placed_on::text, 7), placed_on::text]) ELSE '[]' END);
END
$$;
