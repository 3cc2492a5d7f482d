"""The laws of vouchers, as `verify_ledger` proves them: rows that these statements return should not exist."""

VOUCHER_LAWS = {
    "a voucher was used as often as its uses say": """
        SELECT 'voucher ' || v.id, coalesce(sum(u.uses), 0), v.uses
        FROM loyalty_voucher v LEFT JOIN loyalty_voucheruse u ON u.voucher_id = v.id
        GROUP BY v.id HAVING coalesce(sum(u.uses), 0) <> v.uses""",
    "a gift card holds what was put into it less what it paid": """
        SELECT 'voucher ' || v.id, v.worth_minor - coalesce(sum(u.amount_minor), 0), v.left_minor
        FROM loyalty_voucher v LEFT JOIN loyalty_voucheruse u ON u.voucher_id = v.id
        WHERE v.left_minor IS NOT NULL
        GROUP BY v.id HAVING v.worth_minor - coalesce(sum(u.amount_minor), 0) <> v.left_minor""",
    "of a purchase no more of a voucher comes back than was used": """
        SELECT 'voucher ' || voucher_id || ', order ' || order_ref, '0 or more', sum(uses) || ', ' || sum(amount_minor)
        FROM loyalty_voucheruse GROUP BY voucher_id, order_ref HAVING sum(uses) < 0 OR sum(amount_minor) < 0""",
    "a series was used as often, and gave as much, as the uses of its vouchers say": """
        SELECT 'series ' || t.series_id, coalesce(sum(u.uses), 0) || ' uses, ' || coalesce(sum(u.amount_minor), 0),
          t.uses || ' uses, ' || t.given_minor
        FROM loyalty_vouchertally t LEFT JOIN loyalty_voucheruse u ON u.series_id = t.series_id
        GROUP BY t.series_id
        HAVING (coalesce(sum(u.uses), 0), coalesce(sum(u.amount_minor), 0)) <> (t.uses, t.given_minor)""",
    "a use of a voucher has its purchase": """
        SELECT 'use ' || u.id, 'a purchase ' || u.order_ref, 'none'
        FROM loyalty_voucheruse u
        WHERE NOT EXISTS (SELECT FROM omnichannel_receipt r WHERE r.order_ref = u.order_ref)""",
    "a reservation was used by a use of its voucher": """
        SELECT 'reservation ' || r.ref, 'used by ' || r.order_ref, 'no use'
        FROM loyalty_voucherreservation r
        WHERE r.state = 'used' AND NOT EXISTS (
          SELECT FROM loyalty_voucheruse u WHERE u.voucher_id = r.voucher_id AND u.order_ref = r.order_ref)""",
}
