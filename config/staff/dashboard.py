"""The dashboard's frame: each floor puts its cards on it, from its `apps.ready()`, and knows nothing of the others'."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import cycle
from typing import Any, Literal

import structlog
from django.db import OperationalError, connection, transaction

from config.ground import clock
from config.staff.models import Staff

FRESH_FOR_S = 60
TIMEOUT_MS = 3_000
_BASE = "var(--color-base-400)"
_COLOURS = ("var(--color-primary-600)", "var(--color-primary-300)", "#d97706", "#0d9488", _BASE)
_TICK = "#9ca3af"

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Number:
    """One figure, said in one line, and what it means in another. `unit` stands small beside it."""

    value: str
    note: str = ""
    unit: str = ""


@dataclass(frozen=True)
class Series:
    """One line or one colour of bars: a value for each label of its chart, None for a gap. A quiet one stands back."""

    name: str
    values: Sequence[int | float | None]
    kind: Literal["line", "bar"] = "bar"
    is_quiet: bool = False


@dataclass(frozen=True)
class Chart:
    """Bars or lines over labels. `unit` stands at the axis; `is_stacked` puts the bars on one another."""

    labels: Sequence[str]
    series: Sequence[Series]
    unit: str = ""
    is_stacked: bool = False
    is_horizontal: bool = False

    @property
    def height_rem(self) -> float:
        """How high it is drawn: lying bars all keep their label."""
        return max(18, 2.5 * len(self.labels)) if self.is_horizontal else 18

    @property
    def data(self) -> str:
        """What Chart.js draws, as JSON."""
        colours = cycle(_COLOURS)
        return json.dumps(
            {
                "labels": list(self.labels),
                "datasets": [_dataset(one, _BASE if one.is_quiet else next(colours)) for one in self.series],
            }
        )

    @property
    def options(self) -> str:
        """How Chart.js draws it, as JSON."""
        across: dict[str, Any] = {
            "stacked": self.is_stacked,
            "grid": {"display": False},
            "ticks": {
                "color": _TICK,
                "maxRotation": 0,
                "autoSkipPadding": 16,
                "autoSkip": not self.is_horizontal,
            },
        }
        up: dict[str, Any] = {
            "stacked": self.is_stacked,
            "beginAtZero": True,
            "border": {"display": False, "dash": [4, 4]},
            "grid": {"display": True},
            "ticks": {"color": _TICK, "maxTicksLimit": 6, "precision": 0},
            "title": {"display": bool(self.unit), "text": self.unit, "color": _TICK},
        }
        return json.dumps(
            {
                "responsive": True,
                "maintainAspectRatio": False,
                "animation": False,
                "indexAxis": "y" if self.is_horizontal else "x",
                "interaction": {"mode": "index", "intersect": False},
                "scales": {"y": across, "x": up} if self.is_horizontal else {"x": across, "y": up},
                "plugins": {
                    "legend": {
                        "display": len(self.series) > 1,
                        "align": "end",
                        "labels": {"color": _TICK, "boxWidth": 10, "boxHeight": 10, "useBorderRadius": True},
                    }
                },
            }
        )


@dataclass(frozen=True)
class Table:
    """Rows under headers, as text."""

    headers: Sequence[str]
    rows: Sequence[Sequence[str]]


Figure = Number | Chart | Table


@dataclass(frozen=True)
class Served:
    """A store or web shop that a colleague serves."""

    place_id: int
    code: str


Places = tuple[Served, ...]
"""Stores whose figures are meant; none in particular means the whole house."""


@dataclass(frozen=True)
class Card:
    """One card: who may see it (a permission such as `loyalty.view_entry`), where it stands, and how it is worked out.

    `build(now)` reads; it must be cheap (sums by day, not scans), and is asked at most once a minute per process.
    `build_for(now, places)` says it of some stores alone; a card without it is not shown to who serves particular
    stores. Numbers stand in the first row, charts and tables below, each by `order`.
    """

    title: str
    order: int
    permission: str
    build: Callable[[datetime], Figure]
    is_wide: bool = False
    link: str = ""
    build_for: Callable[[datetime, Places], Figure] | None = None


@dataclass(frozen=True)
class Shown:
    """A card with its figure of at most a minute ago; without one if it took too long."""

    card: Card
    figure: Figure | None

    @property
    def kind(self) -> str:
        """Which template shows it: number, chart, table, or late."""
        return "late" if self.figure is None else type(self.figure).__name__.lower()


@dataclass
class _Board:
    cards: dict[str, Card] = field(default_factory=dict)
    built: dict[tuple[str, Places], tuple[float, Shown]] = field(default_factory=dict)
    places_of: Callable[[int], Places] = lambda _staff_id: ()


_board = _Board()


def add_card(card: Card) -> None:
    """Put a card on the dashboard. A card of the same title is replaced."""
    _board.cards[card.title] = card
    forget_figures()


def ask_who_serves_where(places_of: Callable[[int], Places]) -> None:
    """Let the floor that knows it say which stores a colleague (by id) serves; until then everybody serves all."""
    _board.places_of = places_of


def cards_for(person: Staff) -> list[Shown]:
    """The cards this person may see, of the stores they serve, in order, none older than a minute."""
    places = _board.places_of(person.pk)
    visible = [
        card
        for card in _board.cards.values()
        if person.has_perm(card.permission) and (card.build_for is not None or not places)
    ]
    return [_fresh(card, places) for card in sorted(visible, key=lambda card: (card.order, card.title))]


def forget_figures() -> None:
    """Work every card out anew when it is asked for next, e.g. after the clock was moved."""
    _board.built.clear()


def _fresh(card: Card, places: Places) -> Shown:
    built_at, shown = _board.built.get((card.title, places), (0.0, None))
    if shown is None or time.monotonic() - built_at > FRESH_FOR_S:
        shown = Shown(card, _build(card, places))
        _board.built[card.title, places] = (time.monotonic(), shown)
    return shown


def _build(card: Card, places: Places) -> Figure | None:
    """The figure, or None when the database did not answer in time: one slow card must not close the first page."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(TIMEOUT_MS)])
            now = clock.now()
            return card.build_for(now, places) if places and card.build_for else card.build(now)
    except OperationalError as problem:
        log.warning("dashboard.card_left_out", card=card.title, problem=str(problem))
        return None


def _dataset(series: Series, colour: str) -> dict[str, Any]:
    look: dict[str, Any] = {"type": series.kind, "label": series.name, "data": list(series.values)}
    look |= {"borderColor": colour, "backgroundColor": colour}
    if series.kind == "line":
        return look | {"borderWidth": 2, "pointRadius": 0, "tension": 0.25}
    return look | {"borderRadius": 4, "maxBarThickness": 28}
