"""How a floor reads its part of a timeline: one statement, which reads of each kind no more rows than a page has."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection

from members.rules.timeline import Asked, Happening

Facts = dict[str, Any]


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of happening, and how it is found. All SQL is over the row `t` of the table.

    :ivar title: what staff call the kind.
    :ivar at: column of the moment. With `of` and the key it is an index, so that a page costs the same anywhere.
    :ivar of: column that names the member.
    :ivar facts: name -> SQL: what is told of a row.
    :ivar joins: what `facts` need beside the row; joined to the rows of the page alone.
    :ivar only: which rows count, for a part of the table; as its index says it.
    :ivar programme: SQL for its programme, "" for what belongs to none; `place`: for the store.
    :ivar is_also_nowhere: who serves stores is told of what belongs to no store, too.
    :ivar words: from the facts what people read.
    :ivar is_personal: whether what the words say may be about people.
    :ivar page: `app_model` of the admin's page.
    :ivar is_for_members: whether the member is told, too.
    """

    kind: str
    title: str
    table: str
    at: str
    facts: dict[str, str]
    words: Callable[[Facts], str]
    of: str = "member_id"
    joins: str = ""
    only: str = ""
    programme: str = ""
    place: str = ""
    is_also_nowhere: bool = False
    page: str = ""
    is_personal: Callable[[Facts], bool] = lambda _facts: False
    is_for_members: bool = True


class Scope(msgspec.Struct, frozen=True):
    """Which programmes and places may be told of; None for all. `is_own_alone`: nothing that belongs to no store."""

    programmes: tuple[int, ...] | None = None
    places: tuple[int, ...] | None = None
    is_own_alone: bool = False


EVERYWHERE = Scope()
UNTOLD = {"ref", "where", "row"}
"""Facts that have a place of their own in a happening."""


def read_happenings(sources: Sequence[Source], asked: Asked, scope: Scope = EVERYWHERE) -> list[Happening]:
    """The newest that these sources tell, at most `asked.limit`. One statement; none where no kind is wanted."""
    told = {
        source.kind: source
        for source in sources
        if asked.wants(source.kind) and (source.is_for_members or not asked.is_own)
    }
    if not told:
        return []
    parameters: dict[str, Any] = {
        "people": list(asked.people),
        "limit": asked.limit,
        "programmes": list(scope.programmes or ()),
        "places": list(scope.places or ()),
    }
    for source in told.values():
        parameters[f"at_{source.kind}"], parameters[f"id_{source.kind}"] = asked.bound(source.kind)
    pieces = " UNION ALL ".join(f"({_select(source, scope)})" for source in told.values())
    order = 'at DESC, kind COLLATE "C", id DESC'
    statement = f"SELECT * FROM ({pieces}) x ORDER BY {order} LIMIT %(limit)s"  # noqa: S608 - declared names
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return [_happening(told[kind], at, id_, facts) for kind, at, id_, facts in cursor.fetchall()]


def _select(source: Source, scope: Scope) -> str:
    conditions = [
        f"t.{source.of} = w.person",
        f"(t.{source.at}, t.id) < (%(at_{source.kind})s, %(id_{source.kind})s)",
        *([f"({source.only})"] if source.only else []),
        *([f"{source.programme} = ANY (%(programmes)s)"] if _is_bounded(source, scope) else []),
        *([_at_places(source, scope)] if source.place and scope.places is not None else []),
    ]
    facts = ", ".join(f"'{name}', {sql}" for name, sql in source.facts.items())
    return (
        f"SELECT '{source.kind}'::text AS kind, t.{source.at} AS at, t.id AS id,"  # noqa: S608 - declared names
        f" jsonb_build_object({facts})::text AS facts FROM ("
        "SELECT t.* FROM unnest(%(people)s::bigint[]) w(person) CROSS JOIN LATERAL ("
        f"SELECT t.* FROM {source.table} t WHERE {' AND '.join(conditions)}"
        f" ORDER BY t.{source.at} DESC, t.id DESC LIMIT %(limit)s) t"
        f" ORDER BY t.{source.at} DESC, t.id DESC LIMIT %(limit)s) t {source.joins}"
    )


def _is_bounded(source: Source, scope: Scope) -> bool:
    return bool(source.programme) and scope.programmes is not None


def _at_places(source: Source, scope: Scope) -> str:
    there = f"{source.place} = ANY (%(places)s)"
    return (
        f"({there} OR {source.place} IS NULL)" if source.is_also_nowhere and not scope.is_own_alone else there
    )


def _happening(source: Source, at: datetime, id_: int, text: str) -> Happening:
    facts: Facts = json.loads(text)
    return Happening(
        at=at,
        kind=source.kind,
        id=id_,
        words=source.words(facts),
        where=facts.get("where") or "",
        ref=facts.get("ref") or "",
        facts={name: value for name, value in facts.items() if name not in UNTOLD},
        page=source.page,
        row=facts.get("row") or id_,
        is_personal=source.is_personal(facts),
    )
