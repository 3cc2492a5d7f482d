"""Writes one word into every text about a member, and looks for it in the whole database and the data folder."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import connection
from django.db.models import (
    BinaryField,
    BooleanField,
    DateField,
    DateTimeField,
    Field,
    FloatField,
    JSONField,
    SmallIntegerField,
    TextField,
    TimeField,
)

from config.ground.personal import Held, model_of
from tests.house.test_personal import holdings, texts_of

MARK = "Xanthippe77"
"""Short enough for every column that could hold a name."""

_SETTLED = '{"order":{},"settlement":{"earned":[{"because":"MARK"}]},"wallet":{"MARK":1}}'
_UNDONE = '{"return":{},"undone":{"vouchers_back":["MARK"]},"wallet":{"MARK":1}}'
_MOVERS = "SELECT to_jsonb(array_agg(ref)) || to_jsonb('MARK'::text) FROM members_member WHERE id = MEMBER"
SAYING = {
    "ground.IdempotencyKey.caller": "'member:MEMBER'",
    "omnichannel.EventTold.ref": "'x'",
    "members.SignInCode.identity_kind": "'phone'",
    "loyalty.Voucher.cause": "'goodwill:gdw_1:MARK'",
    "loyalty.Settlement.answer": f"'{_SETTLED}'",
    "loyalty.Reversal.answer": f"'{_UNDONE}'",
    "loyalty.LadderDraft.movers": f"({_MOVERS})",
}
"""What such a column says where any word would not do."""


def open_tables() -> None:
    """Let tables take rows that could not be: without checks, keys and indexes that insist. Until the test is over."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in {model_of(held)._meta.db_table for held in holdings()}:
            cursor.execute(
                "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype <> 'n'",
                [table],
            )
            for (name,) in cursor.fetchall():
                cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT IF EXISTS "{name}" CASCADE')
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")


def close_tables() -> None:
    """Let the tables guard themselves again, for the erasure to find them as they are."""
    with connection.cursor() as cursor:
        for table in {model_of(held)._meta.db_table for held in holdings()}:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def mark_everything(member_id: int) -> list[str]:
    """One row more in every table that is about the member, with the mark in every text; answers which columns."""
    marked: list[str] = []
    for held in holdings():
        if held.table != "members.Member":
            marked += _insert(held, member_id)
    with connection.cursor() as cursor:
        texts = [f.column for f in texts_of(model_of(_held("members.Member"))) if f.column != "ref"]
        sets = ", ".join(f"{column} = left('{MARK}', 16)" for column in texts)
        cursor.execute(f"UPDATE members_member SET {sets} WHERE id = %s", [member_id])
    return marked + [f"members.Member.{column}" for column in texts]


def _held(table: str) -> Held:
    return next(held for held in holdings() if held.table == table)


def _insert(held: Held, member_id: int) -> list[str]:
    model = model_of(held)
    texts = {field.column for field in texts_of(model)} - set(held.keeps)
    values = {
        field.column: _value(held, field, member_id, is_marked=field.column in texts)
        for field in model._meta.concrete_fields
        if field.column and field.column != "pgh_context_id"
    }
    with connection.cursor() as cursor:
        columns = ", ".join(f'"{column}"' for column in values)
        cursor.execute(
            f"INSERT INTO {model._meta.db_table} ({columns}) VALUES ({', '.join(values.values())})"
        )
    return [f"{held.table}.{column}" for column in texts]


def _value(held: Held, field: "Field[Any, Any]", member_id: int, *, is_marked: bool) -> str:
    """An SQL value that fits the column. Every key is the member's, so that rows find whatever they point at."""
    word = MARK if is_marked else "x"
    said = SAYING.get(f"{held.table}.{field.column}")
    if said is None:
        said = next((value for kind, value in _PLAIN.items() if isinstance(field, kind)), None)
    if said is None:
        is_text = field.max_length or isinstance(field, TextField)
        said = f"'{(field.choices or [('WORD',)])[0][0]}'" if is_text else "MEMBER"
    return said.replace("MARK", MARK).replace("WORD", word).replace("MEMBER", str(member_id))


_PLAIN: dict[type[Any], str] = {
    ArrayField: "ARRAY['WORD']",
    JSONField: """'{"note": "WORD"}'""",
    DateTimeField: "'2026-11-01T00:00:00Z'",
    DateField: "'2026-11-01'",
    BinaryField: "''::bytea",
    BooleanField: "false",
    TimeField: "'12:00'",
    FloatField: "1.5",
    SmallIntegerField: "1",
}


def find_mark(folder: Path, word: str = MARK) -> Iterator[str]:
    """Where the word stands: every column of every table, whatever its type; every file's name and bytes."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns c"
            " JOIN information_schema.tables t USING (table_schema, table_name)"
            " WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
            " AND data_type IN ('text', 'character varying', 'jsonb', 'json', 'ARRAY', 'bytea', 'character')"
        )
        for table, column in cursor.fetchall():
            looked = f"encode(\"{column}\", 'escape')" if _is_bytes(table, column) else f'"{column}"::text'
            cursor.execute(f'SELECT count(*) FROM "{table}" WHERE {looked} ILIKE %s', [f"%{word}%"])
            if cursor.fetchone()[0]:
                yield f"{table}.{column}"
    for path in folder.rglob("*"):
        if word in path.name or (path.is_file() and word.encode() in path.read_bytes()):
            yield path.name


def _is_bytes(table: str, column: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT data_type = 'bytea' FROM information_schema.columns WHERE table_schema = 'public'"
            " AND table_name = %s AND column_name = %s",
            [table, column],
        )
        return bool(cursor.fetchone()[0])
