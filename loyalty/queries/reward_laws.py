"""The laws of rewards, for `queries/verification.py`."""

LAWS = {
    "a redemption was paid with its points, and gave them back if it was cancelled": """
        SELECT 'redemption ' || coalesce(r.ref, e.ref),
          coalesce(r.spent, 0) || ' spent, ' || coalesce(r.back, 0) || ' back',
          coalesce(e.spent, 0) || ' spent, ' || coalesce(e.back, 0) || ' back'
        FROM (
          SELECT ref, wallet_id, points AS spent, CASE state WHEN 'cancelled' THEN points ELSE 0 END AS back
          FROM loyalty_redemption) r
        FULL JOIN (
          SELECT wallet_id, split_part(cause, ':', 2) AS ref,
            coalesce(-sum(points) FILTER (WHERE kind = 'spend'), 0) AS spent,
            coalesce(sum(points) FILTER (WHERE kind = 'reverse_spend'), 0) AS back
          FROM loyalty_entry WHERE cause LIKE 'redeem:%%' OR cause LIKE 'unredeem:%%' GROUP BY 1, 2) e
          USING (wallet_id, ref)
        WHERE (coalesce(r.spent, 0), coalesce(r.back, 0)) <> (coalesce(e.spent, 0), coalesce(e.back, 0))""",
    "what is taken of a reward's stock is what was redeemed": """
        SELECT 'stock ' || s.id, count(d.id), s.taken
        FROM loyalty_rewardstock s
        LEFT JOIN loyalty_redemption d ON d.reward_id = s.reward_id AND d.state <> 'cancelled'
          AND (s.place_id IS NULL OR d.place_id = s.place_id)
        GROUP BY s.id HAVING count(d.id) <> s.taken""",
    "who redeemed a voucher holds it, until it is cancelled": """
        SELECT 'redemption ' || d.ref, CASE d.state WHEN 'cancelled' THEN 'a revoked voucher' ELSE 'a voucher' END,
          CASE WHEN v.id IS NULL THEN 'none' WHEN v.revoked_at IS NULL THEN 'a voucher' ELSE 'a revoked voucher' END
        FROM loyalty_redemption d
        JOIN loyalty_reward r ON r.id = d.reward_id
        LEFT JOIN loyalty_voucher v ON v.id = d.voucher_id AND v.member_id = d.member_id
          AND v.series_id IS NOT DISTINCT FROM r.series_id AND v.cause = 'redemption:' || d.ref
        WHERE r.kind = 'voucher' AND (v.id IS NULL OR d.state = 'cancelled' AND v.revoked_at IS NULL)""",
}
