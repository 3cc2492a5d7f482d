"""Reading an import: every row is brought into normal form, looked up among members, and staged by COPY.

A chunk is one transaction with its mark, so that a kill loses a chunk at most, and nothing is staged twice.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import IO

import msgspec
from django.db import connection, transaction

from members.adapters.exports import forget_copies, open_copy
from members.adapters.faults import TableNotReadable
from members.adapters.unpacked import read_on, unpack
from members.models import ImportState, MemberImport, RowState
from members.queries.attributes import list_attributes
from members.queries.duplicates import MOST_ALIKE, counts_of_names, current_weights, list_portraits
from members.queries.imports import claim_import, count_rows, list_sharing, lock_import
from members.queries.members import find_owners, list_members_by_id
from members.rules.attributes import Eyes
from members.rules.import_fields import ANSWER, IDENTITIES, Mapping, field_of
from members.rules.import_rows import Asked, Problem, Reading, ToldRow, read_row
from members.rules.likeness import likeness
from members.rules.likeness_words import words_for
from members.rules.namesakes import names_of
from members.rules.portraits import Portrait, portrait
from members.services.imports import mapping_of, shape_kept

ROWS_PER_CHUNK = 5_000
ROWS_PER_LOOK = 250_000
"""At doubles: so that no statement grows with the file."""


class _Staged(msgspec.Struct):
    """A row on its way to the table."""

    row: int
    cells: list[str]
    told: ToldRow
    problems: list[Problem]
    state: RowState
    refs: list[str]


def read_import(import_id: int, *, now: datetime, may_go_on: Callable[[], bool]) -> None:
    """Read on where it was stopped, until all is read or time is up. Safe to repeat, any number at once, and to be
    killed anywhere.

    A file that breaks in the middle fails as a whole: nobody can say what its other half would have been.
    """
    batch = MemberImport.objects.filter(pk=import_id, state=ImportState.READING).first()
    if batch is None:
        return
    try:
        if _unpack(import_id):
            with open_copy(batch.rows_file) as lines:
                while _stage(batch, lines, now=now) and may_go_on():
                    pass
    except TableNotReadable as fault:
        _fail(import_id, str(fault))
    except FileNotFoundError:
        _fail(import_id, "Its file is gone: it is kept for a day. Upload it again.")
    if not MemberImport.objects.filter(pk=import_id, state=ImportState.READING).exists():
        forget_copies([batch.rows_file])


@transaction.atomic
def _unpack(import_id: int) -> bool:
    """Whether its rows lie there to be read. Written by one at a time, in one go: whoever is killed at it leaves
    nothing."""
    batch = claim_import(import_id, ImportState.READING)
    if batch is None:
        return False
    if batch.rows_in_file is None:
        batch.rows_in_file = unpack(
            batch.file, batch.rows_file, shape_kept(batch), meanwhile=_keep_connection
        )
        batch.save(update_fields=["rows_in_file"])
    return True


def _keep_connection() -> None:
    """An idle transaction is ended by the database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


@transaction.atomic
def _stage(batch: MemberImport, lines: IO[bytes], *, now: datetime) -> bool:
    """Whether there may be more to stage for us: not if somebody else is at it, or it was begun anew."""
    locked = claim_import(batch.pk, ImportState.READING)
    if locked is None or locked.rows_in_file is None or locked.shape != batch.shape:
        return False
    chunk, end = read_on(lines, after=locked.bytes_read, most=ROWS_PER_CHUNK)
    if not chunk:
        _finish(locked)
        return False
    mapping = mapping_of(locked)
    asked, headings = _asked(mapping), shape_kept(locked).headings
    staged = [
        _staged(row, cells, read_row(cells, mapping, asked=asked, headings=headings, now=now))
        for row, cells in chunk
    ]
    _look_up(staged)
    _look_for_likely(staged)
    _copy(locked.pk, staged, now)
    locked.last_row_read, locked.bytes_read = chunk[-1][0], end
    locked.rows_read += len(chunk)
    locked.save(update_fields=["last_row_read", "bytes_read", "rows_read"])
    return True


def _asked(mapping: Mapping) -> Asked:
    """Who may import may see personal data, and writes what they see; what a member alone sees is not theirs."""
    if not any(field.startswith(ANSWER) for field in mapping.columns):
        return {}
    return {field_of(one.code): one for one in list_attributes(eyes=Eyes.TRUSTED)}


def _staged(row: int, cells: list[str], reading: Reading) -> _Staged:
    state = RowState.REFUSED if reading.problems else RowState.NEW
    return _Staged(row, cells, reading.told, [*reading.problems, *reading.remarks], state, [])


def _look_up(staged: Sequence[_Staged]) -> None:
    """Who is a member already, by an identity."""
    good = [one for one in staged if one.state == RowState.NEW]
    owners = find_owners({claim for one in good for claim in one.told.claims})
    for one in good:
        one.refs = sorted({owners[claim][1] for claim in one.told.claims if claim in owners})
        if len(one.refs) == 1:
            one.state = RowState.KNOWN
        elif one.refs:
            says = f"Its phone, e-mail or numbers belong to several members: {', '.join(one.refs)}. Take one out."
            one.state, one.problems = RowState.REFUSED, [Problem("", says)]


def _look_for_likely(staged: Sequence[_Staged]) -> None:
    """Who is probably a member already, by the rules that find the same person twice."""
    new = [one for one in staged if one.state == RowState.NEW]
    portraits = [_portrait(one.told) for one in new]
    sharing = list_sharing(portraits, most=MOST_ALIKE)
    members = list_portraits(sorted({member_id for several in sharing for member_id in several}))
    if not members:
        return
    counts = counts_of_names({name for who in (*portraits, *members.values()) for name in names_of(who)})
    weights = current_weights()
    found: list[tuple[_Staged, int]] = []
    for one, mine, several in zip(new, portraits, sharing, strict=True):
        weighed = [
            (likeness(mine, members[other], weights, counts=counts), other)
            for other in several
            if other in members
        ]
        alike = [
            (how.score, other, how.findings) for how, other in weighed if how.score >= weights.review_from
        ]
        if alike:
            _, other, findings = max(alike)
            speaking = [finding for finding in findings if weights.findings.get(finding, 0.0) > 0]
            one.state = RowState.LIKELY
            one.problems.append(Problem("", f"{'; '.join(map(words_for, speaking))}."))
            found.append((one, other))
    refs = {who.id: who.ref for who in list_members_by_id(sorted({other for _, other in found}))}
    for one, other in found:
        one.refs = [refs[other]]


def _portrait(told: ToldRow) -> Portrait:
    of_kind: dict[str, list[str]] = {kind: [] for kind in IDENTITIES}
    for claim in told.claims:
        of_kind[claim.kind].append(claim.value)
    return portrait(
        given_name=told.given_name,
        family_name=told.family_name,
        other_names=told.display_name,
        birth=f"{told.birth_date:%Y%m%d}" if told.birth_date else "",
        phones=of_kind["phone"],
        emails=of_kind["email"],
        ids=of_kind["external"],
    )


def _copy(import_id: int, staged: Sequence[_Staged], now: datetime) -> None:
    target = "members_importrow (batch_id, row, state, cells, told, keys, problems, refs, staged_at)"
    encode = msgspec.json.encode
    with connection.cursor() as cursor, cursor.copy(f"COPY {target} FROM STDIN") as copy:
        for one in staged:
            keys = [f"{claim.kind}:{claim.value}" for claim in one.told.claims]
            copy.write_row(
                (
                    import_id,
                    one.row,
                    one.state.value,
                    encode(one.cells).decode(),
                    encode(one.told).decode(),
                    keys,
                    encode(one.problems).decode(),
                    one.refs,
                    now,
                )
            )


def _finish(batch: MemberImport) -> None:
    """Refuse what stands twice in the file, and count what is to be expected."""
    _refuse_doubles(batch)
    batch.state, batch.foreseen = ImportState.READ, count_rows(batch.pk)
    batch.save(update_fields=["state", "foreseen"])


def _refuse_doubles(batch: MemberImport) -> None:
    """All are found before the first is refused: a row that is one itself still says who another is."""
    parts = 1 + batch.rows_read // ROWS_PER_LOOK
    told = {"import": batch.pk, "parts": parts}
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE import_doubles (row int, first int)")
        for part in range(parts):
            cursor.execute(_FIND_DOUBLES, told | {"part": part})
        for after in range(0, batch.last_row_read, ROWS_PER_LOOK):
            cursor.execute(_REFUSE_DOUBLES, told | {"after": after, "until": after + ROWS_PER_LOOK})
        cursor.execute("DROP TABLE import_doubles")


_FIND_DOUBLES = """
INSERT INTO import_doubles
SELECT row, first FROM (
    SELECT row, min(row) OVER (PARTITION BY key) AS first FROM members_importrow r CROSS JOIN LATERAL unnest(
        r.keys::text[] || CASE WHEN r.state = 'known' THEN r.refs::text[] ELSE '{}' END) AS key
    WHERE r.batch_id = %(import)s AND r.state <> 'refused' AND (hashtext(key) & 2147483647) %% %(parts)s = %(part)s
) told WHERE first < row
"""
_REFUSE_DOUBLES = """
UPDATE members_importrow r SET state = 'refused', problems = jsonb_build_array(jsonb_build_array('', format(
    'Row %%s of the file is the same person. Join the two rows there, or take this one out.', double.first)))
FROM (
    SELECT row, min(first) AS first FROM import_doubles WHERE row > %(after)s AND row <= %(until)s GROUP BY row
) double
WHERE r.batch_id = %(import)s AND r.row = double.row
"""


@transaction.atomic
def _fail(import_id: int, problem: str) -> None:
    batch = lock_import(import_id, ImportState.READING)
    if batch is not None:
        batch.state, batch.problem = ImportState.FAILED, problem[:500]
        batch.save(update_fields=["state", "problem"])


def preview_words(mapping: Mapping) -> dict[str, str]:
    """What becomes of rows by their state, as the mapping has it."""
    known = {
        "leave": "Members already, who stay as they are",
        "fill": "Members already, of whom is filled in what is missing",
        "overwrite": "Members already, overwritten by what the file says",
    }
    likely = {
        "leave_out": "Probably members already, left out",
        "enrol": "Probably members already, enrolled all the same",
    }
    return {
        RowState.NEW: "New members",
        RowState.KNOWN: known[mapping.known],
        RowState.LIKELY: likely[mapping.likely],
        RowState.REFUSED: "Rows that cannot be taken",
    }
