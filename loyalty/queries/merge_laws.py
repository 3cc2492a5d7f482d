"""What must hold of merges: nothing is made or lost on the way from one wallet to another."""

MERGE_LAWS = {
    "what leaves a wallet by a merge comes to another": """
        SELECT 'merge entries ' || e.cause, '0 in all', sum(e.points)
        FROM loyalty_entry e WHERE e.kind IN ('merge_out', 'merge_in', 'merge_back')
        GROUP BY e.cause, e.programme_id HAVING sum(e.points) <> 0""",
    "a merged lot is of the purchase of the lot it came from": """
        SELECT 'lot ' || k.to_lot_id, concat_ws(', ', f.order_ref, f.wallet_id, k.to_wallet_id),
          concat_ws(', ', t.order_ref, k.wallet_id, t.wallet_id)
        FROM loyalty_mergedlot k
        JOIN loyalty_lot f ON f.id = k.lot_id JOIN loyalty_lot t ON t.id = k.to_lot_id
        WHERE (f.order_ref, f.wallet_id, t.wallet_id) <> (t.order_ref, k.wallet_id, k.to_wallet_id)""",
}
