"""Copies of everything that is held of a member: JSON in a zip, made in the background, kept for some days."""

import logging
import tempfile
import zipfile
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from secrets import token_hex

import msgspec
from django.conf import settings
from django.db import DatabaseError, transaction

from config.ground.ids import new_ref
from config.ground.personal import Held, read_rows
from members.adapters.exports import forget_copies, keep_copy
from members.member_data import list_floors
from members.models import DataExport, ExportFetch, ExportState
from members.models.personal import HOUSE
from members.queries.members import get_member_by_id, lock_members
from members.queries.privacy import copies_past, copies_waiting, list_whole_person

log = logging.getLogger(__name__)
HOUSE_FOLDER = "house"


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """A line of `about.json`: one file of the zip, how many rows it has, and why they are held."""

    file: str
    rows: int
    why: str


class About(msgspec.Struct, frozen=True, kw_only=True):
    """`about.json`: whose data it is, as of when, and what the other files hold."""

    member: str
    made_at: datetime
    tables: list[Table]


@transaction.atomic
def ask_for_copy(member_id: int, *, actor: str, now: datetime) -> DataExport:
    """Have a copy made; asked for again before it is made, it is the same one."""
    lock_members([member_id])
    waiting = DataExport.objects.filter(member_id=member_id, state=ExportState.WAITING).first()
    return waiting or DataExport.objects.create(
        ref=new_ref("exp"),
        member_id=member_id,
        asked_by=actor,
        asked_at=now,
        file=f"{token_hex(24)}.zip",
    )


def make_waiting_copies(*, now: datetime, limit: int) -> int:
    """Make copies that were asked for; answers how many. One that fails is logged, and holds nobody up."""
    made = 0
    for copy_id in copies_waiting().values_list("pk", flat=True):
        if made == limit:
            break
        try:
            made += _make(copy_id, now=now)
        except (DatabaseError, OSError):
            log.exception("copy %s failed; it is tried again", copy_id)
    return made


@transaction.atomic
def _make(copy_id: int, *, now: datetime) -> bool:
    """False while somebody else makes it, or when members were merged or parted meanwhile: it is made anew then.

    The file has its name from the beginning, so that one left by a run that was killed is written anew, and found by an
    erasure.
    """
    waiting = DataExport.objects.filter(pk=copy_id, state=ExportState.WAITING)
    copy = waiting.select_for_update(skip_locked=True, of=("self",)).first()
    if copy is None:
        return False
    those = list_whole_person(copy.member_id)
    with tempfile.TemporaryFile() as content:
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
            _write(archive, copy.member_id, those, now=now)
        content.seek(0)
        copy.size_bytes = keep_copy(copy.file, content)
    lock_members(those)
    if list_whole_person(copy.member_id) != those:
        return False
    end_copies(those, now=now)
    copy.state, copy.made_at = ExportState.READY, now
    copy.kept_until = now + timedelta(days=settings.EXPORT_KEPT_DAYS)
    copy.save()
    return True


def _write(archive: zipfile.ZipFile, member_id: int, those: Sequence[int], *, now: datetime) -> None:
    member = get_member_by_id(member_id)
    tables = [_write_table(archive, folder, held, those, now) for folder, held in _told()]
    about = About(member=member.ref, made_at=now, tables=tables)
    archive.writestr(_named("about.json", now), msgspec.json.format(msgspec.json.encode(about)))


def _told() -> Iterator[tuple[str, Held]]:
    floors = {floor: data.holds() for floor, data in reversed(list_floors().items())}
    for folder, tables in {**floors, HOUSE_FOLDER: HOUSE}.items():
        yield from ((folder, held) for held in tables if held.is_told)


def _named(name: str, now: datetime) -> zipfile.ZipInfo:
    """A file of the zip, dated."""
    file = zipfile.ZipInfo(name, date_time=now.timetuple()[:6])
    file.compress_type = zipfile.ZIP_DEFLATED
    return file


def _write_table(
    archive: zipfile.ZipFile, folder: str, held: Held, member_ids: Sequence[int], now: datetime
) -> Table:
    """A JSON array of the rows of all of them, one by one, so that a long history needs no memory."""
    name = f"{folder}/{held.table.partition('.')[2].lower()}.json"
    count = 0
    with archive.open(_named(name, now), "w") as file:
        file.write(b"[")
        rows = (row for member_id in member_ids for row in read_rows(held, member_id))
        for count, row in enumerate(rows, start=1):
            file.write(b"\n " if count == 1 else b",\n ")
            file.write(row.encode())
        file.write(b"\n]\n")
    return Table(file=name, rows=count, why=held.why)


def note_fetch(copy: DataExport, *, actor: str, now: datetime) -> None:
    """Write down who takes a copy away."""
    ExportFetch.objects.create(export=copy, member_id=copy.member_id, fetched_by=actor, fetched_at=now)


def end_copies(member_ids: Collection[int], *, now: datetime) -> None:
    """Let nobody fetch the copies that were made of these members until now; their files go soon."""
    ready = DataExport.objects.filter(member_id__in=member_ids, state=ExportState.READY, kept_until__gt=now)
    ready.update(kept_until=now)


def forget_past_copies(*, now: datetime) -> int:
    """Delete the files whose days are over; answers how many."""
    past = list(copies_past(now=now))
    forget_copies(copy.file for copy in past)
    DataExport.objects.filter(pk__in=[copy.pk for copy in past]).update(state=ExportState.GONE, file="")
    return len(past)
