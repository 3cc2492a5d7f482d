"""Traces of a person in rows that are not theirs: the log of staff's acts, kept answers, reports of jobs and faults."""

import json
import re
from collections.abc import Iterable
from typing import Any

from django.db import connection

from config.ground.personal import Held, list_row_ids, model_of
from members.member_data import Traces

_LOGGED = """UPDATE django_admin_log SET object_repr = '', change_message = ''
    WHERE content_type_id = (SELECT id FROM django_content_type WHERE app_label = %(app)s AND model = %(model)s)
    AND object_id IN ({rows})"""
_ANSWERS = "ground.IdempotencyKey"
_NAMING = {
    "admin.LogEntry": """UPDATE django_admin_log SET object_repr = '', change_message = ''
        WHERE object_repr ~* %(known)s OR change_message ~* %(known)s""",
    _ANSWERS: "DELETE FROM ground_idempotencykey WHERE body ~* %(known)s",
    "ground.JobRun": "UPDATE ground_jobrun SET detail = 'erased' WHERE detail ~* %(known)s",
    "members.MemberImport": "UPDATE members_memberimport SET file_name = 'erased' WHERE file_name ~* %(known)s",
    "outbox.Delivery": "UPDATE outbox_delivery SET last_error = 'erased' WHERE last_error ~* %(known)s",
}
"""What names a person by ref or address says nothing any more."""
_CALLING = {
    "admin.LogEntry": """UPDATE django_admin_log SET
        object_repr = regexp_replace(object_repr, %(called)s, 'erased', 'gi'),
        change_message = regexp_replace(change_message, %(called)s, 'erased', 'gi')
        WHERE object_repr ~* %(called)s OR change_message ~* %(called)s""",
    _ANSWERS: """UPDATE ground_idempotencykey
        SET body = regexp_replace(body, %(called)s, 'erased', 'gi') WHERE body ~* %(called)s""",
    "ground.JobRun": """UPDATE ground_jobrun SET detail = regexp_replace(detail, %(called)s, 'erased', 'gi')
        WHERE detail ~* %(called)s""",
    "members.MemberImport": """UPDATE members_memberimport
        SET file_name = regexp_replace(file_name, %(called)s, 'erased', 'gi') WHERE file_name ~* %(called)s""",
    "outbox.Delivery": """UPDATE outbox_delivery
        SET last_error = regexp_replace(last_error, %(called)s, 'erased', 'gi') WHERE last_error ~* %(called)s""",
}
"""A name loses its place alone. Anybody may be called Gold, or call themselves Changed: what else was logged, and the
answers that others were given, must outlive them."""


def erase_traces(member_id: int, traces: Traces, holdings: Iterable[Held]) -> dict[str, int]:
    """Take a person out of what was logged about rows of theirs, and of whatever names them.

    :return: table -> rows.
    """
    told = {"known": _any_of({*traces.addresses, _ref_of(member_id)})}
    erased = {f"{table} naming them": _run(sql, told) for table, sql in _NAMING.items()}
    for table, sql in _CALLING.items():
        names = [name for name in traces.names if table != _ANSWERS or not _may_be_a_code(name)]
        if names:
            erased[f"{table} calling them"] = _run(sql, {"called": _any_of(names)})
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


def _any_of(words: Iterable[str]) -> str:
    """A pattern that finds any of the words, plain or as JSON has it: not within a longer one, nor as the name of a
    field."""
    forms = {form for word in words for form in (word, json.dumps(word)[1:-1])}
    longest_first = sorted(map(re.escape, forms), key=len, reverse=True)
    return _BEGIN + "(?:" + "|".join(longest_first) + ")" + _END


_BEGIN = r"(?:(?<![a-z0-9])|(?<=\\[bfnrt]))"
_END = r'(?![a-z0-9]|"\s*:)'


def _run(sql: str, told: dict[str, Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, told)
        return int(cursor.rowcount)
