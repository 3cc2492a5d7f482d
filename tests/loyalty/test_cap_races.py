"""Caps under eight real processes: what is left is given once, to the last point, while goods come back beside it."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from loyalty.models import Entry, MemberRuleUse, RuleUse
from loyalty.rules.definition import Cap, FixedPoints, RuleDefinition
from loyalty.services.verification import verify_ledger
from tests.loyalty.conftest import Shop, basket
from tests.loyalty.test_offers import publish
from tests.loyalty.test_races_of_processes import TILLS, Race, Request, race

__all__ = ["race"]

pytestmark = pytest.mark.django_db(transaction=True)

EACH = 8


def given() -> int:
    """What the capped rule gave, less what was taken back."""
    return sum(Entry.objects.filter(rule_version__rule__code="present").values_list("points", flat=True))


def present(*caps: Cap, when_short: str = "part") -> RuleDefinition:
    return RuleDefinition(
        effect=FixedPoints(points=50),
        caps=list(caps),
        when_short=when_short,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(("when_short", "total"), [("part", 1_010), ("none", 1_000)])
def test_never_13_eight_tills_give_what_a_budget_holds_and_no_point_more(
    open_shop: Callable[..., Shop], race: Race, when_short: str, total: int
) -> None:
    """64 purchases of 8 members want 3,200 points of 1,010."""
    shop = open_shop()
    publish(shop, "present", present(Cap(per="total", points=1_010), when_short=when_short))
    members = [shop.enrol() for _ in range(TILLS)]
    tills: list[list[Request]] = [
        [("checkout/commit", basket(50, member=members[(till + turn) % TILLS])) for turn in range(EACH)]
        for till in range(TILLS)
    ]
    answers = race(shop, tills)
    assert [status for status, _ in answers] == [201] * TILLS * EACH
    assert given() == RuleUse.objects.get(bucket="").points == total
    assert verify_ledger(now=datetime.now(UTC)) == []


def test_never_2_caps_are_exact_while_goods_come_back(open_shop: Callable[..., Shop], race: Race) -> None:
    """One member at all tills: half of them buy, half of them bring back what was bought before."""
    shop = open_shop()
    publish(shop, "present", present(Cap(per="member_day", points=500), Cap(per="day", points=1_000)))
    member = shop.enrol()
    refs = [shop.commit(basket(50, member=member)).json()["order"]["ref"] for _ in range(TILLS // 2 * EACH)]
    assert given() == 500
    tills: list[list[Request]] = [
        [
            ("checkout/commit", basket(50, member=member))
            if till % 2
            else (
                f"orders/{refs[till // 2 * EACH + turn]}/returns",
                {"return_number": f"B-{till}-{turn}", "lines": [{"line": 0, "quantity": 1}]},
            )
            for turn in range(EACH)
        ]
        for till in range(TILLS)
    ]
    answers = race(shop, tills)
    assert [status for status, _ in answers] == [201] * TILLS * EACH
    counted = RuleUse.objects.get(bucket__regex=r"^\d{4}-\d\d-\d\d$").points
    assert given() == counted == MemberRuleUse.objects.get().points
    assert 0 <= given() <= 500
    assert verify_ledger(now=datetime.now(UTC)) == []
