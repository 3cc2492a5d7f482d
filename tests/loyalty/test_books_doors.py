"""The books in the admin and by the API."""

import csv
import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.test import Client

from config.staff.models import Staff
from config.staff.roles import ADMINISTRATOR, CASHIER, FINANCE, MARKETER, STORE_MANAGER
from loyalty.models import BookMonth, JournalAccount, PointCost
from loyalty.services.closing import ask_to_close
from omnichannel.services.keys import make_key
from tests.config.staff import in_role
from tests.loyalty.bookkeeping import JANUARY, NOON, a_january, home_of, say_cost
from tests.loyalty.conftest import Shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Iterator[Shop]:
    """Its January is over; closing it asks for two people."""
    with time_machine.travel(NOON, tick=False) as clock:
        shop = open_shop(expiry_days=20, rules_need_approval=True)
        say_cost(shop)
        a_january(shop, clock)
        yield shop


def page_of(person: Staff) -> Client:
    client = Client()
    client.force_login(person)
    return client


def month_address(shop: Shop) -> str:
    return f"/admin/loyalty/bookmonth/{shop.programme.pk}/2026-01/"


def ask(shop: Shop, path: str) -> Any:
    key = make_key(
        name="finance",
        scopes=["reports"],
        place_id=shop.place.pk,
        made_by="test",
        now=datetime.now(UTC),
    )
    return Client().get(f"/api/v1/figures/books/{path}", headers={"Authorization": f"Bearer {key.text}"})


def test_finance_reads_the_books(shop: Shop) -> None:
    page = page_of(in_role(FINANCE)).get("/admin/loyalty/bookmonth/").content.decode()

    for words in ("Books of Corner shop", "Liability at the end of each day", "January 2026", "0.00 USD"):
        assert words in page


@pytest.mark.parametrize("role", [CASHIER, STORE_MANAGER, MARKETER])
def test_nobody_else_does(shop: Shop, role: str) -> None:
    client = page_of(in_role(role))

    assert client.get("/admin/loyalty/bookmonth/").status_code == 403
    assert client.get(month_address(shop)).status_code == 403
    assert client.post(month_address(shop), {"_ask": ""}).status_code == 403
    assert not BookMonth.objects.exists()


def test_two_people_close_a_month_on_its_page(shop: Shop) -> None:
    first, second = page_of(in_role(FINANCE)), page_of(in_role(ADMINISTRATOR))
    assert "Nothing is missing" in first.get(month_address(shop)).content.decode()

    first.post(month_address(shop), {"_ask": ""})
    own = first.post(month_address(shop), {"_agree": ""}, follow=True).content.decode()
    assert "another one approves" in own
    assert BookMonth.objects.get().state == "waiting"
    second.post(month_address(shop), {"_agree": ""})

    assert BookMonth.objects.get().state == "closed"
    page = first.get(month_address(shop)).content.decode()
    assert "It never opens again" in page
    assert "2400 Points outstanding" in page
    assert "Close the month" not in page


def test_the_journal_is_a_file_that_computes_nothing(shop: Shop) -> None:
    JournalAccount.objects.create(
        programme=shop.programme, side="issued", debit="=HYPERLINK(1)", credit="330 Owed"
    )

    answer = page_of(in_role(FINANCE)).get(f"{month_address(shop)}journal.csv")

    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))
    assert [(row["side"], row["account"], row["debit_minor"], row["credit_minor"]) for row in rows] == [
        ("issued", "'=HYPERLINK(1)", "100", "0"),
        ("issued", "330 Owed", "0", "100"),
        ("spent", "2400 Points outstanding", "30", "0"),
        ("spent", "4910 Revenue from points spent", "0", "30"),
        ("broken", "2400 Points outstanding", "70", "0"),
        ("broken", "4920 Revenue from points run out", "0", "70"),
    ]


def test_costs_are_said_for_open_days_alone(shop: Shop) -> None:
    ask_to_close(home_of(shop), JANUARY, by="staff:0", now=datetime.now(UTC))
    client = page_of(in_role(FINANCE))
    client.post(month_address(shop), {"_agree": ""})

    form = {"per_points": "10", "cost_minor": "0.02"}
    late = client.post("/admin/loyalty/pointcost/add/", {**form, "from_on": "2026-01-31"})
    assert "closed up to 2026-01-31" in late.content.decode()
    client.post("/admin/loyalty/pointcost/add/", {**form, "from_on": "2026-02-01"})

    assert list(PointCost.objects.order_by("from_on").values_list("cost_minor", flat=True)) == [1, 2]


def test_the_api_tells_days_and_months(shop: Shop) -> None:
    days = ask(shop, "days?since_on=2026-01-05&until_on=2026-01-10").json()
    assert [day["closing_points"] for day in days["days"]] == [1_000] * 5 + [700]

    (month,) = ask(shop, "months").json()["months"]
    assert (month["month"], month["state"], month["sides"]["issued"]) == ("2026-01-01", "open", 1_000)
    assert ask(shop, "days?since_on=2026-01-05&until_on=2027-03-01").status_code == 422


def test_the_api_tells_the_journal_beside_the_revenue(shop: Shop) -> None:
    told = ask(shop, "journal?month=2026-01").json()

    assert {one["side"]: one["amount_minor"] for one in told["postings"]} == {
        "issued": 100,
        "spent": 30,
        "broken": 70,
    }
    assert told["revenue"]["sales_minor"] == 10_090
    assert told["revenue"]["paid_by_points_minor"] == 30
    file = ask(shop, "journal.csv?month=2026-01")
    assert b"".join(file.streaming_content).startswith(b"month,programme,side,account")
    assert ask(shop, "journal?month=2026-13").status_code == 422


def test_the_api_tells_breakage(shop: Shop) -> None:
    told = ask(shop, "breakage").json()

    assert [(one["month"], one["final_share_bp"]) for one in told["cohorts"]] == [("2026-01-01", 7_000)]


def test_a_till_reads_no_books(shop: Shop) -> None:
    answer = Client().get("/api/v1/figures/books/months", headers={"Authorization": f"Bearer {shop.key}"})
    assert answer.status_code == 403
