"""The pages of copies and erasures: asked for on the member's page, agreed to by another, with receipts."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.storage import storages
from django.test import Client
from pytest_django import Settings

from config.outbox.models import Delivery
from config.staff.roles import ADMINISTRATOR, CASHIER, MARKETER, STORE_MANAGER
from members.models import DataExport, ErasureRequest, ErasureState, ExportFetch, Member
from members.services.copies import make_waiting_copies
from members.services.erasing import erase_due_members
from tests.members.factories import MemberFactory
from tests.members.test_admin import page_of, staff

pytestmark = pytest.mark.django_db
ERASURES, COPIES = "/admin/members/erasurerequest/", "/admin/members/dataexport/"


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> Path:
    settings.MESSAGE_FOLDER = tmp_path / "outbox"
    settings.STORAGES["exports"]["OPTIONS"] = {"location": tmp_path / "exports"}
    storages._storages.clear()
    return tmp_path


@pytest.fixture
def ada() -> Member:
    return MemberFactory(given_name="Ada", family_name="Lovelace")


@pytest.fixture
def manager(db: None) -> Client:
    return staff(STORE_MANAGER)


@pytest.fixture
def administrator(db: None) -> Client:
    return staff(ADMINISTRATOR)


def ask(client: Client, listing: str, member: Member) -> str:
    """Where the answer leads to."""
    return client.post(f"{listing}add/?member={member.pk}").headers["Location"]


def test_an_erasure_waits_for_another_colleague(ada: Member, manager: Client, administrator: Client) -> None:
    assert f"{ERASURES}add/?member={ada.pk}" in manager.get(page_of(ada)).content.decode()
    assert (
        "Shall Ada Lovelace be forgotten?" in manager.get(f"{ERASURES}add/?member={ada.pk}").content.decode()
    )

    page = ask(manager, ERASURES, ada)
    manager.post(page, {"_agree": "1"})
    assert ErasureRequest.objects.get().state == ErasureState.ASKED
    assert "_agree" not in manager.get(page).content.decode()
    assert "_agree" in administrator.get(page).content.decode()
    administrator.post(page, {"_agree": "1"})

    erasure = ErasureRequest.objects.get()
    assert erasure.state == ErasureState.AGREED
    assert erasure.asked_by != erasure.decided_by
    assert "can be called off" in manager.get(page).content.decode()


def test_an_erasure_is_called_off_as_long_as_it_waits(
    ada: Member, manager: Client, administrator: Client, now: datetime
) -> None:
    page = ask(manager, ERASURES, ada)
    administrator.post(page, {"_agree": "1"})

    manager.post(page, {"_cancel": "1"})

    assert ErasureRequest.objects.get().state == ErasureState.CANCELLED
    assert erase_due_members(now=now + timedelta(days=30), limit=5) == 0
    assert "Called off by" in manager.get(page).content.decode()
    assert ask(manager, ERASURES, ada) != page


def test_what_is_done_shows_its_receipts_and_nobody(
    ada: Member, manager: Client, administrator: Client, now: datetime
) -> None:
    page = ask(manager, ERASURES, ada)
    administrator.post(page, {"_agree": "1"})
    Delivery.objects.all().delete()

    assert erase_due_members(now=now + timedelta(days=15), limit=5) == 0
    assert erase_due_members(now=now + timedelta(days=16), limit=5) == 1

    for listing in (page, ERASURES, page_of(ada), "/admin/admin/logentry/"):
        assert administrator.get(listing).status_code == 200
        assert "Lovelace" not in administrator.get(listing).content.decode()
    told = administrator.get(page).content.decode()
    assert "members.Identity" in told
    assert 'name="_save"' not in administrator.get(page_of(ada)).content.decode()
    assert administrator.post(page_of(ada), {"given_name": "Ada"}).status_code == 403
    assert administrator.get(f"/admin/members/member/{ada.pk}/consent/").status_code == 404
    assert ada.ref in told
    manager.post(page, {"_cancel": "1"})
    assert ErasureRequest.objects.get().state == ErasureState.ERASED


def test_a_copy_is_fetched_by_who_may_see_personal_data_and_that_is_written_down(
    ada: Member, manager: Client, now: datetime
) -> None:
    page = ask(manager, COPIES, ada)
    assert "made in the background" in manager.get(page).content.decode()
    make_waiting_copies(now=now, limit=5)

    zipped = manager.post(page)

    assert b"".join(zipped.streaming_content)[:2] == b"PK"
    assert ExportFetch.objects.get().fetched_by == DataExport.objects.get().asked_by
    assert LogEntry.objects.filter(change_message__contains="Copy fetched").count() == 1
    assert "store-manager" in manager.get(page).content.decode()


def test_a_copy_of_which_the_file_is_gone_is_not_fetched(
    ada: Member, manager: Client, now: datetime, folder: Path
) -> None:
    page = ask(manager, COPIES, ada)
    make_waiting_copies(now=now, limit=5)
    for path in folder.rglob("*.zip"):
        path.unlink()

    told = manager.post(page, follow=True).content.decode()

    assert "Ask for another copy" in told
    assert not ExportFetch.objects.exists()


@pytest.mark.parametrize("role", [CASHIER, MARKETER])
@pytest.mark.parametrize("listing", [ERASURES, COPIES])
def test_who_may_not_neither_asks_nor_looks(ada: Member, role: str, listing: str) -> None:
    client = staff(role)

    assert client.get(listing).status_code == 403
    assert client.post(f"{listing}add/?member={ada.pk}").status_code == 403
    assert "Make a copy" not in client.get(page_of(ada)).content.decode()
    assert not ErasureRequest.objects.exists()
    assert not DataExport.objects.exists()


def test_lists_name_the_member(ada: Member, manager: Client) -> None:
    ask(manager, ERASURES, ada)
    ask(manager, COPIES, ada)

    for listing in (ERASURES, COPIES):
        assert "Ada Lovelace" in manager.get(listing).content.decode()
