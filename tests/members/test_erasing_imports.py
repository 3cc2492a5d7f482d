"""Erasing while files of members are on their way: their rows go, those of namesakes stay, and no file is forgotten."""

import io
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from django.core.files.storage import storages
from django.db import connection
from pytest_django import Settings

from config.ground.personal import erase_rows, list_row_ids
from config.outbox.delivery import deliver_due
from members.models import ImportRow, Member
from members.models.personal import HELD
from members.rules.import_fields import Mapping
from members.services.duplicates import look_for_duplicates_of
from members.services.erasing import IN_FLIGHT, erase_member
from members.services.erasures import ask_for_own_erasure
from members.services.import_work import work_on
from members.services.imports import forget_left_files, name_columns, upload
from tests.members.factories import NOW, MemberFactory
from tests.members.marking import find_mark
from tests.members.test_imports import applied, uploaded

pytestmark = pytest.mark.django_db
GRACE = timedelta(days=14)


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> Iterator[Path]:
    settings.STORAGES["exports"]["OPTIONS"] = {"location": tmp_path / "exports"}
    storages._storages.clear()
    yield tmp_path
    storages._storages.clear()


def erase_staged_rows(member: Member) -> None:
    for held in (one for one in HELD if one.table == "members.ImportRow"):
        erase_rows(held, member.pk)


def test_erasing_somebody_leaves_the_row_of_a_namesake() -> None:
    """Only what says by more than a name that it is the same person goes."""
    ada = MemberFactory(given_name="Ada", family_name="King", birth_date=date(1985, 12, 10))
    MemberFactory(email="other@example.com")
    batch = uploaded(
        "email,given_name,family_name,birth_date\n"
        "namesake@example.com,Ada,King,\n"
        "later@example.com,Ada,King,1991-02-03\n"
        "other@example.com,Ada,King,1985-12-10\n"
        "new@example.com,Ada,King,1985-12-10\n"
        ",Ada,King,\n",
        date_order="ymd",
    )

    erase_staged_rows(ada)

    left = ImportRow.objects.filter(batch=batch).order_by("row").values_list("cells", flat=True)
    assert [cells[0] for cells in left] == ["namesake@example.com", "later@example.com", "other@example.com"]


def test_erasing_somebody_takes_them_out_of_the_rows_of_those_who_are_like_them() -> None:
    ada = MemberFactory(given_name="Ada", family_name="Lovelace", birth_date=date(1985, 12, 10))
    look_for_duplicates_of([ada.pk], now=NOW)
    rows = "email,given_name,family_name,birth_date\nada@example.org,Ada,Lovelaze,1985-12-10\n"
    batch = uploaded(rows, date_order="ymd")
    like = ImportRow.objects.get(batch=batch)
    assert (like.state, like.refs) == ("likely", [ada.ref])

    erase_staged_rows(ada)

    like.refresh_from_db()
    assert (like.state, like.refs) == ("likely", [])
    assert like.problems == [["", "Who this was like is a member no more."]]
    assert applied(batch).counts == {"left_out": 1}


@pytest.mark.parametrize("how", ["read", "left"])
def test_a_file_that_nobody_has_read_yet_is_waited_for_and_holds_nothing_back(
    how: str, now: datetime, folder: Path
) -> None:
    """Whom it names is known once its rows are; else they would come to stand here after the erasure."""
    ada = MemberFactory(given_name="Ada", family_name="Lovelace", email="ada@example.com")
    request = ask_for_own_erasure(ada.pk, actor=f"member:{ada.pk}", now=now)
    while deliver_due(now=now):
        pass
    due, raw = now + GRACE, b"email,given_name,family_name\nada@example.com,Ada,Lovelace\n"
    batch = upload("a.csv", io.BytesIO(raw), size=len(raw), region="US", actor="staff:1", now=due - IN_FLIGHT)

    assert not erase_member(request.pk, now=due)
    assert Member.objects.get(pk=ada.pk).state == "active"
    if how == "read":
        name_columns(batch.pk, Mapping(columns=("email", "given_name", "family_name")), now=due)
        work_on(now=due, may_go_on=lambda: True)
    else:
        due += timedelta(days=1)
        forget_left_files(now=due)
    upload("b.csv", io.BytesIO(b"email\nx@example.com\n"), size=20, region="US", actor="staff:1", now=due)

    assert not erase_member(request.pk, now=due)
    assert erase_member(request.pk, now=due + IN_FLIGHT)
    assert [word for word in ("Lovelace", "ada@example.com") if list(find_mark(folder, word))] == []


def test_staged_rows_of_a_person_are_found_by_indexes_in_each_way() -> None:
    """A million of them may be kept for a month."""
    plans = []
    with connection.cursor() as cursor:
        # Of few rows a planner may read all, by whichever index; a bitmap asks for what is looked for.
        for way in ("seqscan", "indexscan", "indexonlyscan"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
        for held in (one for one in HELD if one.table == "members.ImportRow"):
            cursor.execute(f"EXPLAIN {list_row_ids(held, 1)}", {"member": 1})
            plans.append("\n".join(line for (line,) in cursor.fetchall()))

    said_of_them, like_them = plans
    assert "Seq Scan" not in said_of_them + like_them
    assert "import_rows_by_name" in said_of_them
    assert "import_rows_by_person" in said_of_them
    assert "import_rows_by_person" in like_them
