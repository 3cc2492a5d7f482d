"""Lists of the admin as files: as they are filtered, masked, in constant memory, and written down."""

import csv
import io
import json
from typing import Any

import pytest
from django.contrib import admin as django_admin
from django.test import Client
from openpyxl import load_workbook

from config.staff import list_exports
from config.staff.list_exports import ExportsList
from config.staff.models import ListExport, Staff
from config.staff.roles import ADMINISTRATOR, CASHIER, MARKETER, STORE_MANAGER
from config.staff.site import site
from tests.members.factories import MemberFactory
from tests.members.test_admin import staff
from tests.omnichannel.factories import PlaceFactory, bearer, serves
from tests.omnichannel.test_cases import opened

pytestmark = pytest.mark.django_db
MEMBERS = "/admin/members/member/"


def taken(client: Client, page: str, form: str) -> bytes:
    answer: Any = client.post(page, {"_export": form})
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)


def test_a_list_is_taken_as_it_is_filtered_in_pieces_and_written_down(
    monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Any
) -> None:
    monkeypatch.setattr(list_exports, "ROWS_AT_ONCE", 2)
    client = staff(ADMINISTRATOR)
    for number in range(5):
        MemberFactory(given_name=f"=Ada{number}", card=f"000{number}AB", email=f"a{number}@example.com")
    MemberFactory(given_name="Grace", via="web")
    assert "Take this list away" in client.get(MEMBERS).content.decode()

    with django_assert_max_num_queries(25):
        text = taken(client, f"{MEMBERS}?enrolled_via__exact=till&q=ada", "csv").decode("utf-8-sig")

    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["given_name"] for row in rows] == [f"'=Ada{number}" for number in (4, 3, 2, 1, 0)]
    assert (rows[0]["card"], rows[0]["email"]) == ("0004AB", "a4@example.com")
    log = ListExport.objects.get()
    assert (log.list_name, log.format, log.rows, log.is_masked) == ("members.Member", "csv", 5, False)
    assert log.filters == "enrolled_via__exact=till q=(words)"
    assert "members.Member" in client.get("/admin/staff/listexport/").content.decode()


def test_a_workbook_keeps_text_as_text() -> None:
    client = staff(ADMINISTRATOR)
    MemberFactory(given_name="=1+1", card="0004AB")

    book = load_workbook(io.BytesIO(taken(client, MEMBERS, "xlsx")))

    headings, row = ([cell.value for cell in cells] for cells in book.worksheets[0].iter_rows())
    found = dict(zip(headings, row, strict=True))
    assert (found["given_name"], found["card"]) == ("=1+1", "0004AB")
    assert book.worksheets[0].cell(2, headings.index("given_name") + 1).data_type == "s"


def test_personal_data_is_hidden_from_who_may_not_see_it_and_some_take_nothing() -> None:
    MemberFactory(given_name="Ada", phone="+12125550142", email="ada@example.com")
    marketer = staff(MARKETER)

    told = json.loads(taken(marketer, MEMBERS, "ndjson"))

    assert (told["phone"], told["email"]) == ("+1•••42", "a•••@example.com")
    assert ListExport.objects.get().is_masked
    cashier = staff(CASHIER)
    assert "Take this list away" not in cashier.get(MEMBERS).content.decode()
    assert cashier.post(MEMBERS, {"_export": "csv"}).status_code == 403
    assert ListExport.objects.count() == 1


def test_every_list_that_can_be_taken_can_be_read() -> None:
    client = staff(ADMINISTRATOR)
    MemberFactory()
    lists = [page for page in site._registry.values() if isinstance(page, ExportsList)]

    assert len(lists) > 8
    for page in lists:
        assert isinstance(page, django_admin.ModelAdmin)
        where = f"/admin/{page.opts.app_label}/{page.opts.model_name}/"
        headings = taken(client, where, "csv").decode("utf-8-sig").splitlines()[0].split(",")
        assert headings == list(page.export_columns)


def test_of_cases_a_store_takes_its_own_and_nobody_takes_what_was_said() -> None:
    here = PlaceFactory(code="S12")
    there = PlaceFactory(programme=here.programme, code="S99")
    office, ada = bearer("members", programme_id=here.programme_id), MemberFactory(given_name="Ada")
    own = opened(office, ada, subject="Cup of Ada's", store="S12")
    other = opened(office, ada, subject="Cup of Ada's", store="S99")
    manager = staff(STORE_MANAGER)
    serves(Staff.objects.get(username="store-manager"), here)
    cases = "/admin/omnichannel/servicecase/?state=any"

    told = [json.loads(line) for line in taken(manager, cases, "ndjson").splitlines()]
    everything = taken(staff(ADMINISTRATOR), cases, "ndjson").decode()

    assert [(one["ref"], one["place"]) for one in told] == [(own["ref"], "S12")]
    assert other["ref"] in everything
    assert there.code in everything
    assert "Cup" not in everything
    assert [log.rows for log in ListExport.objects.order_by("pk")] == [1, 2]
