"""Steps of an import of members that somebody takes: upload, name the columns, apply, undo. The work is done elsewhere:
`import_reading`, `import_applying`, `import_undoing`, piece by piece in the background.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_hex
from typing import IO

import msgspec
from django.conf import settings
from django.db import transaction

from config.ground.ids import new_ref
from config.ground.retention import days_of
from members.adapters.exports import forget_copies, keep_copy, list_copies, open_copy
from members.adapters.faults import TableNotReadable
from members.adapters.tables import Shape, read_rows, shape_of
from members.errors import ImportNotReadable, ImportNotReady, ImportTooOld
from members.models import ImportRow, ImportState, MemberImport, RowState
from members.models.personal import WHAT_IMPORTS_DID
from members.queries.attributes import list_attributes, list_labels
from members.queries.imports import (
    find_like,
    is_kept_what_was_done,
    list_known_files,
    list_left_files,
    lock_import,
)
from members.rules.attributes import Eyes
from members.rules.import_fields import Mapping, faults_of, fields_with, guess_columns

FILES_KEPT = timedelta(days=1)
FILE_NAMES = "import-"
SAMPLED = 5

ROW_HEADING, PROBLEM_HEADING = REFUSED_HEADINGS = ("regulars_row", "regulars_problem")
"""Columns that the file of refused rows has beside those of the file; passed over when it comes back."""


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file among the exports, and what it is. Until an import knows it, the sweep deletes it after a day."""

    name: str
    size: int
    shape: Shape


def upload(
    name: str, content: IO[bytes], *, size: int, region: str, actor: str, now: datetime
) -> MemberImport:
    """Keep a file and look at what it is; its columns are guessed, or remembered from the last file like it.

    :raises ImportNotReadable: it is no table, empty, too large, or grows beyond measure; says what to do.
    """
    return begin_import(name, keep_file(content, size=size), region=region, actor=actor, now=now)


def keep_file(content: IO[bytes], *, size: int) -> KeptFile:
    """Look at what a file is, and keep it. It may take minutes: longer than a transaction may wait for it.

    :raises ImportNotReadable: see `upload`.
    """
    most = settings.IMPORT_MB["file"]
    if size > most * 1024**2:
        raise ImportNotReadable(f"It is larger than {most} MB. Pack it by gzip, or split it.")
    kept = KeptFile(f"{FILE_NAMES}{token_hex(24)}", size, _shape(content, ""))
    content.seek(0)
    keep_copy(kept.name, content)
    return kept


def begin_import(name: str, kept: KeptFile, *, region: str, actor: str, now: datetime) -> MemberImport:
    """An import of a file that is kept."""
    key = _key_of(kept.shape.headings)
    return MemberImport.objects.create(
        ref=new_ref("imp"),
        file_name=name[:200],
        file=kept.name,
        size_bytes=kept.size,
        shape=list(kept.shape),
        headings_key=key,
        mapping=_remembered(key, kept.shape.headings, region),
        asked_by=actor,
        uploaded_at=now,
    )


def _shape(content: IO[bytes], encoding: str) -> Shape:
    try:
        return shape_of(content, encoding=encoding)
    except TableNotReadable as fault:
        raise ImportNotReadable(str(fault)) from fault


def _key_of(headings: Sequence[str]) -> str:
    own = [heading for heading in headings if heading not in REFUSED_HEADINGS]
    return hashlib.sha256(msgspec.json.encode(own)).hexdigest()


def _remembered(key: str, headings: Sequence[str], region: str) -> dict[str, object]:
    alike = find_like(key)
    if alike is None:
        guessed = Mapping(columns=guess_columns(headings, list_labels(eyes=Eyes.TRUSTED)), region=region)
        return msgspec.json.decode(msgspec.json.encode(guessed), type=dict[str, object])
    fields = list_fields()
    columns = [field if field in fields else "" for field in alike.mapping["columns"]]
    # Place by place: two columns may have one heading.
    named = zip(alike.shape[3], columns, strict=False)
    before = iter([field for heading, field in named if heading not in REFUSED_HEADINGS])
    now_ = [next(before, "") if heading not in REFUSED_HEADINGS else "" for heading in headings]
    return {**alike.mapping, "columns": now_}


def list_fields() -> dict[str, str]:
    """Field -> what it is called: everything that a column can be, with what members are asked beside."""
    return fields_with(list_attributes(eyes=Eyes.TRUSTED))


def shape_kept(batch: MemberImport) -> Shape:
    kind, encoding, separator, headings = batch.shape
    return Shape(kind, encoding, separator, tuple(headings))


def mapping_of(batch: MemberImport) -> Mapping:
    return msgspec.convert(batch.mapping, Mapping)


def sample(batch: MemberImport, *, encoding: str = "") -> tuple[Shape, list[list[str]]]:
    """The headings and the first rows, read in another encoding where one is named.

    :raises ImportNotReadable: so it cannot be read.
    """
    try:
        with open_copy(batch.file) as content:
            is_same = not encoding or encoding == batch.shape[1]
            shape = shape_kept(batch) if is_same else _shape(content, encoding)
            rows = read_rows(content, shape)
            return shape, [cells for _, (_, cells) in zip(range(SAMPLED), rows, strict=False)]
    except TableNotReadable as fault:
        raise ImportNotReadable(str(fault)) from fault
    except FileNotFoundError:
        raise ImportNotReady("Its file is gone: it is kept for a day. Upload it again.") from None


@transaction.atomic
def name_columns(import_id: int, mapping: Mapping, *, encoding: str = "", now: datetime) -> MemberImport:
    """Say what the columns are, and have the file read; also again, after a look at what it came to.

    :raises ImportNotReady: it is being read or was applied.
    :raises ImportNotReadable: a field is named twice, or none by which a member is known.
    """
    batch = _locked(import_id, ImportState.UPLOADED, ImportState.READ, ImportState.FAILED)
    if faults := faults_of(mapping.columns, list_fields()):
        raise ImportNotReadable(" ".join(faults))
    shape, _ = sample(batch, encoding=encoding)
    if len(mapping.columns) != len(shape.headings):
        raise ImportNotReadable(f"The file has {len(shape.headings)} columns; say of each what it is.")
    ImportRow.objects.filter(batch=batch).delete()
    batch.shape, batch.mapping = list(shape), msgspec.to_builtins(mapping)
    batch.state, batch.problem = ImportState.READING, ""
    batch.stumbles, batch.try_at = 0, None
    batch.rows_in_file, batch.bytes_read = None, 0
    batch.rows_read, batch.last_row_read, batch.foreseen = 0, 0, {}
    batch.save()
    return batch


@transaction.atomic
def apply_import(import_id: int, *, actor: str, now: datetime) -> MemberImport:
    """Let what was looked at become true, in the background.

    :raises ImportNotReady: it was applied already, or is not read yet.
    """
    batch = _locked(import_id, ImportState.READ)
    batch.state, batch.applied_by, batch.applied_at = ImportState.APPLYING, actor, now
    batch.save()
    return batch


@transaction.atomic
def undo_import(import_id: int, *, actor: str, now: datetime) -> MemberImport:
    """Take back what an import did and nobody touched since, in the background.

    :raises ImportNotReady: it is not applied, or is undone already.
    :raises ImportTooOld: what it did is not kept any more.
    """
    batch = _locked(import_id, ImportState.APPLIED)
    if is_past_undoing(batch, now=now):
        raise ImportTooOld(
            "What it did is not kept any more, so it cannot be undone. Mend what is wrong on the members' pages, or by"
            " another import."
        )
    batch.state, batch.undone_by = ImportState.UNDOING, actor
    batch.save()
    return batch


def is_past_undoing(batch: MemberImport, *, now: datetime) -> bool:
    """Whether what it did is gone, or some of it may be; an import that did nothing has nothing to be gone."""
    if not batch.counts.get(RowState.ENROLLED) and not batch.counts.get(RowState.CHANGED):
        return False
    days = days_of(WHAT_IMPORTS_DID)
    is_over = (
        days is not None and batch.applied_at is not None and batch.applied_at < now - timedelta(days=days)
    )
    return is_over or not is_kept_what_was_done(batch.pk)


@transaction.atomic
def drop_import(import_id: int) -> None:
    """Forget an import that was not applied, with its file and its rows.

    :raises ImportNotReady: it was applied, or is being read.
    """
    batch = _locked(import_id, ImportState.UPLOADED, ImportState.READ, ImportState.FAILED)
    forget_copies([batch.file, batch.rows_file] if batch.file else [])
    batch.delete()


def forget_left_files(*, now: datetime) -> int:
    """Delete the files of imports that nobody went on with for a day; answers how many."""
    left = list(list_left_files(before=now - FILES_KEPT))
    forget_copies(name for batch in left for name in (batch.file, batch.rows_file))
    MemberImport.objects.filter(pk__in=[batch.pk for batch in left]).update(file="")
    return len(left)


def forget_unknown_files(*, now: datetime) -> int:
    """Delete files of a day ago and more that no import knows: their upload was killed. Answers how many."""
    lying = list_copies(FILE_NAMES, before=now - FILES_KEPT)
    return forget_copies(set(lying) - list_known_files())


def _locked(import_id: int, *states: ImportState) -> MemberImport:
    batch = lock_import(import_id, *states)
    if batch is None:
        raise ImportNotReady(
            "Somebody took another step with it meanwhile, or it is at work. Look at it again."
        )
    return batch
