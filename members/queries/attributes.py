"""Which attributes are declared, and what members said under them."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection
from django.db.models import QuerySet

from members.models import Attribute as Row, AttributeValue
from members.rules.attributes import COLUMNS, Attribute, Choice, Eyes, Value, may_see, value_of

CHOSEN = ("yes_no", "one_of", "many_of")
"""Kinds whose values are words of a known list."""


def list_attributes(*, eyes: Eyes, language: str = "") -> list[Attribute]:
    """Those that are asked for and that these eyes may see, in their order. Two statements.

    :param language: as Django calls it, e.g. `zh-hant`; what is not told in it is told as it was declared.
    """
    rows = Row.objects.filter(is_retired=False).prefetch_related("words").order_by("position", "pk")
    declared = (_told(row, language.lower()) for row in rows)
    return [one for one in declared if may_see(one, eyes)]


def attributes_of(
    member_ids: Collection[int], *, eyes: Eyes, kinds: Collection[str] = tuple(COLUMNS)
) -> dict[int, dict[str, Value]]:
    """Member id -> code -> value, as far as these eyes may see it; nothing of attributes that are retired. One
    statement."""
    said: dict[int, dict[str, Value]] = {id_: {} for id_ in member_ids}
    for row in _visible(eyes).filter(member_id__in=member_ids, attribute__kind__in=kinds):
        kind = row.attribute.kind
        said[row.member_id][row.attribute.code] = value_of(kind, getattr(row, COLUMNS[kind]))
    return said


def get_attributes(member_id: int, *, eyes: Eyes) -> dict[str, Value]:
    """The same of one member."""
    return attributes_of([member_id], eyes=eyes)[member_id]


def _visible(eyes: Eyes) -> QuerySet[AttributeValue]:
    rows = AttributeValue.objects.filter(attribute__is_retired=False).select_related("attribute")
    if eyes is not Eyes.MEMBER:
        rows = rows.filter(
            attribute__seen_by__in=["staff", "personal"] if eyes is Eyes.TRUSTED else ["staff"]
        )
    return rows.order_by("attribute__position", "attribute_id")


def _told(row: Row, language: str) -> Attribute:
    words = next((one for one in row.words.all() if one.language.lower() == language), None)
    labels = words.allowed if words and len(words.allowed) == len(row.allowed) else row.allowed
    return Attribute(
        id=row.pk,
        code=row.code,
        label=words.label if words else row.label,
        why=words.purpose if words else row.purpose,
        kind=row.kind,  # type: ignore[arg-type]  # the table knows no other kinds
        choices=tuple(Choice(value, label) for value, label in zip(row.allowed, labels, strict=True)),
        seen_by=row.seen_by,  # type: ignore[arg-type]  # as above
        is_edited_by_member=row.is_edited_by_member,
        is_asked_for=row.is_asked_for,
    )


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a member says under an attribute.

    :ivar value: as JSON has it, a `Value`.
    :ivar at: since when.
    """

    value: Any
    source: str
    at: datetime


def list_answers(member_ids: Collection[int], codes: Collection[str]) -> dict[tuple[int, str], Answer]:
    """(member id, code) -> what stands there, also of attributes that are retired. One statement."""
    rows = AttributeValue.objects.filter(member_id__in=member_ids, attribute__code__in=codes)
    return {
        (row.member_id, row.attribute.code): Answer(
            value=value_of(row.attribute.kind, getattr(row, COLUMNS[row.attribute.kind])),
            source=row.source,
            at=row.changed_at,
        )
        for row in rows.select_related("attribute")
    }


def list_taken_away(
    member_ids: Collection[int], codes: Collection[str], *, since: datetime
) -> set[tuple[int, str]]:
    """(member id, code) of answers that were taken away since, whether or not something else stands there by now. One
    statement."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKEN_AWAY, [list(member_ids), since, list(codes)])
        return set(cursor.fetchall())


_TAKEN_AWAY = """
SELECT e.member_id, a.code FROM members_attributevalueevent e JOIN members_attribute a ON a.id = e.attribute_id
WHERE e.member_id = ANY(%s::bigint[]) AND e.pgh_label = 'removed' AND e.pgh_created_at > %s AND a.code = ANY(%s::text[])
"""


def list_declared(codes: Collection[str]) -> dict[str, Attribute]:
    """Code -> attribute, also of those that are retired."""
    rows = Row.objects.filter(code__in=codes).prefetch_related("words")
    return {row.code: _told(row, "") for row in rows}


def list_labels(*, eyes: Eyes) -> list[tuple[str, list[str]]]:
    """The code of each attribute that these eyes may see, and what it is called in every language."""
    rows = Row.objects.filter(is_retired=False).prefetch_related("words").order_by("position", "pk")
    return [
        (row.code, [row.label, *(words.label for words in row.words.all())])
        for row in rows
        if may_see(_told(row, ""), eyes)
    ]


def answers_of(member_ids: Collection[int]) -> dict[int, frozenset[str]]:
    """Member id -> what they chose of what everyone on staff may see, as `code=value`. One statement."""
    said = attributes_of(member_ids, eyes=Eyes.STAFF, kinds=CHOSEN)
    return {
        id_: frozenset(f"{code}={word}" for code, value in values.items() for word in _words(value))
        for id_, values in said.items()
    }


def list_possible_answers() -> list[str]:
    """Every answer that can be chosen and that everyone on staff may see, as `code=value`."""
    asked = [one for one in list_attributes(eyes=Eyes.STAFF) if one.kind in CHOSEN]
    return [f"{one.code}={word}" for one in asked for word in one.allowed or ("yes", "no")]


def _words(value: Value) -> list[str]:
    if isinstance(value, bool):
        return ["yes" if value else "no"]
    return value if isinstance(value, list) else [str(value)]
