"""Taking over a retailer's catalogue, a row or a hundred thousand at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from omnichannel.rules.products import ProductRow, RowRefused, sort_out

ROWS_PER_STATEMENT = 10_000

_CATEGORIES = """
    INSERT INTO omnichannel_category (programme_id, code, name)
    SELECT %(programme_id)s, code, code
      FROM (SELECT DISTINCT unnest(%(categories)s::text[]) AS code) AS named
     WHERE code <> ''
     ORDER BY code
        ON CONFLICT (programme_id, code) DO NOTHING
"""

# In the order of SKUs, so that two who write the same products at once wait for each other instead of deadlocking.
_PRODUCTS = """
    INSERT INTO omnichannel_product AS known
           (programme_id, sku, name, category, department, brand, gtin, price_minor, changed_at)
    SELECT %(programme_id)s, sku, name, category, department, brand, gtin, price_minor, %(now)s
      FROM unnest(%(skus)s::text[], %(names)s::text[], %(categories)s::text[], %(departments)s::text[],
                  %(brands)s::text[], %(gtins)s::text[], %(prices)s::bigint[])
        AS told (sku, name, category, department, brand, gtin, price_minor)
     ORDER BY sku
        ON CONFLICT (programme_id, sku) DO UPDATE
       SET name = excluded.name, category = excluded.category, department = excluded.department,
           brand = excluded.brand, gtin = excluded.gtin, price_minor = excluded.price_minor,
           changed_at = excluded.changed_at
     WHERE (known.name, known.category, known.department, known.brand, known.gtin, known.price_minor)
           IS DISTINCT FROM (excluded.name, excluded.category, excluded.department, excluded.brand,
                             excluded.gtin, excluded.price_minor)
    RETURNING sku, xmax = 0 AS is_new
"""


@dataclass(frozen=True, slots=True)
class Upserted:
    """What became of the rows: SKUs that are new, SKUs that changed, rows refused. The rest was known as it is."""

    created: frozenset[str]
    updated: frozenset[str]
    refused: tuple[RowRefused, ...]


@transaction.atomic
def upsert_products(*, programme_id: int, rows: Sequence[ProductRow], now: datetime) -> Upserted:
    """Make the catalogue say what these rows say. Rows that cannot be taken are named and left out.

    The statement count depends on nothing but the tens of thousands of rows. Categories not known yet come into
    being under their code. Every change of a price is remembered, by trigger.
    """
    taken, refused = sort_out(rows)
    created: set[str] = set()
    updated: set[str] = set()
    for start in range(0, len(taken), ROWS_PER_STATEMENT):
        for sku, is_new in _write(programme_id, taken[start : start + ROWS_PER_STATEMENT], now):
            (created if is_new else updated).add(sku)
    return Upserted(frozenset(created), frozenset(updated), tuple(refused))


def _write(programme_id: int, rows: Sequence[ProductRow], now: datetime) -> list[tuple[str, bool]]:
    columns: dict[str, Any] = {
        "programme_id": programme_id,
        "now": now,
        "skus": [row.sku for row in rows],
        "names": [row.name for row in rows],
        "categories": [row.category for row in rows],
        "departments": [row.department for row in rows],
        "brands": [row.brand for row in rows],
        "gtins": [row.gtin for row in rows],
        "prices": [row.price_minor for row in rows],
    }
    with connection.cursor() as cursor:
        cursor.execute(_CATEGORIES, columns)
        cursor.execute(_PRODUCTS, columns)
        return [(sku, is_new) for sku, is_new in cursor.fetchall()]
