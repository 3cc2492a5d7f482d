"""The dashboard's frame: who sees which card, how often it is worked out, and what happens when one is late."""

import json
from collections.abc import Iterator
from datetime import datetime

import pytest
from django.db import connection
from django.test import Client

from config.staff import dashboard
from config.staff.dashboard import Card, Chart, Figure, Number, Series, Served, Table
from config.staff.roles import CASHIER
from tests.config.staff import StaffFactory, give_password, in_role

pytestmark = pytest.mark.django_db

SEEN_BY_CASHIERS = "members.view_member"
NOT_SEEN_BY_CASHIERS = "staff.view_staff"


@pytest.fixture(autouse=True)
def own_cards() -> Iterator[None]:
    """Only the cards of the test are on the board."""
    kept = dict(dashboard._board.cards)
    dashboard._board.cards.clear()
    dashboard.forget_figures()
    yield
    dashboard._board.cards.clear()
    dashboard._board.cards.update(kept)
    dashboard.forget_figures()


def put(title: str, figure: Figure, *, order: int = 1, permission: str = SEEN_BY_CASHIERS) -> list[datetime]:
    """Put a card on the board; returns the list of when it was worked out."""
    built: list[datetime] = []

    def build(now: datetime) -> Figure:
        built.append(now)
        return figure

    dashboard.add_card(Card(title, order, permission, build))
    return built


def test_a_person_sees_the_cards_they_may_see_in_order() -> None:
    put("Second", Number("2"), order=2)
    put("First", Number("1"), order=1)
    put("Hidden", Number("0"), permission=NOT_SEEN_BY_CASHIERS)

    shown = dashboard.cards_for(in_role(CASHIER))

    assert [one.card.title for one in shown] == ["First", "Second"]


def test_a_card_is_worked_out_once_a_minute_however_many_look() -> None:
    built = put("Members", Number("3"))
    for _ in range(3):
        dashboard.cards_for(StaffFactory(is_superuser=True))

    assert len(built) == 1
    dashboard.forget_figures()
    dashboard.cards_for(StaffFactory(is_superuser=True))
    assert len(built) == 2


def test_who_serves_stores_sees_their_figures_and_no_card_of_the_whole_house(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put("Of the house", Number("1"))
    card = Card(
        "Sales", 1, SEEN_BY_CASHIERS, lambda _: Number("all"), build_for=lambda _, at: Number(at[0].code)
    )
    dashboard.add_card(card)
    here, there, everywhere = (in_role(CASHIER) for _ in range(3))
    serving = {here.pk: (Served(1, "S1"),), there.pk: (Served(2, "S2"),)}
    monkeypatch.setattr(dashboard._board, "places_of", lambda staff_id: serving.get(staff_id, ()))

    seen = {
        person.pk: {one.card.title: one.figure for one in dashboard.cards_for(person)}
        for person in (here, there, everywhere)
    }

    assert seen[here.pk] == {"Sales": Number("S1")}
    assert seen[there.pk] == {"Sales": Number("S2")}
    assert seen[everywhere.pk] == {"Sales": Number("all"), "Of the house": Number("1")}


def test_a_card_nobody_may_see_is_not_worked_out() -> None:
    built = put("Hidden", Number("0"), permission=NOT_SEEN_BY_CASHIERS)

    dashboard.cards_for(in_role(CASHIER))

    assert built == []


def test_a_card_that_takes_too_long_is_left_out_and_the_page_opens(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def build(_now: datetime) -> Figure:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(5)")
        return Number("never")

    monkeypatch.setattr(dashboard, "TIMEOUT_MS", 20)
    dashboard.add_card(Card("Slow", 1, SEEN_BY_CASHIERS, build))
    put("Quick", Number("42", "of them"))
    give_password(client, StaffFactory(is_superuser=True))

    page = client.get("/admin/")

    assert "took too long" in page.content.decode()
    assert "42" in page.content.decode()


def test_each_kind_of_figure_is_drawn(client: Client) -> None:
    put("A number", Number("1,234", "since Monday"))
    put(
        "A chart",
        Chart(["Mon", "Tue"], [Series("Sales", [1, 2]), Series("Members", [1, 1], "line")], unit="USD"),
    )
    put("A table", Table(["Tier"], [["Gold"]]))
    give_password(client, StaffFactory(is_superuser=True))

    page = client.get("/admin/").content.decode()

    assert "1,234" in page
    assert "since Monday" in page
    assert 'class="chart"' in page
    assert "Gold" in page


def test_a_chart_says_what_chart_js_needs() -> None:
    chart = Chart(
        ["a", "b"], [Series("one", [1, 2]), Series("two", [3, 4], "line")], unit="points", is_stacked=True
    )

    data, options = json.loads(chart.data), json.loads(chart.options)

    assert data["labels"] == ["a", "b"]
    assert [(one["label"], one["type"], one["data"]) for one in data["datasets"]] == [
        ("one", "bar", [1, 2]),
        ("two", "line", [3, 4]),
    ]
    assert options["scales"]["y"]["title"]["text"] == "points"
    assert options["scales"]["x"]["stacked"] is True


def test_somebody_without_any_role_is_told_so(client: Client) -> None:
    put("Hidden", Number("0"), permission=NOT_SEEN_BY_CASHIERS)
    give_password(client, StaffFactory())

    assert "nothing here for your roles" in client.get("/admin/").content.decode()
