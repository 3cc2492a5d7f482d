"""Several phones, addresses and cards of one member in a file: in columns of their own, in one cell, in a list."""

import json
from datetime import timedelta

import pytest
from django.test import Client

from config.staff.roles import ADMINISTRATOR
from members.models import Identity, ImportRow, Member
from members.queries.imports import list_staying
from members.rules.import_fields import Mapping, faults_of, guess_columns
from members.rules.import_rows import MOST_OF_A_KIND, read_row
from tests.members.factories import NOW, MemberFactory
from tests.members.importing import applied, problems, undone, uploaded
from tests.members.test_admin import staff
from tests.members.test_erasing_imports import erase_staged_rows
from tests.members.test_import_doors import IMPORTS, bring, crm, put, worked

__all__ = ["crm"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("exports_folder")]
LATER = NOW + timedelta(hours=1)


def known_by(member: Member, kind: str) -> list[str]:
    """The oldest first: to that messages go."""
    return list(member.identities.filter(kind=kind).order_by("pk").values_list("value", flat=True))


@pytest.mark.parametrize(
    ("headings", "columns"),
    [
        (["Phone", "Mobile Phone", "Home Phone", "Business Phone"], ["phone", "phone", "", ""]),
        (["E-mail Address", "E-mail 2 Address", "E-mail 3 Address"], ["email", "email", "email"]),
        (["Phone 1 - Label", "Phone 1 - Value", "Phone 2 - Value"], ["", "phone", "phone"]),
        (["Email", "Additional email addresses"], ["email", "email"]),
        (["phone", "phone", "card_2"], ["phone", "phone", "card"]),
        (["手機1", "手機2", "名", "名2"], ["phone", "phone", "given_name", ""]),
        (["Birthday", "Birthday 2", "Store 2"], ["birth_date", "", ""]),
    ],
)
def test_columns_of_address_books_are_known(headings: list[str], columns: list[str]) -> None:
    assert list(guess_columns(headings)) == columns


def test_only_what_a_member_can_have_several_of_is_named_twice() -> None:
    assert faults_of(("phone", "phone", "email", "email", "card", "card")) == []
    assert "to be the same: Customer number elsewhere" in faults_of(("external", "external"))[0]
    assert "to be the same: Language" in faults_of(("phone", "language", "language"))[0]


def test_all_that_a_row_holds_becomes_the_members_in_the_order_of_the_file() -> None:
    batch = uploaded(
        "Phone,Mobile,E-mail 1 - Value,E-mail 2 - Value,Card number,Card 2\n"
        '(646) 555-0143,"212 555 0142; 212 555 0161",zoe@example.com,ada@example.com,ZZ99 ::: AB12,\n'
        ",,bob@example.com,,,XY77\n"
    )
    assert batch.foreseen == {"new": 2}

    assert applied(batch).counts == {"enrolled": 2}

    zoe, bob = (
        Member.objects.get(identities__value=value) for value in ("zoe@example.com", "bob@example.com")
    )
    assert known_by(zoe, "phone") == ["+16465550143", "+12125550142", "+12125550161"]
    assert known_by(zoe, "email") == ["zoe@example.com", "ada@example.com"]
    assert known_by(zoe, "card") == ["ZZ99", "AB12"]
    assert (known_by(bob, "email"), known_by(bob, "card")) == (["bob@example.com"], ["XY77"])


def test_a_json_file_says_several_as_a_list() -> None:
    told = {"email": ["b@example.com", "a@example.com"], "phone": [2125550142], "id": ["crm:7", "shop:7"]}

    applied(uploaded((json.dumps(told) + "\n").encode()))

    eve = Member.objects.get()
    assert known_by(eve, "email") == ["b@example.com", "a@example.com"]
    assert (known_by(eve, "phone"), known_by(eve, "external")) == (["+12125550142"], ["crm:7", "shop:7"])


def test_each_problem_says_which_of_several_it_is() -> None:
    batch = uploaded(
        "Phone,Mobile\n"
        "12,212 555 0142\n"
        '212 555 0143,"212 555 0161, 99"\n'
        f'"{",".join(str(2125550200 + place) for place in range(MOST_OF_A_KIND + 1))}",\n'
        '212 555 0144,"8,86912E+11"\n'
    )

    told = {row: [says for _, says in several] for row, several in problems(batch).items()}
    assert told[2] == ["This phone is not valid. It is too short for its country. It stands under Phone."]
    (says,) = told[3]
    assert says.endswith("It stands under Mobile. This is said of 99.")
    assert told[4] == ["There are 21 in one cell, and nobody has so many. Is it the right column?"]
    assert "made a number of it (8,86912E+11)" in told[5][0]
    assert applied(batch).counts == {"refused": 4}
    assert not Member.objects.exists()


def test_more_than_anybody_has_is_refused_in_many_columns_too() -> None:
    many = MOST_OF_A_KIND + 1
    cells = [str(2125550200 + place) for place in range(many)]

    reading = read_row(cells, Mapping(columns=("phone",) * many), now=NOW)

    assert [problem.says.partition(",")[0] for problem in reading.problems] == ["There are 21"]


def test_what_stands_twice_in_a_row_is_taken_once_and_said(crm: Client) -> None:
    MemberFactory(email="ada@example.com")
    raw = b"Phone,Mobile,Mail\n212 555 0142,+12125550142,eve@example.com\n,,ada@example.com;ADA@example.com\n"
    ref = bring(crm, raw).json()["ref"]
    put(crm, ref, {"columns": ["phone", "phone", "email"]})

    assert worked(crm, ref)["foreseen"] == {"new": 1, "known": 1}
    said = {row["row"]: row["problems"] for row in crm.get(f"{IMPORTS}/{ref}/rows").json()["results"]}
    assert said == {
        2: ["Phone: +12125550142 stands in the row 2 times, and is taken once."],
        3: ["E-mail: ada@example.com stands in the row 2 times, and is taken once."],
    }
    page = f"/admin/members/memberimport/{ImportRow.objects.first().batch_id}/change/"  # type: ignore[union-attr]
    seen = staff(ADMINISTRATOR).get(page).content.decode()
    assert "Rows that are taken, with a remark" in seen
    assert "+12125550142 stands in the row 2 times" in seen
    crm.post(f"{IMPORTS}/{ref}/apply")
    assert worked(crm, ref)["counts"] == {"enrolled": 1, "same": 1}
    assert Identity.objects.filter(value="+12125550142").count() == 1


def test_rows_that_share_a_second_phone_are_one_person() -> None:
    rows = "phone,mobile\n212 555 0142,212 555 0161\n212 555 0143,212 555 0161\n212 555 0162,212 555 0143\n"

    batch = uploaded(rows)

    assert [(row, says.split(" of ")[0]) for row, ((_, says),) in problems(batch).items()] == [
        (3, "Row 2"),
        (4, "Row 3"),
    ]


def test_a_second_phone_of_somebody_else_refuses_the_row() -> None:
    ada, bob = MemberFactory(phone="+12125550142"), MemberFactory(phone="+12125550161")

    batch = uploaded("phone,mobile\n212 555 0142,212 555 0161\n", known="fill")

    ((_, says),) = problems(batch)[2]
    assert ada.ref in says
    assert bob.ref in says


def test_undoing_takes_back_exactly_what_came() -> None:
    ada = MemberFactory(phone="+12125550142", email="ada@example.com")
    before = set(ada.identities.values_list("kind", "value"))
    rows = (
        "phone,mobile,email,email 2,card,card 2\n"
        "212 555 0142,212 555 0161;646 555 0143,ada@example.com,zoe@example.com;bea@example.com,ZZ99,AB12\n"
        "212 555 0169,212 555 0168,eve@example.com,,,\n"
    )
    batch = applied(uploaded(rows, known="fill"))
    assert batch.counts == {"changed": 1, "enrolled": 1}
    assert known_by(ada, "phone") == ["+12125550142", "+12125550161", "+16465550143"]
    assert known_by(ada, "email") == ["ada@example.com", "zoe@example.com", "bea@example.com"]
    Identity.objects.filter(value="bea@example.com").update(verified_at=NOW)

    batch = undone(batch, LATER)

    assert set(ada.identities.values_list("kind", "value")) == {*before, ("email", "bea@example.com")}
    assert batch.undone_counts == {"partly": 1, "gone": 1}
    assert list_staying(batch.pk, limit=10)[0].stays == "E-mail"
    assert not Identity.objects.filter(value__in=["+12125550169", "+12125550168"]).exists()


def test_a_row_is_erased_with_whom_it_names_by_a_second_phone() -> None:
    batch = uploaded("email,phone,mobile\nx@example.com,212 555 0142,212 555 0161\ny@example.com,,\n")

    erase_staged_rows(MemberFactory(phone="+12125550161"))

    assert list(ImportRow.objects.filter(batch=batch).values_list("row", flat=True)) == [3]


def test_columns_of_one_heading_are_remembered_each_for_itself() -> None:
    batch = uploaded("x,x,y\n212 555 0142,ada@example.com,Ada\n", columns=("phone", "email", "given_name"))
    assert batch.foreseen == {"new": 1}

    again = uploaded("x,x,regulars_row,y\n212 555 0142,ada@example.com,7,Ada\n")

    assert again.mapping["columns"] == ["phone", "email", "", "given_name"]


def test_a_row_with_one_of_each_is_staged_as_it_always_was() -> None:
    """Rows that an older version staged are applied by this one, and the other way round."""
    batch = uploaded("phone,email\n212 555 0142,ada@example.com\n")

    assert ImportRow.objects.get(batch=batch).told == {"phone": "+12125550142", "email": "ada@example.com"}
