-- Record members' purchases with their lines and receipts: all or none.
--
-- orders: [{ref, member_id, programme_id, place_id, till_id, number, source, placed_at, currency, subtotal_minor,
--           discount_minor, tax_minor, total_minor, payments, fulfilment, fingerprint (hex)}]
-- lines:  [{o (position of its order in `orders`, from 1), member_id, position, sku, name, category, department, brand,
--           kind (goods without it), quantity, unit_price_minor, discount_minor, tax_minor, paid_minor}]
--
-- Raises SQLSTATE RG002 when one of the receipts is known already; nothing is written then.
CREATE OR REPLACE FUNCTION omnichannel_record_orders(orders jsonb, lines jsonb, at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    wanted int := jsonb_array_length(orders);
    told int;
    ids bigint[];
BEGIN
    IF wanted = 0 THEN
        RETURN;
    END IF;
    INSERT INTO omnichannel_receipt (place_id, till_id, number, fingerprint, order_ref, member_id)
    SELECT x.place_id, x.till_id, x.number, decode(x.fingerprint, 'hex'), x.ref, x.member_id
    FROM jsonb_to_recordset(orders)
        AS x(place_id bigint, till_id bigint, number text, fingerprint text, ref text, member_id bigint)
    ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS told = ROW_COUNT;
    IF told <> wanted THEN
        RAISE EXCEPTION 'a receipt is known already' USING ERRCODE = 'RG002';
    END IF;

    ids := ARRAY(SELECT nextval('omnichannel_order_id_seq') FROM generate_series(1, wanted));

    INSERT INTO omnichannel_order (
        id, ref, member_id, programme_id, place_id, till_id, number, source, state, placed_at, recorded_at, currency,
        subtotal_minor, discount_minor, tax_minor, total_minor, payments, fulfilment)
    SELECT ids[x.o], x.ref, x.member_id, x.programme_id, x.place_id, x.till_id, x.number, x.source, 'completed',
        x.placed_at, at, x.currency, x.subtotal_minor, x.discount_minor, x.tax_minor, x.total_minor, x.payments,
        x.fulfilment
    FROM ROWS FROM (jsonb_to_recordset(orders) AS (
            ref text, member_id bigint, programme_id bigint, place_id bigint, till_id bigint, number text, source text,
            placed_at timestamptz, currency text, subtotal_minor bigint, discount_minor bigint, tax_minor bigint,
            total_minor bigint, payments jsonb, fulfilment text)
        ) WITH ORDINALITY AS x(
            ref, member_id, programme_id, place_id, till_id, number, source, placed_at, currency, subtotal_minor,
            discount_minor, tax_minor, total_minor, payments, fulfilment, o);

    INSERT INTO omnichannel_orderline (
        order_id, member_id, position, sku, name, category, department, brand, kind, quantity,
        unit_price_minor, discount_minor, tax_minor, paid_minor)
    SELECT ids[x.o], x.member_id, x.position, x.sku, x.name, x.category, x.department, x.brand,
        coalesce(x.kind, 'goods'), x.quantity, x.unit_price_minor, x.discount_minor, x.tax_minor, x.paid_minor
    FROM jsonb_to_recordset(lines) AS x(
        o int, member_id bigint, position smallint, sku text, name text, category text, department text, brand text,
        kind text, quantity int, unit_price_minor bigint, discount_minor bigint, tax_minor bigint, paid_minor bigint);
END
$$;

-- Record purchases that nobody has put a member to. The same documents, with `lines`, `earns_nothing`
-- (positions) and `answer` in each order.
CREATE OR REPLACE FUNCTION omnichannel_record_unclaimed(orders jsonb, at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    told int;
BEGIN
    INSERT INTO omnichannel_receipt (place_id, till_id, number, fingerprint, order_ref)
    SELECT x.place_id, x.till_id, x.number, decode(x.fingerprint, 'hex'), x.ref
    FROM jsonb_to_recordset(orders) AS x(place_id bigint, till_id bigint, number text, fingerprint text, ref text)
    ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS told = ROW_COUNT;
    IF told <> jsonb_array_length(orders) THEN
        RAISE EXCEPTION 'a receipt is known already' USING ERRCODE = 'RG002';
    END IF;
    INSERT INTO omnichannel_unclaimedorder (
        ref, programme_id, place_id, till_id, number, source, placed_at, recorded_at, currency, subtotal_minor,
        discount_minor, tax_minor, total_minor, lines, payments, fulfilment, earns_nothing, answer)
    SELECT x.ref, x.programme_id, x.place_id, x.till_id, x.number, x.source, x.placed_at, at, x.currency,
        x.subtotal_minor, x.discount_minor, x.tax_minor, x.total_minor, x.lines, x.payments, x.fulfilment, x.earns_nothing,
        x.answer
    FROM jsonb_to_recordset(orders) AS x(
        ref text, programme_id bigint, place_id bigint, till_id bigint, number text, source text, placed_at timestamptz,
        currency text, subtotal_minor bigint, discount_minor bigint, tax_minor bigint, total_minor bigint, lines jsonb,
        payments jsonb, fulfilment text, earns_nothing jsonb, answer text);
END
$$;
