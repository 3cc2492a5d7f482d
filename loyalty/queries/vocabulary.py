"""The words that rules of a programme are made of: its tiers and places, and what its catalogue names."""

from collections.abc import Iterable
from typing import Any, Literal

import msgspec
from django.db import connection

from loyalty.models import Label, Tier
from loyalty.rules.conditions import Condition, PlaceIs, TierIs
from loyalty.rules.definition import RuleDefinition
from loyalty.rules.stored_rules import Unreadable, read_stored
from loyalty.rules.words import with_names
from omnichannel.models import EventType, Place, Product, Programme
from omnichannel.queries.behaviour import list_event_types
from omnichannel.rules.behaviour import EventType as EventTypeFacts
from omnichannel.rules.built_in_events import BUILT_IN

SUGGESTED = 20

Kind = Literal["category", "department", "brand", "sku"]


class Word(msgspec.Struct, frozen=True):
    """A code and how people call it."""

    code: str
    name: str


class Home(msgspec.Struct, frozen=True):
    """A programme as the pages of the staff need it."""

    id: int
    code: str
    name: str
    currency: str
    timezone: str

    @property
    def link(self) -> str:
        """The query that chooses it on a page which asks for which programme."""
        return f"?programme={self.id}"


def list_homes() -> list[Home]:
    """All programmes, the oldest first."""
    return [
        Home(*row)
        for row in Programme.objects.order_by("pk").values_list("pk", "code", "name", "currency", "timezone")
    ]


def find_home(programme_id: int) -> Home | None:
    """The programme with this id."""
    return next((home for home in list_homes() if home.id == programme_id), None)


def list_tier_words(programme_id: int) -> list[Word]:
    """The programme's tiers, the lowest first."""
    tiers = Tier.objects.filter(programme_id=programme_id).order_by("rank").values_list("code", "name")
    return [Word(code, name) for code, name in tiers]


def list_place_words(programme_id: int) -> list[Word]:
    """The programme's stores and web shops by name."""
    places = Place.objects.filter(programme_id=programme_id).order_by("name").values_list("code", "name")
    return [Word(code, name) for code, name in places]


def find_place_kind(programme_id: int, code: str) -> str:
    """Whether a place is a store or a web shop; empty for none."""
    kinds = Place.objects.filter(programme_id=programme_id, code=code).values_list("kind", flat=True)
    return kinds.first() or ""


def list_acts(programme_id: int) -> list[EventTypeFacts]:
    """The types of acts that rules of the programme may give points for, by title."""
    types = list_event_types(programme_id).values()
    return sorted((one for one in types if one.is_act), key=lambda one: one.title)


def list_label_words(programme_id: int) -> list[Word]:
    """The segments that rules of the programme may ask for, by name."""
    labels = Label.objects.filter(programme_id=programme_id).order_by("name").values_list("code", "name")
    return [Word(code, name) for code, name in labels]


class Names(msgspec.Struct, frozen=True):
    """What the codes of a programme's tiers, places, labels and acts are called."""

    tiers: dict[str, str] = {}
    places: dict[str, str] = {}
    labels: dict[str, str] = {}
    acts: dict[str, str] = {}

    def said_stored(self, stored: dict[str, Any]) -> RuleDefinition | Unreadable:
        """A stored definition with these names in place of its codes, if it can be read."""
        definition = read_stored(stored)
        return definition if isinstance(definition, Unreadable) else self.said(definition)

    def said(self, definition: RuleDefinition) -> RuleDefinition:
        """A definition with these names in place of its codes."""
        return with_names(
            definition, tiers=self.tiers, places=self.places, labels=self.labels, acts=self.acts
        )


def list_names(programme_ids: Iterable[int]) -> dict[int, Names]:
    """The names of these programmes, by programme. Four statements."""
    built_in = {code: one.title for code, one in BUILT_IN.items()}
    names = {programme_id: Names(acts=dict(built_in)) for programme_id in programme_ids}
    for programme_id, code, title in EventType.objects.filter(programme_id__in=names).values_list(
        "programme_id", "code", "title"
    ):
        names[programme_id].acts[code] = title
    for programme_id, code, name in Tier.objects.filter(programme_id__in=names).values_list(
        "programme_id", "code", "name"
    ):
        names[programme_id].tiers[code] = name
    for programme_id, code, name in Place.objects.filter(programme_id__in=names).values_list(
        "programme_id", "code", "name"
    ):
        names[programme_id].places[code] = name
    for programme_id, code, name in Label.objects.filter(programme_id__in=names).values_list(
        "programme_id", "code", "name"
    ):
        names[programme_id].labels[code] = name
    return names


def list_names_asked(
    programme_id: int, conditions: Iterable[Condition]
) -> dict[type[Condition], dict[str, str]]:
    """What the tiers and places of a programme are called, code -> name, where conditions of the kind ask for them.
    Reads nothing where none does.
    """
    tables: dict[type[Condition], type[Tier | Place]] = {TierIs: Tier, PlaceIs: Place}
    asked = {type(condition) for condition in conditions} & tables.keys()
    return {
        kind: dict(tables[kind].objects.filter(programme_id=programme_id).values_list("code", "name"))
        for kind in asked
    }


def suggest_words(programme_id: int, kind: Kind, term: str) -> list[Word]:
    """What the catalogue knows that begins with or contains the term, twenty at most; beginnings first."""
    return (
        _suggest_products(programme_id, term) if kind == "sku" else _suggest_names(programme_id, kind, term)
    )


def list_unknown_words(programme_id: int, kind: Kind, codes: Iterable[str]) -> list[str]:
    """Those of the codes that no product of the catalogue carries."""
    wanted = list(codes)
    if not wanted:
        return []
    known = Product.objects.filter(programme_id=programme_id, **{f"{kind}__in": wanted})
    carried = set(known.values_list(kind, flat=True).distinct())
    return [code for code in wanted if code not in carried]


def _suggest_names(programme_id: int, kind: Kind, term: str) -> list[Word]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT p.{kind}, coalesce(max(c.name), p.{kind}) FROM omnichannel_product p
            LEFT JOIN omnichannel_category c
              ON %(kind)s::text = 'category' AND c.programme_id = p.programme_id AND c.code = p.category
            WHERE p.programme_id = %(programme)s AND p.{kind} <> ''
              AND (p.{kind} ILIKE %(inside)s OR c.name ILIKE %(inside)s)
            GROUP BY p.{kind} ORDER BY p.{kind} NOT ILIKE %(start)s, p.{kind} LIMIT %(limit)s
            """,  # noqa: S608 - the kind is one of our own four words
            _like(programme_id, term) | {"kind": kind},
        )
        return [Word(code, name) for code, name in cursor.fetchall()]


def _suggest_products(programme_id: int, term: str) -> list[Word]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT p.sku, p.name FROM omnichannel_product p
            WHERE p.programme_id = %(programme)s AND (p.sku ILIKE %(start)s OR p.name ILIKE %(inside)s)
            ORDER BY p.sku NOT ILIKE %(start)s, p.name, p.sku LIMIT %(limit)s
            """,
            _like(programme_id, term),
        )
        return [Word(sku, f"{name} ({sku})" if name else sku) for sku, name in cursor.fetchall()]


def _like(programme_id: int, term: str) -> dict[str, str | int]:
    literal = term.strip().replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return {
        "programme": programme_id,
        "inside": f"%{literal}%",
        "start": f"{literal}%",
        "limit": SUGGESTED,
    }
