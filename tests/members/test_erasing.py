"""Erasing: no word about the person is left anywhere, whoever wrote it, and it goes on where it was stopped."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.files.storage import storages
from django.db import connection
from pytest_django import Settings

from config.ground.models import IdempotencyKey, JobRun
from config.outbox.delivery import deliver_due
from config.outbox.models import Delivery, Event
from config.outbox.services import publish
from config.staff.models import Staff
from members.errors import MemberNotActive
from members.events import MemberErased
from members.member_data import Traces, list_floors
from members.models import (
    ErasureReceipt,
    ErasureRequest,
    ErasureState,
    Identity,
    Member,
    Merge,
    MergeState,
    SignIn,
    SignInCode,
)
from members.queries.privacy import find_erasure
from members.rules.identities import claim
from members.services.copies import ask_for_copy, make_waiting_copies
from members.services.enrolment import enrol
from members.services.erasing import IN_FLIGHT, THE_HOUSE, erase_due_members, erase_member
from members.services.erasures import ask_for_own_erasure
from members.services.merging import merge_members, undo_merge
from members.services.profiles import change_member
from members.services.sign_in_codes import request_code
from omnichannel.adapters.files import write_message
from omnichannel.models import Message
from tests.members.factories import MemberFactory, bearer_of
from tests.members.marking import MARK, close_tables, find_mark, mark_everything, open_tables

pytestmark = pytest.mark.django_db
GRACE = timedelta(days=14)


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> Path:
    """The data folder: messages that were written as files, and copies."""
    settings.MESSAGE_FOLDER = tmp_path / "outbox"
    settings.STORAGES["exports"]["OPTIONS"] = {"location": tmp_path / "exports"}
    storages._storages.clear()
    return tmp_path


def deliver(now: datetime) -> None:
    while deliver_due(now=now):
        pass


def carried_out(request: ErasureRequest, at: datetime) -> bool:
    """Closed at first, erased a minute later."""
    return not erase_member(request.pk, now=at) and erase_member(request.pk, now=at + IN_FLIGHT)


def erased(member: Member, now: datetime) -> ErasureRequest:
    """Asked for, waited for, carried out."""
    request = ask_for_own_erasure(member.pk, actor=f"member:{member.pk}", now=now)
    deliver(now)
    assert carried_out(request, now + GRACE)
    request.refresh_from_db()
    return request


def test_never_17_an_erasure_leaves_no_word_in_any_table_log_or_file(now: datetime, folder: Path) -> None:
    ada = MemberFactory(given_name=MARK, family_name="Lovelace", email=f"{MARK}@example.com", card="AB12CD")
    deliver(now)
    _write_outside(ada, now)
    open_tables()
    marked = mark_everything(ada.pk)
    close_tables()
    ask_for_copy(ada.pk, actor="staff:1", now=now)
    make_waiting_copies(now=now, limit=100)
    assert len(set(find_mark(folder))) > 60
    assert len(marked) > 70

    ErasureRequest.objects.update(state=ErasureState.AGREED, due_at=now)
    Merge.objects.update(state=MergeState.UNDONE)
    request = ErasureRequest.objects.get()
    connection.cursor().execute("DELETE FROM outbox_delivery WHERE NOT is_dead")
    assert carried_out(request, now)

    assert list(find_mark(folder)) == []
    assert list(find_mark(folder, "Lovelace")) == []
    assert list(find_mark(folder, "AB12CD")) == []


def _write_outside(ada: Member, now: datetime) -> None:
    """What names them in rows that are not theirs, and in files."""
    someone = Staff.objects.create_user("colleague", password="a-long-password")
    identity = ada.identities.get(kind="email")
    LogEntry.objects.create(
        user=someone,
        content_type=ContentType.objects.get_for_model(Identity),
        object_id=str(identity.pk),
        object_repr=str(identity),
        action_flag=CHANGE,
        change_message=f"Spoke with Mrs {MARK}.",
    )
    LogEntry.objects.create(
        user=someone, object_repr="a list", action_flag=CHANGE, change_message=f"With {MARK}, twice."
    )
    IdempotencyKey.objects.create(
        caller="key:1",
        key="k",
        fingerprint=b"",
        status=200,
        body=f'{{"e":"{identity.value}"}}',
        recorded_at=now,
    )
    JobRun.objects.create(name="job", started_at=now, detail=f"Key ({identity.value}) exists.")
    write_message("email", identity.value, f"Dear {MARK}".encode(), ending="eml")


def test_what_a_person_was_before_is_erased_too(now: datetime, folder: Path) -> None:
    ada = MemberFactory(given_name="Augusta", family_name="Byronova", email="augusta@byron.example")
    change_member(ada.pk, changes={"given_name": "Ada", "family_name": "Lovelace"}, source="app", now=now)
    someone = Staff.objects.create_user("colleague", password="a-long-password")
    words = "Shop\\nAugusta Byronova"
    LogEntry.objects.create(user=someone, object_repr="a list", action_flag=CHANGE, change_message=words)

    erased(ada, now)

    assert [
        word for word in ("Augusta", "Byronova", "augusta", "Lovelace") if list(find_mark(folder, word))
    ] == []


def test_codes_go_that_were_asked_for_by_what_a_person_went_by_before(now: datetime) -> None:
    ada, grace = MemberFactory(email="ada@example.com"), MemberFactory(email="grace@example.com")
    for address in ("ada@example.com", "grace@example.com"):
        request_code(claim("email", address), now=now)
    ada.identities.get(kind="email").delete()

    erased(ada, now)

    assert list(SignInCode.objects.values_list("member_id", flat=True)) == [grace.pk]


def test_what_others_were_answered_and_did_outlives_a_name_or_number_like_it(now: datetime) -> None:
    gold = MemberFactory(
        given_name="Points", family_name="", display_name="Changed", phone="+12125550142", card="100042"
    )
    body = '{"points":10,"tier":"Goldpoints","kind":"points","total":1000420}'
    IdempotencyKey.objects.create(
        caller="key:1", key="k", fingerprint=b"", status=200, body=body, recorded_at=now
    )
    someone = Staff.objects.create_user("colleague", password="a-long-password")
    changed = '[{"changed": {"fields": ["Earns points"]}}]'
    LogEntry.objects.create(user=someone, object_repr="Tea", action_flag=CHANGE, change_message=changed)

    erased(gold, now)

    assert IdempotencyKey.objects.get().body == body
    assert LogEntry.objects.get().change_message == '[{"changed": {"fields": ["Earns erased"]}}]'
    assert LogEntry.objects.get().object_repr == "Tea"


def test_messages_to_an_address_that_ends_alike_stay(now: datetime) -> None:
    ada = MemberFactory(email="ada@example.com")
    theirs = write_message("email", "ada@example.com", b"Dear Ada", ending="eml")
    others = write_message("email", "grace-ada@example.com", b"Dear Grace", ending="eml")

    erased(ada, now)

    assert (theirs.exists(), others.exists()) == (False, True)


def test_an_erased_members_identities_are_free_for_somebody_new(now: datetime) -> None:
    ada = MemberFactory(phone="+12125550142", email="ada@example.com")
    erased(ada, now)

    again = enrol(identities=[claim("phone", "+12125550142")], via="till", actor="test:1", now=now + GRACE)

    assert again.is_new
    assert again.member_id != ada.pk
    assert Member.objects.get(pk=ada.pk).state == "erased"


def test_an_erased_member_is_signed_out_and_announced_by_ref_alone(now: datetime) -> None:
    ada = MemberFactory()
    bearer_of(ada, now=now)

    request = erased(ada, now)

    assert not SignIn.objects.filter(member=ada).exists()
    assert (request.state, request.erased_at) == (ErasureState.ERASED, now + GRACE + IN_FLIGHT)
    news = Event.objects.filter(member_id=ada.pk).values_list("name", "payload")
    assert list(news) == [("members.member_erased", {"member_ref": ada.ref})]


def test_every_floor_gives_a_receipt(now: datetime) -> None:
    ada = MemberFactory()

    request = erased(ada, now)

    receipts = dict(request.receipts.order_by("pk").values_list("floor", "rows"))
    assert list(receipts) == [THE_HOUSE, *list_floors()]
    assert receipts["members"]["members.Identity"] == 2
    assert receipts["members"]["members.Member"] == 1


def test_nothing_happens_before_the_days_of_grace_are_over(now: datetime) -> None:
    ada = MemberFactory()
    request = ask_for_own_erasure(ada.pk, actor=f"member:{ada.pk}", now=now)
    deliver(now)

    assert erase_due_members(now=now + GRACE - timedelta(seconds=1), limit=10) == 0
    assert Member.objects.get(pk=ada.pk).state == "active"
    assert erase_due_members(now=now + GRACE, limit=10) == 0
    assert Member.objects.get(pk=ada.pk).state == "erased"
    assert erase_due_members(now=now + GRACE + IN_FLIGHT, limit=10) == 1
    assert not erase_due_members(now=now + GRACE + IN_FLIGHT, limit=10)
    assert ErasureRequest.objects.get(pk=request.pk).state == ErasureState.ERASED


def test_news_that_is_on_its_way_is_told_first(now: datetime) -> None:
    ada = MemberFactory()
    request = ask_for_own_erasure(ada.pk, actor=f"member:{ada.pk}", now=now)

    assert not erase_member(request.pk, now=now + GRACE)
    assert Member.objects.get(pk=ada.pk).state == "active"
    deliver(now)
    assert carried_out(request, now + GRACE)


def test_who_was_merged_is_one_person_and_is_erased_as_one(now: datetime, folder: Path) -> None:
    ada = MemberFactory(family_name="Lovelace", email="ada@example.com")
    grace = MemberFactory(family_name="Hopperova", email="grace@example.com")
    merge = merge_members(going_id=grace.pk, staying_id=ada.pk, actor="staff:1", now=now)
    deliver(now)

    request = erased(ada, now)

    assert set(Member.objects.values_list("state", flat=True)) == {"erased"}
    words = ("Lovelace", "Hopperova", "ada@example.com", "grace@example.com")
    assert [word for word in words if list(find_mark(folder, word))] == []
    assert request.receipts.get(floor="members").rows["members.Member"] == 2
    with pytest.raises(MemberNotActive):
        undo_merge(merge.pk, actor="staff:1", now=now)


def test_who_asked_and_was_merged_then_is_erased_with_who_they_are_by_now(
    now: datetime, folder: Path
) -> None:
    ada = MemberFactory(family_name="Lovelace", email="ada@example.com")
    grace = MemberFactory(family_name="Hopperova", email="grace@example.com")
    request = ask_for_own_erasure(grace.pk, actor=f"member:{grace.pk}", now=now)
    merge_members(going_id=grace.pk, staying_id=ada.pk, actor="staff:1", now=now)
    deliver(now)

    assert find_erasure(ada.pk) == request
    assert carried_out(request, now + GRACE)
    assert [word for word in ("Lovelace", "Hopperova") if list(find_mark(folder, word))] == []


def test_what_is_told_of_a_member_while_they_are_closed_is_erased_too(now: datetime, folder: Path) -> None:
    ada = MemberFactory()
    request = ask_for_own_erasure(ada.pk, actor=f"member:{ada.pk}", now=now)
    deliver(now)
    assert not erase_member(request.pk, now=now + GRACE)
    told = {"member": ada, "channel": "email", "message_class": "marketing", "due_at": now, "queued_at": now}
    Message.objects.create(**told, dedupe_key="late", subject="Dear Countess", body_text="!")

    assert erase_member(request.pk, now=now + GRACE + IN_FLIGHT)

    assert list(find_mark(folder, "Countess")) == []
    assert Message.objects.get().state == "withdrawn"


def test_who_has_to_wait_or_cannot_be_erased_holds_nobody_up(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits, fails, ada = (MemberFactory() for _ in range(3))
    members = list_floors()["members"]
    forget = members.forget_files

    def stumble(member_id: int, traces: Traces) -> int:
        if member_id == fails.pk:
            raise OSError("the disk of this one's files is gone")
        return forget(member_id, traces)

    monkeypatch.setattr(members, "forget_files", stumble)
    deliver(now)
    for member in (waits, fails, ada):
        ask_for_own_erasure(member.pk, actor=f"member:{member.pk}", now=now)
    publish(MemberErased(member_ref=waits.ref), member_id=waits.pk, happened_at=now, now=now)
    Delivery.objects.create(
        event=Event.objects.get(member_id=waits.pk, name="members.member_erased"),
        subscriber="somebody.slow",
        member_id=waits.pk,
        next_attempt_at=now,
    )

    assert erase_due_members(now=now + GRACE, limit=1) == 0
    assert erase_due_members(now=now + GRACE + IN_FLIGHT, limit=1) == 1

    states = dict(ErasureRequest.objects.values_list("member_id", "state"))
    assert states == {waits.pk: "agreed", fails.pk: "erasing", ada.pk: "erased"}


class Killed(Exception):  # noqa: N818 - what a kill -9 looks like from inside
    pass


@pytest.mark.parametrize("floor", [*list_floors()])
def test_an_erasure_that_was_killed_goes_on(
    now: datetime, floor: str, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    ada = MemberFactory(email="ada@example.com", family_name="Lovelace")
    write_message("email", "ada@example.com", b"Dear Ada", ending="eml")
    request = ask_for_own_erasure(ada.pk, actor=f"member:{ada.pk}", now=now)
    deliver(now)

    def die(*_args: object) -> int:
        raise Killed

    data = list_floors()[floor]
    assert not erase_member(request.pk, now=now + GRACE)
    with monkeypatch.context() as patched:
        patched.setattr(data, "forget_files", die)
        with pytest.raises(Killed):
            erase_member(request.pk, now=now + GRACE + IN_FLIGHT)
    done_before = ErasureReceipt.objects.count()

    assert not Member.objects.filter(pk=ada.pk, state="active").exists()
    assert done_before == 1 + list(list_floors()).index(floor)
    assert erase_member(request.pk, now=now + GRACE + IN_FLIGHT)
    assert ErasureReceipt.objects.count() == 1 + len(list_floors())
    assert list(find_mark(folder, "ada@example.com")) == []
