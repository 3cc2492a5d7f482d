"""Imports of members for tests, made as the pages make them: uploaded, worked on, applied, undone."""

import io
from datetime import datetime

from config.outbox.delivery import deliver_due
from members.models import ImportRow, MemberImport
from members.rules.import_fields import Mapping
from members.services.import_work import work_on
from members.services.imports import apply_import, name_columns, undo_import, upload
from tests.members.factories import NOW


def uploaded(content: str | bytes, **mapping: str) -> MemberImport:
    raw = content.encode("cp1252") if isinstance(content, str) else content
    batch = upload("crm.csv", io.BytesIO(raw), size=len(raw), region="US", actor="staff:1", now=NOW)
    chosen = Mapping(**{**batch.mapping, "columns": tuple(batch.mapping["columns"]), **mapping})  # type: ignore[arg-type]
    name_columns(batch.pk, chosen, now=NOW)
    return worked_on(batch)


def worked_on(batch: MemberImport, at: datetime = NOW) -> MemberImport:
    work_on(now=at, may_go_on=lambda: True)
    batch.refresh_from_db()
    return batch


def applied(batch: MemberImport) -> MemberImport:
    apply_import(batch.pk, actor="staff:2", now=NOW)
    return worked_on(batch)


def deliver_everything(*, at: datetime) -> None:
    while deliver_due(now=at):
        pass


def undone(batch: MemberImport, at: datetime) -> MemberImport:
    deliver_everything(at=at)
    undo_import(batch.pk, actor="staff:3", now=at)
    return worked_on(batch, at)


def problems(batch: MemberImport) -> dict[int, list[list[str]]]:
    return dict(ImportRow.objects.filter(batch=batch, state="refused").values_list("row", "problems"))
