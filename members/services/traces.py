"""Traces of a person in rows that are not theirs: the log of staff's acts, kept answers, reports of jobs and faults."""

import json
import re
from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.db import connection

from config.ground.personal import EMPTY, ERASED, Held, list_row_ids, model_of
from members.member_data import Traces

_LOGGED = """UPDATE django_admin_log SET object_repr = '', change_message = ''
    WHERE content_type_id = (SELECT id FROM django_content_type WHERE app_label = %(app)s AND model = %(model)s)
    AND object_id IN ({rows})"""
_ANSWERS = "ground.IdempotencyKey"
_TEXTS = {
    "admin.LogEntry": ("object_repr", "change_message"),
    _ANSWERS: ("body",),
    "ground.JobRun": ("detail",),
    "members.MemberImport": ("file_name",),
    "outbox.Delivery": ("last_error",),
}
"""Columns in which anybody may be named. No index tells who is."""


def _where_named(table: str) -> str:
    """Whether a word is in a text at all is seen ten times as fast as whether it is in a place of its own: that is
    asked first, for most have none, and a month of answers is read."""
    named = (f"({text} ~* %(words)s AND {text} ~* %(placed)s)" for text in _TEXTS[table])
    return " OR ".join(named)


def _unsaid(table: str) -> str:
    """What names a person by ref or address says nothing any more."""
    name, value = apps.get_model(table)._meta.db_table, EMPTY if table == "admin.LogEntry" else ERASED
    if table == _ANSWERS:
        return f"DELETE FROM {name} WHERE {_where_named(table)}"  # noqa: S608 - our own words
    sets = ", ".join(f"{text} = {value}" for text in _TEXTS[table])
    return f"UPDATE {name} SET {sets} WHERE {_where_named(table)}"  # noqa: S608 - our own words


def _nameless(table: str) -> str:
    """A name loses its place alone. Anybody may be called Gold, or call themselves Changed: what else was logged, and
    the answers that others were given, must outlive them."""
    name = apps.get_model(table)._meta.db_table
    sets = ", ".join(f"{text} = regexp_replace({text}, %(placed)s, 'erased', 'gi')" for text in _TEXTS[table])
    return f"UPDATE {name} SET {sets} WHERE {_where_named(table)}"  # noqa: S608 - our own words


def erase_traces(member_id: int, traces: Traces, holdings: Iterable[Held]) -> dict[str, int]:
    """Take a person out of what was logged about rows of theirs, and of whatever names them.

    :return: table -> rows.
    """
    told = _looked_for({*traces.addresses, _ref_of(member_id)})
    erased = {f"{table} naming them": _run(_unsaid(table), told) for table in _TEXTS}
    for table in _TEXTS:
        names = [name for name in traces.names if table != _ANSWERS or not _may_be_a_code(name)]
        if names:
            erased[f"{table} calling them"] = _run(_nameless(table), _looked_for(names))
    logged = 0
    for held in holdings:
        meta = model_of(held)._meta
        row = {"member": member_id, "app": meta.app_label, "model": meta.model_name}
        logged += _run(_LOGGED.format(rows=list_row_ids(held, member_id)), row)
    return erased | {"admin.LogEntry about them": logged}


def _ref_of(member_id: int) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT ref FROM members_member WHERE id = %s", [member_id])
        return str(cursor.fetchone()[0])


def _may_be_a_code(name: str) -> bool:
    """Clients read `active` and `GOLD` in an answer; they have no space in them."""
    return name.isascii() and " " not in name


def _looked_for(words: Iterable[str]) -> dict[str, str]:
    """Patterns that find any of the words, plain or as JSON has it: `words` anywhere; `placed` not within a longer one,
    nor as the name of a field."""
    forms = {form for word in words for form in (word, json.dumps(word)[1:-1])}
    longest_first = "(?:" + "|".join(sorted(map(re.escape, forms), key=len, reverse=True)) + ")"
    return {"words": longest_first, "placed": _BEGIN + longest_first + _END}


_BEGIN = r"(?:(?<![a-z0-9])|(?<=\\[bfnrt]))"
_END = r'(?![a-z0-9]|"\s*:)'


def _run(sql: str, told: dict[str, Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, told)
        return int(cursor.rowcount)
