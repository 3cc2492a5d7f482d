"""The members' pages of the admin: found by anything, shown in full or masked, enrolled and changed."""

from collections.abc import Sequence
from datetime import datetime

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from config.outbox.models import Event
from config.staff.models import Staff
from config.staff.roles import sync_roles
from members import member_data
from members.member_data import Cell, Fact, Panel
from members.models import Consent, ConsentEvent, Member
from members.queries.search import find_by_term
from members.rules.timeline import Asked, Happening, Remark
from members.services.merging import merge_members
from tests.members.factories import MemberFactory

pytestmark = pytest.mark.django_db
LIST = "/admin/members/member/"


def page_of(member: Member) -> str:
    return f"{LIST}{member.pk}/change/"


def staff(role: str) -> Client:
    sync_roles()
    person = Staff.objects.create_user(role.replace(" ", "-"), password="a-long-password")
    person.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def cashier(db: None) -> Client:
    return staff("cashier")


@pytest.fixture
def manager(db: None) -> Client:
    return staff("store manager")


@pytest.fixture
def ada() -> Member:
    return MemberFactory(
        phone="+12125550142",
        email="ada@example.com",
        card="AB12CD",
        external="webshop:4711",
        given_name="Ada",
        family_name="Lovelace",
    )


@pytest.mark.parametrize(
    "term",
    [
        "+12125550142",
        "(212) 555-0142",
        "12125550142",
        "0142",
        "55-0142",
        "555 0142",
        "125550142",
        "ada@example.com",
        "ADA@Example.com",
        "ab12cd",
        "webshop:4711",
        "lovelace ada",
        "love",
    ],
)
def test_a_member_is_found_by_anything(ada: Member, term: str) -> None:
    MemberFactory(given_name="Grace", family_name="Hopper", phone="+12125550199")

    assert list(find_by_term(term)) == [ada]


@pytest.mark.parametrize("term", ["142", "2125550", "0142x", "1420"])
def test_other_digits_of_a_phone_find_nobody(ada: Member, term: str) -> None:
    assert list(find_by_term(term)) == []


def test_last_digits_are_looked_up_and_not_searched_for(ada: Member) -> None:
    with CaptureQueriesContext(connection) as asked:
        find_by_term("0142")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO members_identity (kind, value, member_id, source, recorded_at)"
            " SELECT 'phone', '+1305555' || number, %s, 'test', now() FROM generate_series(1000, 9999) number",
            [ada.pk],
        )
        cursor.execute("ANALYZE members_identity")
        cursor.execute(f"EXPLAIN {asked[0]['sql']}")
        plan = str(cursor.fetchall())

    assert "identity_by_last_digits" in plan
    assert "Seq Scan" not in plan


def test_a_member_is_found_by_ref(ada: Member) -> None:
    assert list(find_by_term(ada.ref)) == [ada]
    assert list(find_by_term("mem_01k9w3v7q2f8z6c4x5b1n0m9r8")) == []


def test_the_list_takes_as_many_statements_for_one_member_as_for_three(manager: Client) -> None:
    MemberFactory()
    manager.get(LIST)
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as captured:
            manager.get(LIST)
        counts.append(len(captured))
        MemberFactory()
        MemberFactory()

    assert counts[0] == counts[1]


def test_who_may_see_personal_data_sees_it(manager: Client, ada: Member) -> None:
    shown = manager.get(LIST).content.decode() + manager.get(page_of(ada)).content.decode()

    for text in ("+12125550142", "ada@example.com", "AB12CD", "birth_date"):
        assert text in shown


def test_personal_data_is_masked_without_the_right(cashier: Client, ada: Member) -> None:
    shown = cashier.get(LIST).content.decode() + cashier.get(page_of(ada)).content.decode()

    assert "Ada Lovelace" in shown
    assert "a•••@example.com" in shown
    for text in ("12125550142", "ada@example.com", "AB12CD", "webshop:4711", "birth_date"):
        assert text not in shown


class _Floor:
    """What another floor would register."""

    def panels(self, member_id: int, *, now: object, viewer_id: int | None = None) -> list[Panel]:
        phone = Cell("+12125550142", kind="personal", of="phone")
        facts = (Fact("Balance", Cell("1,340", kind="number"), "points"),)
        return [Panel(title="Wallet of a test", order=11, facts=facts, columns=("To",), rows=((phone,),))]

    def kinds(self) -> dict[str, str]:
        return {}

    def timeline(self, asked: Asked) -> list[Happening]:
        return []

    def remarks(self, people: Sequence[int], told: Sequence[Happening]) -> dict[str, Remark]:
        return {}


def test_panels_of_other_floors_stand_in_their_order(
    manager: Client, ada: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(member_data, "_FLOORS", dict(member_data._FLOORS))
    member_data.register("test", _Floor())

    shown = manager.get(page_of(ada)).content.decode()

    titles = [shown.index(title) for title in ("Known by", "Wallet of a test", "Preferences")]
    assert titles == sorted(titles)
    assert "1,340" in shown


def test_the_page_is_titled_by_the_name_and_the_log_names_nobody(manager: Client, ada: Member) -> None:
    shown = manager.get(page_of(ada))
    manager.post(page_of(ada), {"given_name": "Augusta", "family_name": "Lovelace"})

    assert str(shown.context["original"]) == "Ada Lovelace"
    assert LogEntry.objects.get().object_repr == ada.ref


def test_a_cashier_enrols_and_lands_on_the_page(cashier: Client) -> None:
    form = {"phone": "(212) 555-0142", "given_name": "Ada", "by_email": "on"}

    answer = cashier.post(f"{LIST}add/", form)

    member = Member.objects.get()
    assert (answer.status_code, answer.headers["Location"]) == (302, page_of(member))
    assert (member.enrolled_via, member.given_name) == ("admin", "Ada")
    consent = Consent.objects.get()
    assert (consent.channel, consent.is_given) == ("email", True)


def test_a_member_who_exists_is_shown_and_not_changed(cashier: Client, ada: Member) -> None:
    answer = cashier.post(f"{LIST}add/", {"phone": "2125550142", "given_name": "Mallory"}, follow=True)

    assert "is a member already" in answer.content.decode()
    assert Member.objects.get().given_name == "Ada"


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({}, "Give a phone"),
        ({"phone": "12"}, "not valid"),
        ({"email": "x"}, "not valid"),
        ({"phone": "2125550100", "birth_month": 2, "birth_day": 30}, "no such day"),
    ],
)
def test_a_form_that_cannot_be_says_why_and_writes_nothing(
    cashier: Client, form: dict[str, object], says: str
) -> None:
    answer = cashier.post(f"{LIST}add/", form)

    assert answer.status_code == 200
    assert says in answer.content.decode()
    assert not Member.objects.exists()


def test_a_manager_changes_a_person_and_adds_identities(manager: Client, ada: Member) -> None:
    form = {"given_name": "Augusta", "family_name": "Lovelace", "card": "ZZ99", "new_card": "on"}

    answer = manager.post(page_of(ada), form)

    assert answer.status_code == 302
    ada.refresh_from_db()
    assert ada.given_name == "Augusta"
    assert ada.identities.filter(kind="card").count() == 3


def test_an_identity_of_somebody_else_is_refused_in_the_form(manager: Client, ada: Member) -> None:
    bob = MemberFactory()

    answer = manager.post(page_of(bob), {"given_name": "Bob", "email": "ada@example.com"})

    assert f"This belongs to {ada.ref}." in answer.content.decode()
    assert not bob.identities.filter(kind="email").exists()


TOLD = {
    "said": "given",
    "channel": "email",
    "purpose": "marketing",
    "source": "letter",
    "text_version": "form 7",
}


def test_what_a_member_said_to_a_colleague_is_written_down_with_its_evidence(
    manager: Client, ada: Member
) -> None:
    door = f"{LIST}{ada.pk}/consent/"

    assert manager.post(door, TOLD).headers["Location"] == page_of(ada)
    manager.post(door, TOLD | {"said": "withdrawn", "source": "phone", "text_version": ""})

    assert Consent.objects.get().is_given is False
    actor = f"staff:{Staff.objects.get().pk}"
    said = ConsentEvent.objects.order_by("pk").values_list("is_given", "source", "text_version", "actor")
    assert list(said) == [(True, "letter", "form 7", actor), (False, "phone", "", actor)]
    assert Event.objects.filter(name="members.consent_changed").count() == 2
    shown = manager.get(page_of(ada)).content.decode()
    assert "form 7" in shown
    assert str(Staff.objects.get()) in shown
    assert {entry.object_repr for entry in LogEntry.objects.all()} == {ada.ref}


def test_the_list_of_consents_names_members_and_finds_them(manager: Client, ada: Member) -> None:
    bob = MemberFactory(given_name="Bob", family_name="Hope")
    for member in (ada, bob):
        manager.post(f"{LIST}{member.pk}/consent/", TOLD)

    shown = manager.get("/admin/members/consent/", {"q": "0142"}).content.decode()

    assert "Ada Lovelace" in shown
    assert "Bob Hope" not in shown


def test_a_word_of_long_ago_is_evidence_and_changes_nothing(manager: Client, ada: Member) -> None:
    door = f"{LIST}{ada.pk}/consent/"
    manager.post(door, TOLD | {"said": "withdrawn"})
    manager.post(door, TOLD | {"at_0": "2020-01-31", "at_1": "10:15"})

    assert Consent.objects.get().is_given is False
    assert ConsentEvent.objects.filter(is_given=True, happened_at__year=2020).count() == 1


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"text_version": ""}, "to which words"),
        ({"at_0": "2999-01-01", "at_1": "00:00"}, "Nobody has said this yet"),
        ({"channel": "pigeon"}, "Select a valid choice"),
        ({"source": "hearsay"}, "Select a valid choice"),
    ],
)
def test_a_word_without_its_evidence_is_not_written_down(
    manager: Client, ada: Member, told: dict[str, str], says: str
) -> None:
    answer = manager.post(f"{LIST}{ada.pk}/consent/", TOLD | told)

    assert answer.status_code == 200
    assert says in answer.content.decode()
    assert not ConsentEvent.objects.exists()


def test_a_word_is_written_down_with_who_somebody_is_by_now(
    manager: Client, ada: Member, now: datetime
) -> None:
    merge_members(going_id=ada.pk, staying_id=MemberFactory().pk, actor="staff:1", now=now)

    answer = manager.post(f"{LIST}{ada.pk}/consent/", TOLD)

    assert "Open who they are by now" in answer.content.decode()
    assert not ConsentEvent.objects.exists()


def test_a_cashier_writes_down_no_consent_and_sees_no_button(cashier: Client, ada: Member) -> None:
    assert cashier.post(f"{LIST}{ada.pk}/consent/", TOLD).status_code == 403
    assert "Write down consent" not in cashier.get(page_of(ada)).content.decode()
    assert not ConsentEvent.objects.exists()


def test_a_cashier_changes_nobody_and_nobody_deletes(cashier: Client, manager: Client, ada: Member) -> None:
    assert cashier.post(page_of(ada), {"given_name": "X"}).status_code == 403
    assert manager.post(f"{LIST}{ada.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Member.objects.get().given_name == "Ada"
