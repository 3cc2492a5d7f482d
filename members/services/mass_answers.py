"""What many members answer, written and given back at once: the set-based sibling of `attributes`."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection

from members.queries.attributes import Answer, list_answers, list_declared, list_taken_away
from members.rules.attributes import COLUMNS, Attribute, Value, column_value, find_fault, is_same, words_in

SOURCE = "import"


class Replaced(msgspec.Struct, frozen=True, kw_only=True):
    """What an import wrote in place of what: None where nothing was answered."""

    before: Answer | None
    after: Any


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """An answer of an import that may be taken back: written at this moment."""

    member_id: int
    code: str
    replaced: Replaced
    at: datetime


def find_misfit(told: Mapping[str, Value], asked: Mapping[str, Attribute]) -> tuple[str, str] | None:
    """The code of an answer that is not taken any more, and why; None if all are.

    :param asked: by code, as it is declared now.
    """
    for code, value in told.items():
        if code not in asked:
            return code, "This is not asked any more. Take the column out, or pass it over."
        if fault := find_fault(asked[code], value):
            return code, fault
    return None


def answer_many(
    told: Mapping[int, Mapping[str, Value]],
    asked: Mapping[str, Attribute],
    *,
    is_overwriting: bool,
    known_at: datetime,
    now: datetime,
) -> dict[int, dict[str, Replaced]]:
    """Write what a file answers for members whom the caller's transaction has locked, and who differ.

    What somebody answered after the file was brought is newer than anything in it, and stays; so does that they took
    an answer away.

    :param told: member -> code -> value that fits.
    :param known_at: when the file was brought.
    :return: member -> code -> what was written in place of what.
    """
    codes = {code for answers in told.values() for code in answers}
    if not codes:
        return {}
    held = list_answers(told.keys(), codes)
    taken_away = list_taken_away(told.keys(), codes, since=known_at)
    written: dict[int, dict[str, Replaced]] = {}
    for member_id, answers in told.items():
        for code, value in answers.items():
            before = held.get((member_id, code))
            if before is None and (member_id, code) in taken_away:
                continue
            if before is None or (is_overwriting and _gives_way(before, value, known_at)):
                written.setdefault(member_id, {})[code] = Replaced(before=before, after=value)
    rows = [
        _row(member_id, asked[code], Answer(value=one.after, source=SOURCE, at=now))
        for member_id, several in written.items()
        for code, one in several.items()
    ]
    _write(rows)
    return written


def _gives_way(before: Answer, value: Value, known_at: datetime) -> bool:
    return not is_same(before.value, value) and (before.source == SOURCE or before.at <= known_at)


def unanswer_many(given: Sequence[Given], *, kept: Collection[tuple[int, str]]) -> dict[int, list[str]]:
    """Give back what stood there before, where the import's own answer still stands; members are locked by the caller.

    :param kept: (member, code) of answers that something else says too.
    :return: member -> what is asked where the answer stays.
    """
    if not given:
        return {}
    codes = {one.code for one in given}
    held, asked = list_answers({one.member_id for one in given}, codes), list_declared(codes)
    going: list[Given] = []
    staying: dict[int, list[str]] = {}
    for one in given:
        now_ = held.get((one.member_id, one.code))
        # By what it says too: two imports that are worked on in one run write at the same moment.
        is_own = now_ == Answer(value=one.replaced.after, source=SOURCE, at=one.at)
        is_free = is_own and (one.member_id, one.code) not in kept and _is_offered(one, asked[one.code])
        if is_free:
            going.append(one)
        else:
            staying.setdefault(one.member_id, []).append(asked[one.code].label)
    _write(
        [_row(one.member_id, asked[one.code], one.replaced.before) for one in going if one.replaced.before]
    )
    _erase([(one.member_id, asked[one.code].id) for one in going if one.replaced.before is None])
    return staying


def _is_offered(one: Given, attribute: Attribute) -> bool:
    """A choice that is gone by now cannot be given back."""
    before = one.replaced.before
    return before is None or not attribute.choices or words_in(before.value) <= set(attribute.allowed)


def _row(member_id: int, attribute: Attribute, answer: Answer) -> dict[str, Any]:
    return {
        "member": member_id,
        "attribute": attribute.id,
        COLUMNS[attribute.kind]: column_value(attribute, answer.value),
        "source": answer.source,
        "at": answer.at,
    }


def _write(rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(_WRITE, [msgspec.json.encode(rows).decode()])


def _erase(pairs: Sequence[tuple[int, int]]) -> None:
    if pairs:
        with connection.cursor() as cursor:
            cursor.execute(_ERASE, [msgspec.json.encode(pairs).decode()])


_WRITE = """
INSERT INTO members_attributevalue (member_id, attribute_id, text, number, day, is_yes, choices, source, changed_at)
SELECT r.member, r.attribute, r.text, r.number, r.day, r.is_yes, r.choices, r.source, r.at
FROM jsonb_to_recordset(%s::jsonb) AS r(member bigint, attribute bigint, text text, number numeric, day date,
    is_yes boolean, choices text[], source text, at timestamptz)
ORDER BY r.member, r.attribute
ON CONFLICT (member_id, attribute_id) DO UPDATE SET text = EXCLUDED.text, number = EXCLUDED.number, day = EXCLUDED.day,
    is_yes = EXCLUDED.is_yes, choices = EXCLUDED.choices, source = EXCLUDED.source, changed_at = EXCLUDED.changed_at
"""
_ERASE = """
DELETE FROM members_attributevalue v USING jsonb_array_elements(%s::jsonb) AS a(d)
WHERE v.member_id = (d->>0)::bigint AND v.attribute_id = (d->>1)::bigint
"""
