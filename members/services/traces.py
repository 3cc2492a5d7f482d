"""Traces of a person in rows that are not theirs: the log of staff's acts, kept answers, reports of jobs and faults."""

import json
from collections.abc import Iterable
from typing import Any

from django.db import connection

from config.ground.personal import Held, list_row_ids, model_of
from members.member_data import Traces

_LOGGED = """UPDATE django_admin_log SET object_repr = '', change_message = ''
    WHERE content_type_id = (SELECT id FROM django_content_type WHERE app_label = %(app)s AND model = %(model)s)
    AND object_id IN ({rows})"""
_NAMING = {
    "admin.LogEntry": """UPDATE django_admin_log SET object_repr = '', change_message = ''
        WHERE object_repr ILIKE ANY (%(words)s) OR change_message ILIKE ANY (%(words)s)""",
    "ground.IdempotencyKey": "DELETE FROM ground_idempotencykey WHERE body ILIKE ANY (%(words)s)",
    "ground.JobRun": "UPDATE ground_jobrun SET detail = 'erased' WHERE detail ILIKE ANY (%(words)s)",
    "outbox.Delivery": "UPDATE outbox_delivery SET last_error = 'erased' WHERE last_error ILIKE ANY (%(words)s)",
}


def erase_traces(member_id: int, traces: Traces, holdings: Iterable[Held]) -> dict[str, int]:
    """Take a person out of what was logged about rows of theirs, and of whatever names them.

    :return: table -> rows.
    """
    known = {*traces.addresses, *traces.names, _ref_of(member_id)}
    words = sorted({_anywhere(form) for word in known for form in (word, json.dumps(word)[1:-1])})
    erased = {f"{table} naming them": _run(sql, {"words": words}) for table, sql in _NAMING.items()}
    logged = 0
    for held in holdings:
        meta = model_of(held)._meta
        told = {"member": member_id, "app": meta.app_label, "model": meta.model_name}
        logged += _run(_LOGGED.format(rows=list_row_ids(held, member_id)), told)
    return erased | {"admin.LogEntry about them": logged}


def _ref_of(member_id: int) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT ref FROM members_member WHERE id = %s", [member_id])
        return str(cursor.fetchone()[0])


def _anywhere(word: str) -> str:
    """A pattern that finds the word within a text."""
    plain = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{plain}%"


def _run(sql: str, told: dict[str, Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, told)
        return int(cursor.rowcount)
