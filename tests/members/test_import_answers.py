"""Declared attributes as columns of a members' file: checked in their words, kept with their source, taken back."""

import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from config.ground import clock
from config.ground.personal import read_rows
from config.outbox.models import Event
from config.staff.roles import ADMINISTRATOR
from members.errors import ImportTooOld
from members.models import Attribute, AttributeValue, AttributeWords, ImportedMember, Member, MemberImport
from members.models.personal import HELD
from members.queries.attributes import get_attributes
from members.queries.imports import list_staying
from members.rules.attributes import Eyes
from members.services.attributes import set_attributes
from members.services.erasing import IN_FLIGHT, erase_member
from members.services.erasures import ask_for_own_erasure
from members.services.imports import undo_import, upload
from tests.members.factories import NOW, MemberFactory
from tests.members.importing import applied, deliver_everything, problems, undone, uploaded
from tests.members.marking import find_mark
from tests.members.test_admin import staff
from tests.members.test_admin_imports import IMPORTS, columns, work
from tests.members.test_attributes import declare
from tests.members.test_import_doors import bring, crm, put, worked

__all__ = ["crm"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("exports_folder", "asked")]
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def asked(db: None) -> None:
    declare("nickname", seen_by="personal", position=1)
    declare("children", "number", position=2)
    declare("moved_in", "date", position=3)
    declare("has_garden", "yes_no", position=4)
    milk = declare("milk", "one_of", allowed=["oat", "soy", "cow"], label="Milk in your tea", position=5)
    AttributeWords.objects.create(attribute=milk, language="zh-hant", label="您的奶", purpose="奶茶")
    declare("teas", "many_of", allowed=["green", "black", "herbal"], position=6, is_asked_for=True)
    declare("diary", seen_by="member", position=7)
    declare("grade", is_edited_by_member=False, position=8)
    declare("shoes", "number", is_retired=True, position=9)


def answers(member: Member) -> dict[str, Any]:
    return get_attributes(member.pk, eyes=Eyes.MEMBER)


def say(member: Member, at: Any = NOW - timedelta(days=1), **values: Any) -> None:
    set_attributes(member.pk, values, eyes=Eyes.MEMBER, source="app", now=at)


ALL = (
    "email,Nickname,children,Moved_In,has_garden,MILK IN YOUR TEA,teas,grade,diary,shoes\n"
    'eve@example.com,Countess,3,29.02.2024,no,Oat,"green, Herbal",A,dear,42\n'
    'max@example.com,,-1.5,,,,"[""black""]",,,\n'
    "ada@example.com,,,,,,,,,\n"
)


def test_every_kind_of_answer_is_read_and_kept_with_its_source() -> None:
    batch = applied(uploaded(ALL, date_order="dmy"))

    assert batch.mapping["columns"] == [
        "email",
        *(f"attribute:{code}" for code in ("nickname", "children", "moved_in", "has_garden", "milk", "teas")),
        "attribute:grade",
        "",
        "",
    ]
    assert batch.counts == {"enrolled": 3}
    said = {one.identities.get(kind="email").value: answers(one) for one in Member.objects.all()}
    assert said == {
        "eve@example.com": {
            "nickname": "Countess",
            "children": 3,
            "moved_in": "2024-02-29",
            "has_garden": False,
            "milk": "oat",
            "teas": ["green", "herbal"],
            "grade": "A",
        },
        "max@example.com": {"children": -1.5, "teas": ["black"]},
        "ada@example.com": {},
    }
    assert set(AttributeValue.objects.values_list("source", "changed_at")) == {("import", NOW)}
    assert not Event.objects.filter(name="members.profile_completed").exists()


def test_a_json_file_says_lists_numbers_and_booleans_as_they_are() -> None:
    told = {
        "email": "eve@example.com",
        "teas": ["green", "black"],
        "children": 2,
        "has_garden": True,
        "您的奶": "soy",
    }

    applied(uploaded((json.dumps(told, ensure_ascii=False) + "\n").encode()))

    eve = Member.objects.get()
    assert answers(eve) == {"teas": ["green", "black"], "children": 2, "has_garden": True, "milk": "soy"}


@pytest.mark.parametrize(
    ("code", "cell", "words"),
    [
        ("nickname", "x" * 501, "Nickname is a text of at most 500 letters."),
        ("children", "three", "Children is a number up to"),
        ("children", "1e400", "Children is a number up to"),
        ("children", "0.00001", "at most 4 digits behind the point"),
        ("moved_in", "2023-02-29", "Moved_In: There is no such day."),
        ("moved_in", "03/04/1990", "Moved_In: Say in the mapping whether the day or the month comes first"),
        ("has_garden", "perhaps", "Has_Garden: Write yes or no"),
        ("milk", "rice", "Milk in your tea is chosen from: oat, soy, cow."),
        ("teas", "green; mint", "Teas is chosen from: green, black, herbal."),
        ("teas", "green, green", "Teas is a list of different words."),
        ("teas", '"[""green"""', "Teas: Write words with commas between them, or a JSON list"),
    ],
)
def test_what_an_attribute_does_not_take_refuses_the_row_in_its_own_words(
    code: str, cell: str, words: str
) -> None:
    quoted = cell if cell.startswith('"') else f'"{cell}"'

    batch = uploaded(f"email,{code}\neve@example.com,{quoted}\nmax@example.com,\n")

    ((field, says),) = problems(batch)[2]
    assert (field, words in says) == (f"attribute:{code}", True), says
    assert applied(batch).counts == {"refused": 1, "enrolled": 1}
    assert not AttributeValue.objects.exists()


@pytest.mark.parametrize(
    ("known", "left"),
    [
        ("leave", {"milk": "cow", "children": 1}),
        ("fill", {"milk": "cow", "children": 1, "grade": "A"}),
        ("overwrite", {"milk": "oat", "children": 1, "grade": "A"}),
    ],
)
def test_a_known_member_is_left_filled_in_or_overwritten_but_never_over_a_newer_answer(
    known: str, left: dict[str, Any]
) -> None:
    ada = MemberFactory(email="ada@example.com")
    say(ada, milk="cow")
    batch = uploaded("email,milk,children,grade\nada@example.com,oat,5,A\n", known=known)
    say(ada, at=NOW + timedelta(seconds=1), children=1)

    batch = applied(batch)

    assert answers(ada) == left
    assert batch.counts == ({"same": 1} if known == "leave" else {"changed": 1})
    sources = dict(AttributeValue.objects.values_list("attribute__code", "source"))
    assert sources == {
        code: "import" if code == "grade" or value == "oat" else "app" for code, value in left.items()
    }


def test_what_changes_answers_alone_is_told_as_wishes_once() -> None:
    MemberFactory(email="ada@example.com")

    for _ in range(2):
        applied(uploaded("email,milk\nada@example.com,oat\n", known="overwrite"))

    changed = Event.objects.filter(name="members.member_changed")
    assert [event.payload["is_of_wishes"] for event in changed] == [True]


def test_undoing_gives_back_what_held_before_and_leaves_what_was_answered_since() -> None:
    ada, bob = MemberFactory(email="ada@example.com"), MemberFactory(email="bob@example.com")
    say(ada, milk="cow", teas=["green"])
    say(bob, milk="cow", teas=["green"])
    rows = "email,milk,teas,children\nada@example.com,oat,black,2\nbob@example.com,soy,herbal,3\n"
    batch = applied(uploaded(rows, known="overwrite"))
    assert answers(ada) == {"milk": "oat", "teas": ["black"], "children": 2}
    say(bob, at=NOW + timedelta(minutes=5), teas=["black"], children=None)

    batch = undone(batch, LATER)

    assert batch.undone_counts == {"back": 1, "partly": 1}
    assert answers(ada) == {"milk": "cow", "teas": ["green"]}
    assert answers(bob) == {"milk": "cow", "teas": ["black"]}
    given_back = AttributeValue.objects.get(member=ada, attribute__code="milk")
    assert (given_back.source, given_back.changed_at) == ("app", NOW - timedelta(days=1))
    (left,) = list_staying(batch.pk, limit=10)
    assert (left.member_id, set(left.stays.split(", "))) == (bob.pk, {"Teas", "Children"})


def test_a_newcomer_goes_away_with_their_answers_unless_they_answered_since() -> None:
    batch = applied(uploaded("email,milk\neve@example.com,oat\nmax@example.com,soy\njoe@example.com,cow\n"))
    eve, maximal, joe = Member.objects.order_by("pk")
    say(maximal, at=NOW + timedelta(minutes=5), milk="oat")
    say(joe, at=NOW + timedelta(minutes=5), milk=None)

    batch = undone(batch, LATER)

    assert batch.undone_counts == {"gone": 1, "stays": 2}
    eve.refresh_from_db()
    assert (eve.state, answers(eve)) == ("erased", {})
    assert not AttributeValue.pgh_event_model.objects.filter(member_id=eve.pk).exists()
    assert (answers(maximal), answers(joe)) == ({"milk": "oat"}, {})


def test_an_answer_that_a_later_import_says_too_stays() -> None:
    ada = MemberFactory(email="ada@example.com")
    first = applied(uploaded("email,milk,grade\nada@example.com,oat,A\n", known="fill"))
    assert applied(uploaded("email,milk\nada@example.com,oat\n", known="fill")).counts == {"same": 1}

    first = undone(first, LATER)

    assert (answers(ada), first.undone_counts) == ({"milk": "oat"}, {"partly": 1})


def test_a_choice_that_is_gone_by_now_is_neither_taken_nor_given_back() -> None:
    ada = MemberFactory(email="ada@example.com")
    say(ada, milk="cow")
    batch = applied(uploaded("email,milk\nada@example.com,soy\n", known="overwrite"))
    waiting = uploaded("email,milk,grade\neve@example.com,cow,A\nmax@example.com,oat,A\n")
    Attribute.objects.filter(code="milk").update(allowed=["oat", "soy"])

    assert applied(waiting).counts == {"refused": 1, "enrolled": 1}
    assert problems(waiting)[2] == [["attribute:milk", "Milk in your tea is chosen from: oat, soy."]]
    assert undone(batch, LATER).undone_counts == {"stays": 1}
    assert answers(ada) == {"milk": "soy"}


def test_what_is_asked_no_more_is_neither_read_nor_applied_nor_remembered() -> None:
    rows = "email,milk\neve@example.com,oat\n"
    batch = uploaded(rows)
    Attribute.objects.filter(code="milk").update(is_retired=True)

    assert applied(batch).counts == {"refused": 1}
    assert not Member.objects.exists()
    raw = rows.encode()
    again = upload("crm.csv", io.BytesIO(raw), size=len(raw), region="US", actor="staff:1", now=NOW)
    assert again.mapping["columns"] == ["email", ""]


def test_an_integration_maps_columns_by_code_and_none_that_members_keep_for_themselves(crm: Client) -> None:
    raw = b"Mail,Tea,Secret\neve@example.com,Oat,dear\n"
    ref = bring(crm, raw).json()["ref"]

    refused = put(crm, ref, {"columns": ["email", "attribute:milk", "attribute:diary"]})
    assert (refused.status_code, "no field 'attribute:diary'" in refused.json()["detail"]) == (422, True)
    assert put(crm, ref, {"columns": ["email", "attribute:milk", ""]}).status_code == 202
    assert worked(crm, ref)["foreseen"] == {"new": 1}
    crm.post(f"/api/v1/members/imports/{ref}/apply")
    assert worked(crm, ref)["counts"] == {"enrolled": 1}
    assert answers(Member.objects.get()) == {"milk": "oat"}


def test_a_colleague_chooses_an_attribute_for_a_column_and_reads_what_is_wrong() -> None:
    client = staff(ADMINISTRATOR)
    raw = b"Mail,Milk in your tea,X\neve@example.com,rice,\nmax@example.com,soy,\n"
    page = client.post(f"{IMPORTS}add/", {"file": io.BytesIO(raw)}).headers["Location"]

    asked = client.get(page).content.decode()
    assert '<option value="attribute:milk" selected>Answer: Milk in your tea</option>' in asked
    assert "attribute:diary" not in asked
    assert "attribute:shoes" not in asked
    client.post(page, columns(column_1="attribute:milk") | {"_read": "1"})
    work()
    assert "Milk in your tea is chosen from: oat, soy, cow." in client.get(page).content.decode()
    client.post(page, {"_apply": "1"})
    work()
    assert answers(Member.objects.get()) == {"milk": "soy"}


def test_what_was_let_go_after_its_days_is_not_undone_but_refused(crm: Client) -> None:
    ref = bring(crm, b"email\neve@example.com\n").json()["ref"]
    put(crm, ref, {"columns": ["email"]})
    worked(crm, ref)
    crm.post(f"/api/v1/members/imports/{ref}/apply")
    assert worked(crm, ref)["counts"] == {"enrolled": 1}
    batch, days = MemberImport.objects.get(), timedelta(days=30, minutes=1)
    with pytest.raises(ImportTooOld):
        undo_import(batch.pk, actor="staff:1", now=clock.now() + days)
    ImportedMember.objects.all().delete()

    refused = crm.post(f"/api/v1/members/imports/{ref}/undo")

    assert (refused.status_code, refused.json()["code"]) == (409, "import_too_old")
    assert "cannot be undone" in refused.json()["detail"]
    assert worked(crm, ref)["state"] == "applied"


def test_the_console_takes_an_attribute_for_a_column(tmp_path: Path) -> None:
    file = tmp_path / "crm.csv"
    file.write_bytes(b"email,X1\neve@example.com,cow\n")

    call_command(
        "import_members", str(file), "--column", "X1=attribute:milk", "--apply", stdout=io.StringIO()
    )

    assert answers(Member.objects.get()) == {"milk": "cow"}


def test_imported_answers_are_told_to_the_member_and_go_with_them(exports_folder: Path) -> None:
    ada = MemberFactory(email="ada@example.com")
    say(ada, nickname="Zanzibarina")
    applied(uploaded("email,nickname\nada@example.com,Quetzalina\n", known="overwrite"))
    told = {
        held.table: "".join(read_rows(held, ada.pk))
        for held in HELD
        if held.is_told
        and held.table in ("members.AttributeValue", "members.ImportedMember", "members.ImportRow")
    }
    assert {table for table, text in told.items() if "Quetzalina" in text} == told.keys()
    assert "Zanzibarina" in told["members.ImportedMember"]

    request = ask_for_own_erasure(ada.pk, actor=f"member:{ada.pk}", now=NOW)
    due = NOW + timedelta(days=15)
    for _ in range(3):
        deliver_everything(at=due)
        erase_member(request.pk, now=due)
        due += IN_FLIGHT

    assert Member.objects.get(pk=ada.pk).state == "erased"
    assert [word for word in ("Quetzalina", "Zanzibarina") if list(find_mark(exports_folder, word))] == []
