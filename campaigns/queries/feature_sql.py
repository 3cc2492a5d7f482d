"""The sums and the feature row as set-based statements over orders, lines, returns and tier standings.

Each takes the members and days that were touched and derives them whole, so running one again changes nothing. All read
`programme`, `zone` (its timezone), `members` and `days` (pairs, in step), `all_members` and `now`.

What is gone is found by EXCEPT, which is hashed or sorted whatever the planner expects: as NOT EXISTS it went through
all sums for each of them where the tables had been empty when they were looked at last.
"""

DAY_SUMS = """
WITH touched AS (SELECT * FROM unnest(%(members)s::bigint[], %(days)s::date[]) AS t(member_id, bought_on)),
bought AS (
    SELECT t.member_id, t.bought_on, count(*) AS purchases,
           sum(o.total_minor - CASE WHEN o.state = 'partially_returned' THEN (
               SELECT sum((l.quantity * l.unit_price_minor - l.discount_minor)
                          * omnichannel_returned(o.id, l.position) / l.quantity)
                 FROM omnichannel_orderline l
                WHERE l.order_id = o.id AND l.member_id = o.member_id AND l.quantity > 0) ELSE 0 END) AS spent_minor
      FROM touched t
      JOIN omnichannel_order o ON o.member_id = t.member_id AND o.programme_id = %(programme)s
       AND o.placed_at >= t.bought_on::timestamp AT TIME ZONE %(zone)s
       AND o.placed_at < (t.bought_on + 1)::timestamp AT TIME ZONE %(zone)s
       AND o.state NOT IN ('open', 'cancelled', 'returned')
     GROUP BY t.member_id, t.bought_on),
gone AS (
    DELETE FROM campaigns_memberday d USING (
        SELECT c.member_id, c.bought_on FROM campaigns_memberday c JOIN touched t USING (member_id, bought_on)
         WHERE c.programme_id = %(programme)s
        EXCEPT SELECT member_id, bought_on FROM bought) x
     WHERE d.member_id = x.member_id AND d.programme_id = %(programme)s AND d.bought_on = x.bought_on)
INSERT INTO campaigns_memberday AS d (member_id, programme_id, bought_on, purchases, spent_minor)
SELECT member_id, %(programme)s, bought_on, purchases, spent_minor FROM bought
    ON CONFLICT (member_id, programme_id, bought_on)
    DO UPDATE SET purchases = EXCLUDED.purchases, spent_minor = EXCLUDED.spent_minor
 WHERE (d.purchases, d.spent_minor) IS DISTINCT FROM (EXCLUDED.purchases, EXCLUDED.spent_minor)
"""

CATEGORY_SUMS = """
WITH touched AS (
    SELECT DISTINCT member_id, date_trunc('month', bought_on)::date AS month_on
      FROM unnest(%(members)s::bigint[], %(days)s::date[]) AS t(member_id, bought_on)),
bought AS (
    SELECT t.member_id, t.month_on, l.department, l.category,
           sum(l.quantity * l.unit_price_minor - l.discount_minor
               - CASE WHEN o.state = 'partially_returned' AND l.quantity > 0 THEN
                     (l.quantity * l.unit_price_minor - l.discount_minor)
                     * omnichannel_returned(o.id, l.position) / l.quantity ELSE 0 END) AS spent_minor
      FROM touched t
      JOIN omnichannel_order o ON o.member_id = t.member_id AND o.programme_id = %(programme)s
       AND o.placed_at >= t.month_on::timestamp AT TIME ZONE %(zone)s
       AND o.placed_at < (t.month_on + interval '1 month') AT TIME ZONE %(zone)s
       AND o.state NOT IN ('open', 'cancelled', 'returned')
      JOIN omnichannel_orderline l ON l.order_id = o.id AND l.member_id = o.member_id
     GROUP BY t.member_id, t.month_on, l.department, l.category),
gone AS (
    DELETE FROM campaigns_membercategory c USING (
        SELECT d.member_id, d.month_on, d.department, d.category
          FROM campaigns_membercategory d JOIN touched t USING (member_id, month_on)
         WHERE d.programme_id = %(programme)s
        EXCEPT SELECT member_id, month_on, department, category FROM bought) x
     WHERE c.member_id = x.member_id AND c.programme_id = %(programme)s AND c.month_on = x.month_on
       AND c.department = x.department AND c.category = x.category)
INSERT INTO campaigns_membercategory AS c (member_id, programme_id, month_on, department, category, spent_minor)
SELECT member_id, %(programme)s, month_on, department, category, spent_minor FROM bought
    ON CONFLICT (member_id, programme_id, month_on, department, category)
    DO UPDATE SET spent_minor = EXCLUDED.spent_minor WHERE c.spent_minor <> EXCLUDED.spent_minor
"""

FEATURES = """
INSERT INTO campaigns_memberfeature AS f (member_id, programme_id, first_purchase_on, last_purchase_on, purchases,
       spent_minor, favourite_category, favourite_department, tier_code, changed_at)
SELECT t.member_id, %(programme)s, d.first_on, d.last_on, coalesce(d.purchases, 0), coalesce(d.spent_minor, 0),
       coalesce(liked.category, ''), coalesce(room.department, ''), coalesce(held.code, lowest.code, ''), %(now)s
  FROM (SELECT DISTINCT unnest(%(all_members)s::bigint[]) AS member_id) t
  LEFT JOIN LATERAL (
       SELECT min(bought_on) AS first_on, max(bought_on) AS last_on, sum(purchases) AS purchases,
              sum(spent_minor) AS spent_minor
         FROM campaigns_memberday WHERE member_id = t.member_id AND programme_id = %(programme)s) d ON true
  LEFT JOIN LATERAL (
       SELECT category FROM campaigns_membercategory
        WHERE member_id = t.member_id AND programme_id = %(programme)s AND category <> ''
          AND month_on <= d.last_on AND month_on > date_trunc('month', d.last_on) - interval '12 months'
        GROUP BY category HAVING sum(spent_minor) > 0
        ORDER BY sum(spent_minor) DESC, category COLLATE "C" LIMIT 1) liked ON true
  LEFT JOIN LATERAL (
       SELECT department FROM campaigns_membercategory
        WHERE member_id = t.member_id AND programme_id = %(programme)s AND department <> ''
          AND month_on <= d.last_on AND month_on > date_trunc('month', d.last_on) - interval '12 months'
        GROUP BY department HAVING sum(spent_minor) > 0
        ORDER BY sum(spent_minor) DESC, department COLLATE "C" LIMIT 1) room ON true
  LEFT JOIN LATERAL (
       SELECT tier.code FROM loyalty_tierstanding s JOIN loyalty_tier tier ON tier.id = s.tier_id
        WHERE s.member_id = t.member_id AND tier.programme_id = %(programme)s
          AND s.from_at <= %(now)s AND s.until_at > %(now)s
        ORDER BY tier.rank DESC LIMIT 1) held ON true
  LEFT JOIN loyalty_tier lowest ON lowest.programme_id = %(programme)s AND lowest.rank = 0
    ON CONFLICT (member_id, programme_id) DO UPDATE
   SET first_purchase_on = EXCLUDED.first_purchase_on, last_purchase_on = EXCLUDED.last_purchase_on,
       purchases = EXCLUDED.purchases, spent_minor = EXCLUDED.spent_minor,
       favourite_category = EXCLUDED.favourite_category, favourite_department = EXCLUDED.favourite_department,
       tier_code = EXCLUDED.tier_code, changed_at = EXCLUDED.changed_at
 WHERE (f.first_purchase_on, f.last_purchase_on, f.purchases, f.spent_minor, f.favourite_category,
        f.favourite_department, f.tier_code)
       IS DISTINCT FROM
       (EXCLUDED.first_purchase_on, EXCLUDED.last_purchase_on, EXCLUDED.purchases, EXCLUDED.spent_minor,
        EXCLUDED.favourite_category, EXCLUDED.favourite_department, EXCLUDED.tier_code)
"""

ENDED_TIERS = """
UPDATE campaigns_memberfeature f
   SET tier_code = coalesce(held.code, lowest.code, ''), changed_at = %(now)s
  FROM campaigns_memberfeature t
  LEFT JOIN LATERAL (
       SELECT tier.code FROM loyalty_tierstanding s JOIN loyalty_tier tier ON tier.id = s.tier_id
        WHERE s.member_id = t.member_id AND tier.programme_id = %(programme)s
          AND s.from_at <= %(now)s AND s.until_at > %(now)s
        ORDER BY tier.rank DESC LIMIT 1) held ON true
  LEFT JOIN loyalty_tier lowest ON lowest.programme_id = %(programme)s AND lowest.rank = 0
 WHERE f.id = t.id AND f.member_id = t.member_id AND f.programme_id = %(programme)s
   AND f.tier_code <> coalesce(held.code, lowest.code, '')
"""
