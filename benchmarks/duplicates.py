"""Looking through many members for who may be one person: how long it takes, and whether those who are get found."""

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
from django.db import connection

from members.models import LikelyPair

TWICE = 0.05
"""So many of all members are a second account of somebody."""

NOW = datetime(2026, 3, 1, tzinfo=UTC)
_ENDS = (
    "er",
    "son",
    "man",
    "ton",
    "ley",
    "well",
    "ford",
    "ham",
    "ski",
    "ez",
    "berg",
    "ini",
    "ov",
    "sen",
    "wood",
)
_BEGINS = (
    "Br",
    "C",
    "D",
    "F",
    "Gr",
    "H",
    "J",
    "K",
    "L",
    "M",
    "N",
    "P",
    "R",
    "St",
    "T",
    "V",
    "W",
    "Sh",
    "Al",
    "E",
)


class Sheet(msgspec.Struct):
    """One account: names, birthday if it is known, phone, e-mail."""

    given: str
    family: str
    born_on: date | None
    phone: str
    email: str


def compare_duplicates(members: int) -> str:
    """One line of words: seconds, memory, pairs, and the share of the planted second accounts that was found."""
    chance = random.Random(7)
    sheets, second = _people(chance, members)
    ids = _enrol(sheets)
    planted = {(max(ids[one], ids[two]), min(ids[one], ids[two])) for one, two in second}
    first_id = min(ids)
    del sheets, ids
    took, megabytes = _check_everybody()
    # Not the shop's own: their names and phones are numbered one after the other, and so a slip apart.
    pairs = set(LikelyPair.objects.filter(other_id__gte=first_id).values_list("member_id", "other_id"))
    share = len(pairs & planted) / len(planted)
    right = len(pairs & planted) / max(1, len(pairs))
    return (
        f"{members:,} members looked through for second accounts in {took:.0f} s, with {megabytes:.0f} MB at most:"
        f" {len(pairs):,} pairs; {share:.0%} of the {len(planted):,} planted ones found,"
        f" {right:.0%} of the pairs are planted."
    )


def _check_everybody() -> tuple[float, float]:
    """Seconds, and the most memory that the command held in MB: in a process of its own, as a house runs it."""
    began = time.perf_counter()
    command = subprocess.Popen([sys.executable, "manage.py", "check_duplicates"], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(command.pid, 0)
    command.returncode = os.waitstatus_to_exitcode(status)
    if command.returncode:
        raise RuntimeError("check_duplicates failed")
    return time.perf_counter() - began, used.ru_maxrss / 1024


def _people(chance: random.Random, members: int) -> tuple[list[Sheet], list[tuple[int, int]]]:
    first = round(members * (1 - TWICE))
    chosen = names_as_common_as_real(chance, first)
    sheets = [_sheet(chance, given, family, number) for number, (given, family) in enumerate(chosen)]
    second = []
    for number in range(first, members):
        one = chance.randrange(first)
        second.append((one, number))
        sheets.append(_again(chance, sheets[one], number))
    return sheets, second


def names_as_common_as_real(chance: random.Random, count: int) -> Iterator[tuple[str, str]]:
    """Given and family names, as unevenly common as real ones are: the first of them has a hundredth of all."""
    families = _names(chance, 20_000)
    givens = _names(chance, 2_000)
    by_family = [1 / (rank + 8) for rank in range(len(families))]
    by_given = [1 / (rank + 15) for rank in range(len(givens))]
    return zip(
        chance.choices(givens, by_given, k=count), chance.choices(families, by_family, k=count), strict=True
    )


def _names(chance: random.Random, count: int) -> list[str]:
    names: dict[str, None] = {}
    while len(names) < count:
        middle = "".join(
            chance.choice("aeiou") + chance.choice("bcdfglmnrst") for _ in range(chance.choice((0, 1, 1, 2)))
        )
        names[f"{chance.choice(_BEGINS)}{middle}{chance.choice('aeiou')}{chance.choice(_ENDS)}"] = None
    return list(names)


def _sheet(chance: random.Random, given: str, family: str, number: int) -> Sheet:
    born_on = date(1940, 1, 1) + timedelta(days=chance.randrange(24_000)) if chance.random() < 0.6 else None
    email = f"{given}.{family}{number % 1000}@example.com".lower() if chance.random() < 0.6 else ""
    return Sheet(given, family, born_on, f"+1{2_000_000_000 + chance.randrange(7_000_000_000)}", email)


def _again(chance: random.Random, one: Sheet, number: int) -> Sheet:
    """The same person, with another phone, and something written otherwise."""
    sheet = msgspec.structs.replace(
        one, phone=f"+1{2_000_000_000 + chance.randrange(7_000_000_000)}", email=""
    )
    match chance.randrange(4):
        case 0:
            place = chance.randrange(1, len(sheet.family))
            sheet.family = sheet.family[:place] + chance.choice("aeinrst") + sheet.family[place + 1 :]
        case 1:
            sheet.given, sheet.family = sheet.family, sheet.given
        case 2:
            sheet.email = one.email.replace("example.com", "example.org")
        case _:
            sheet.phone = one.phone[:-1] + str((int(one.phone[-1]) + 1) % 10)
    return sheet


_MEMBERS = """
INSERT INTO members_member (ref, given_name, family_name, display_name, language, birth_date, birth_month, birth_day,
    state, enrolled_at, enrolled_via, enrolled_at_place, card_secret, recorded_at)
SELECT 'mem_bench' || n, given, family, '', '', born_on, extract(month FROM born_on), extract(day FROM born_on),
    'active', %(now)s, 'import', '', '\\x00', %(now)s
FROM unnest(%(given)s::text[], %(family)s::text[], %(born)s::date[]) WITH ORDINALITY AS p(given, family, born_on, n)
ORDER BY n RETURNING id
"""
_IDENTITIES = """
INSERT INTO members_identity (kind, value, member_id, source, recorded_at)
SELECT %(kind)s, value, id, 'import', %(now)s FROM unnest(%(value)s::text[], %(id)s::bigint[]) AS k(value, id)
WHERE value <> '' ON CONFLICT DO NOTHING
"""


def _enrol(sheets: list[Sheet]) -> list[int]:
    """Their ids, in their order."""
    columns: dict[str, Any] = {
        "given": [sheet.given for sheet in sheets],
        "family": [sheet.family for sheet in sheets],
        "born": [sheet.born_on for sheet in sheets],
        "now": NOW,
    }
    with connection.cursor() as cursor:
        cursor.execute(_MEMBERS, columns)
        ids = [row[0] for row in cursor.fetchall()]
        for kind in ("phone", "email"):
            values = [getattr(sheet, kind) for sheet in sheets]
            cursor.execute(_IDENTITIES, {"kind": kind, "value": values, "id": ids, "now": NOW})
        cursor.execute("ANALYZE members_member, members_identity")
    return ids
