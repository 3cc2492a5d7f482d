"""What tables hold of a person: declared beside the tables as `Held`, told and erased here from that alone.

A table that holds something of a person and has no line is found by `tests/house/test_personal.py`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec
from django.apps import apps
from django.db import connection
from django.db.models import BinaryField, Model

ROWS_AT_ONCE = 1_000
ERASED = "'erased'"
"""For columns that may not be empty."""
EMPTY = "''"


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """What one table holds of a person, why, and what becomes of it when they are erased.

    :ivar table: label of the model, e.g. `members.Identity`.
    :ivar why: what it is used for, in words for the person.
    :ivar of: columns of which each names a member.
    :ivar where: SQL over the row `t` and `%(member)s` in place of `of`.
    :ivar becomes: rows are deleted, or stay without a word about the person: `blank` is overwritten.
    :ivar blank: column -> SQL over `t` that takes its place.
    :ivar keeps: columns with text that stay, because the house wrote them and they name nobody: refs, codes, numbers.
    :ivar tells: SQL over `t` and `%(member)s`: the rows that are told, where that is fewer than are erased; "": all.
    :ivar hides: columns that are not told to the person: secrets. Digests never are.
    :ivar lock: table that nobody writes while this one is erased.
    :ivar is_derived: whether the house makes the rows of itself for whoever is a member: nobody did anything.
    :ivar is_told: whether the person's export holds it; what is derived anew at any time is not told.
    """

    table: str
    why: str
    of: tuple[str, ...] = ("member_id",)
    where: str = ""
    tells: str = ""
    becomes: Literal["deleted", "nameless"] = "nameless"
    blank: Mapping[str, str] = {}
    keeps: tuple[str, ...] = ()
    hides: tuple[str, ...] = ()
    lock: str = ""
    is_told: bool = True
    is_derived: bool = False


def model_of(held: Held) -> type[Model]:
    return apps.get_model(held.table)


def read_rows(held: Held, member_id: int) -> Iterator[str]:
    """The rows of a person as JSON objects, a thousand read at a time."""
    meta = model_of(held)._meta
    key = "id" if any(field.column == "id" for field in meta.concrete_fields) else _key_of(meta)
    untold = [field.column for field in meta.concrete_fields if isinstance(field, BinaryField)]
    statement = (
        f"SELECT t.{key}, (to_jsonb(t) - %(untold)s::text[])::text FROM {meta.db_table} t"  # noqa: S608 - declared names
        f" WHERE ({held.tells or _condition(held)}) AND t.{key} > %(after)s ORDER BY t.{key} LIMIT {ROWS_AT_ONCE}"
    )
    after = -(2**63)
    while True:
        with connection.cursor() as cursor:
            told: dict[str, Any] = {"member": member_id, "untold": [*untold, *held.hides], "after": after}
            cursor.execute(statement, told)
            rows = cursor.fetchall()
        yield from (text for _, text in rows)
        if len(rows) < ROWS_AT_ONCE:
            return
        after = rows[-1][0]


def erase_rows(held: Held, member_id: int) -> int:
    """Delete the rows of a person, or overwrite what they say of them, in a transaction with `lift_guards`.

    :return: how many rows.
    """
    table, condition = model_of(held)._meta.db_table, _condition(held)
    if held.becomes == "deleted":
        statement = f"DELETE FROM {table} t WHERE {condition}"  # noqa: S608 - declared names
    elif held.blank:
        sets = ", ".join(f'"{column}" = {value}' for column, value in held.blank.items())
        statement = f"UPDATE {table} t SET {sets} WHERE {condition}"  # noqa: S608 - declared names
    else:
        return 0
    with connection.cursor() as cursor:
        if held.lock:
            cursor.execute(f"LOCK TABLE {held.lock} IN SHARE MODE")
        cursor.execute(statement, {"member": member_id})
        return int(cursor.rowcount)


def list_touched(held: Held, member_ids: Sequence[int]) -> list[int]:
    """Those of these members of whom the table holds anything. One statement.

    With `where` the table is asked for each of them by itself: as one join its whole past would be read for each. Rows
    are counted: for the first one alone, a planner would begin to read a table where it believes that all have many.
    """
    table, condition = model_of(held)._meta.db_table, _condition_of_each(held)
    theirs = f"FROM {table} t WHERE {condition}"
    each = f", LATERAL (SELECT count(*) AS rows {theirs}) AS held WHERE held.rows > 0"
    asked = each if held.where else f" WHERE EXISTS (SELECT 1 {theirs})"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT o.id {_EACH}{asked}", {"members": list(member_ids)})
        return [member_id for (member_id,) in cursor.fetchall()]


def erase_rows_of_many(held: Held, member_ids: Sequence[int]) -> int:
    """`erase_rows` for many at once; of what is locked it takes no notice. One statement."""
    table = model_of(held)._meta.db_table
    if held.becomes == "deleted":
        statement = f"DELETE FROM {table} t WHERE {_is_of_any(held)}"  # noqa: S608 - declared names
    elif held.blank:
        sets = ", ".join(f'"{column}" = {value}' for column, value in held.blank.items())
        statement = f"UPDATE {table} t SET {sets} WHERE {_is_of_any(held)}"  # noqa: S608 - declared names
    else:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(statement, {"members": list(member_ids)})
        return int(cursor.rowcount)


_EACH = "FROM unnest(%(members)s::bigint[]) AS o(id)"


def _condition_of_each(held: Held) -> str:
    return f"({_condition(held).replace('%(member)s', 'o.id')})"


def _is_of_any(held: Held) -> str:
    """Rows of any of `%(members)s`; where more than one column tells, they are looked for of each by themselves."""
    condition = _condition_of_each(held)
    if not held.where and len(held.of) == 1:
        return f"EXISTS (SELECT 1 {_EACH} WHERE {condition})"
    meta = model_of(held)._meta
    key = _key_of(meta)
    one = f"SELECT t.{key} FROM {meta.db_table} t WHERE {condition}"  # noqa: S608 - declared names
    return f"t.{key} IN (SELECT held.{key} {_EACH}, LATERAL ({one}) AS held)"


def list_row_ids(held: Held, member_id: int) -> str:
    """SQL for the keys of a person's rows as text, over `%(member)s`."""
    meta = model_of(held)._meta
    return f"SELECT t.{_key_of(meta)}::text FROM {meta.db_table} t WHERE {_condition(held)}"  # noqa: S608 - declared names


def lift_guards(tables: Iterable[str]) -> None:
    """Until the transaction ends, let rows of these tables be changed that never change, and write no history of it.
    An erasure alone, and what applies a retention period, may."""
    names = {
        trigger.get_pgid(model)
        for label in tables
        for model in [apps.get_model(label)]
        for trigger in getattr(model._meta, "triggers", [])
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('pgtrigger.ignore', %s, true)", ["{" + ",".join(sorted(names)) + "}"]
        )


def set_guards() -> None:
    """End what `lift_guards` began, before the transaction does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('pgtrigger.ignore', '{}', true)")


def _key_of(meta: Any) -> str:
    """The key's column; of a key of two columns the first."""
    key = meta.pk
    return str(key.column or meta.get_field(key.field_names[0]).column)


def _condition(held: Held) -> str:
    return held.where or " OR ".join(f"t.{column} = %(member)s" for column in held.of)
