"""Which lines of a purchase something is about."""

import msgspec

from loyalty.rules.basket import Line


class Scope(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Lines that fit every list that is not empty, and none of the `except_` lists. An empty scope means all lines."""

    categories: list[str] = []
    departments: list[str] = []
    brands: list[str] = []
    skus: list[str] = []
    except_categories: list[str] = []
    except_departments: list[str] = []
    except_brands: list[str] = []
    except_skus: list[str] = []


EVERYTHING = Scope()


def fits(scope: Scope, line: Line) -> bool:
    """Whether a line is in scope."""
    return (
        (not scope.categories or line.category in scope.categories)
        and (not scope.departments or line.department in scope.departments)
        and (not scope.brands or line.brand in scope.brands)
        and (not scope.skus or line.sku in scope.skus)
        and line.category not in scope.except_categories
        and line.department not in scope.except_departments
        and line.brand not in scope.except_brands
        and line.sku not in scope.except_skus
    )


def offers_of(line: Line) -> list[tuple[str, str]]:
    """What a line can be asked for by: `demand_of` names one of these."""
    return [
        ("sku", line.sku),
        ("brand", line.brand),
        ("category", line.category),
        ("department", line.department),
    ]


def demand_of(scope: Scope) -> list[tuple[str, str]]:
    """One of these some line must offer, or nothing is in scope; empty if nothing is demanded by name."""
    for kind, names in (
        ("sku", scope.skus),
        ("brand", scope.brands),
        ("category", scope.categories),
        ("department", scope.departments),
    ):
        if names:
            return [(kind, name) for name in names]
    return []
