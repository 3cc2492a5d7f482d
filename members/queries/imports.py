"""Asking for imports of members, their rows, and what they did."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection
from django.db.models import Count, Q, QuerySet

from members.errors import ImportNotThere
from members.models import ImportedMember, ImportRow, ImportState, MemberImport, RowState, UndoneHow
from members.models.imports import AT_WORK, REMARKED, UNREAD, rows_file_of
from members.models.personal import IN_A_ROW
from members.rules.portraits import Portrait, search_keys

ROWS_AT_ONCE = 2_000


def get_import(ref: str, imports: QuerySet[MemberImport] | None = None) -> MemberImport:
    """
    :param imports: among which it is looked for; None: all.
    :raises ImportNotThere: if there is none.
    """
    found = (MemberImport.objects.all() if imports is None else imports).filter(ref=ref).first()
    if found is None:
        raise ImportNotThere
    return found


def list_brought_by(names: Collection[str]) -> QuerySet[MemberImport]:
    """Imports whose files these callers uploaded."""
    return MemberImport.objects.filter(asked_by__in=names)


def lock_import(import_id: int, *states: ImportState) -> MemberImport | None:
    """Lock an import until commit; None if it is at another step by now."""
    imports = MemberImport.objects.filter(pk=import_id, state__in=states)
    return imports.select_for_update(of=("self",)).first()


def claim_import(import_id: int, state: ImportState) -> MemberImport | None:
    """Lock an import until commit, for a piece of its work; None if it is at another step, or somebody is at it."""
    imports = MemberImport.objects.filter(pk=import_id, state=state)
    return imports.select_for_update(skip_locked=True, of=("self",)).first()


def list_at_work(*, now: datetime) -> list[tuple[int, ImportState]]:
    """Imports on which something is to be done now, the oldest first."""
    is_due = Q(try_at=None) | Q(try_at__lte=now)
    waiting = MemberImport.objects.filter(is_due, state__in=AT_WORK).order_by("pk")
    return [(id_, ImportState(state)) for id_, state in waiting.values_list("pk", "state")]


def find_like(headings_key: str) -> MemberImport | None:
    """The newest import of a file with such headings whose columns somebody named."""
    alike = MemberImport.objects.filter(headings_key=headings_key).exclude(mapping={})
    return alike.order_by("-pk").first()


def list_left_files(*, before: datetime) -> QuerySet[MemberImport]:
    """Imports with a file that was uploaded before this moment."""
    return MemberImport.objects.filter(uploaded_at__lt=before).exclude(file="")


def list_known_files() -> set[str]:
    """Names of all files that imports have."""
    files = MemberImport.objects.exclude(file="").values_list("file", flat=True)
    return {name for file in files for name in (file, rows_file_of(file))}


def list_files_naming(member_id: int) -> list[str]:
    """Files that are kept of imports that name a member."""
    with connection.cursor() as cursor:
        cursor.execute(_FILES_NAMING, {"member": member_id})
        return [name for (file,) in cursor.fetchall() for name in (file, rows_file_of(file))]


_FILES_NAMING = f"""
SELECT DISTINCT b.file FROM members_memberimport b JOIN members_importrow t ON t.batch_id = b.id
WHERE b.file <> '' AND ({IN_A_ROW})
"""  # noqa: S608 - our own words


def is_any_file_unread(*, before: datetime) -> bool:
    """Whether a file that was uploaded before this moment is kept of which nobody knows yet whom it names."""
    unread = MemberImport.objects.filter(state__in=UNREAD, uploaded_at__lt=before)
    return unread.exclude(file="").exists()


def count_rows(import_id: int) -> dict[str, int]:
    """State -> rows."""
    counted = (
        ImportRow.objects.filter(batch_id=import_id).values_list("state").annotate(Count("pk")).order_by()
    )
    return dict(counted)


def list_rows(import_id: int, state: RowState, *, after: int = 0, limit: int) -> list[ImportRow]:
    """Rows in a state, in the order of the file."""
    rows = ImportRow.objects.filter(batch_id=import_id, state=state, row__gt=after)
    return list(rows.order_by("row")[:limit])


def list_remarked(import_id: int, *, limit: int) -> list[ImportRow]:
    """Rows that can be taken, of which something is to be said all the same."""
    rows = ImportRow.objects.filter(REMARKED, batch_id=import_id)
    return list(rows.order_by("row")[:limit])


def list_all_rows(import_id: int, states: Collection[RowState]) -> Iterator[ImportRow]:
    """Every row in these states in the order of the file, some thousand read at a time."""
    after = 0
    while rows := list(
        ImportRow.objects.filter(batch_id=import_id, state__in=states, row__gt=after).order_by("row")[
            :ROWS_AT_ONCE
        ]
    ):
        yield from rows
        after = rows[-1].row


def list_rows_to_apply(import_id: int, *, after: int, limit: int) -> list[ImportRow]:
    """The next rows of the file, those that are refused too."""
    return list(ImportRow.objects.filter(batch_id=import_id, row__gt=after).order_by("row")[:limit])


def list_done(import_id: int, *, below: int | None, limit: int) -> list[ImportedMember]:
    """What an import did, the last first; not those whom it only named."""
    done = ImportedMember.objects.filter(batch_id=import_id).exclude(is_new=False, did={})
    if below is not None:
        done = done.filter(pk__lt=below)
    return list(done.order_by("-pk")[:limit])


def is_kept_what_was_done(import_id: int) -> bool:
    """Whether anything is known of what an import did."""
    return ImportedMember.objects.filter(batch_id=import_id).exclude(is_new=False, did={}).exists()


def list_later_rows(done: Collection[int]) -> dict[int, list[dict[str, Any]]]:
    """What rows of later imports that are not undone tell of the same members, by what an import did. One statement."""
    later: dict[int, list[dict[str, Any]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_LATER_ROWS, [list(done)])
        for pk, told in cursor.fetchall():
            later.setdefault(pk, []).append(msgspec.json.decode(told))
    return later


_LATER_ROWS = """
SELECT d.id, r.told::text FROM members_importedmember d
JOIN members_importedmember o ON o.member_id = d.member_id AND o.id > d.id AND o.batch_id <> d.batch_id
JOIN members_memberimport b ON b.id = o.batch_id AND NOT (b.state = 'undone' AND o.undone IN ('', 'back'))
JOIN members_importrow r ON r.batch_id = o.batch_id AND r.row = o.row
WHERE d.id = ANY(%s::bigint[])
"""


def list_staying(import_id: int, *, limit: int) -> list[ImportedMember]:
    """Members who were touched since an import, and so were left as they are, or in part."""
    left = ImportedMember.objects.filter(batch_id=import_id, undone__in=(UndoneHow.STAYS, UndoneHow.PARTLY))
    return list(left.select_related("member").order_by("pk")[:limit])


def list_sharing(portraits: Sequence[Portrait], *, most: int) -> list[list[int]]:
    """For each of these who are no members yet: the members who share a search key with them. One statement.

    :param most: a key that more members share says nothing.
    """
    keys = [sorted(search_keys(one)) for one in portraits]
    pairs = [(place, key) for place, several in enumerate(keys) for key in several]
    sharing: list[list[int]] = [[] for _ in portraits]
    if not pairs:
        return sharing
    places, wanted = zip(*pairs, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(_SHARING, {"places": list(places), "keys": list(wanted), "most": most})
        for place, member_id in cursor.fetchall():
            sharing[place].append(member_id)
    return sharing


_SHARING = """
SELECT DISTINCT w.place, other FROM unnest(%(places)s::int[], %(keys)s::bigint[]) AS w(place, key)
CROSS JOIN LATERAL (
    SELECT array_agg(few.member_id) AS ids FROM (
        SELECT k.member_id FROM members_searchkey k WHERE k.key = w.key LIMIT %(most)s + 1
    ) few
) alike
CROSS JOIN LATERAL unnest(alike.ids) AS other
WHERE cardinality(alike.ids) <= %(most)s
"""
