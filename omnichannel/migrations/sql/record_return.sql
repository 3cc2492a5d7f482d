-- How many of a line came back so far.
CREATE OR REPLACE FUNCTION omnichannel_returned(of_order bigint, of_position int) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT coalesce(sum(l.quantity), 0) FROM omnichannel_orderreturn r
        JOIN omnichannel_returnline l ON l.order_return_id = r.id AND l.position = of_position
        WHERE r.order_id = of_order);
END
$$;

-- Record what came back of a purchase, and the state that the purchase is in from now on. The caller holds the wallet's lock.
--
-- r: {ref, order_id, member_id, place_id, till_id, kind, number, fingerprint (hex), returned_at, refund_minor,
--     lines: [{position, quantity}], state (the order's from now on)}
CREATE OR REPLACE FUNCTION omnichannel_record_return(r jsonb, at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    made bigint;
BEGIN
    INSERT INTO omnichannel_orderreturn (
        ref, order_id, member_id, place_id, till_id, kind, number, fingerprint, returned_at, recorded_at, refund_minor)
    VALUES (
        r->>'ref', (r->>'order_id')::bigint, (r->>'member_id')::bigint, (r->>'place_id')::bigint, (r->>'till_id')::bigint,
        r->>'kind', r->>'number', decode(r->>'fingerprint', 'hex'), (r->>'returned_at')::timestamptz, at,
        (r->>'refund_minor')::bigint)
    RETURNING id INTO made;

    INSERT INTO omnichannel_returnline (order_return_id, member_id, position, quantity)
    SELECT made, (r->>'member_id')::bigint, x.position, x.quantity
    FROM jsonb_to_recordset(r->'lines') AS x(position smallint, quantity int);

    UPDATE omnichannel_order SET state = r->>'state'
    WHERE id = (r->>'order_id')::bigint AND member_id = (r->>'member_id')::bigint;
END
$$;
