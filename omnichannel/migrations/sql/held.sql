-- What a member holds of some products: lines of purchases that have not come back, the latest purchase first.
--
-- until: purchases after this moment do not count
CREATE OR REPLACE FUNCTION omnichannel_held(of_member bigint, in_programme bigint, skus text[], until timestamptz)
RETURNS TABLE (order_ref text, line_position int, sku text, pieces bigint)
LANGUAGE plpgsql STABLE SET plan_cache_mode = 'force_generic_plan' SET enable_seqscan = 'off' AS $$
BEGIN
    RETURN QUERY
    SELECT h.ref, h.position::int, h.sku, h.pieces FROM (
        SELECT o.ref::text, l.position, l.sku::text, o.placed_at, o.id, l.quantity - omnichannel_returned(o.id, l.position) AS pieces
        FROM omnichannel_order o JOIN omnichannel_orderline l ON l.order_id = o.id AND l.sku = ANY (skus)
        WHERE o.member_id = of_member AND o.programme_id = in_programme AND o.placed_at <= until
            AND o.state IN ('completed', 'partially_returned')) h
    WHERE h.pieces > 0 ORDER BY h.placed_at DESC, h.id DESC, h.position;
END
$$;
