"""Service cases and conversations: what a member wants put right, what was said and promised, and by whom."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from config.outbox.models import Event
from config.staff.models import Staff
from members.models import Member
from members.services.merging import merge_members
from omnichannel.models import CaseStep, Interaction, Place, ServiceCase
from tests.members.factories import MemberFactory
from tests.members.test_admin import staff
from tests.omnichannel.factories import PlaceFactory, bearer, serves

pytestmark = pytest.mark.django_db
CASES, TALKS = "/admin/omnichannel/servicecase/", "/admin/omnichannel/interaction/"


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def place() -> Place:
    return PlaceFactory(code="S12", name="Market Street")


@pytest.fixture
def ada() -> Member:
    return MemberFactory(given_name="Ada", phone="+12125550142")


@pytest.fixture
def crm(place: Place) -> dict[str, str]:
    return bearer("members", programme_id=place.programme_id)


def send(method: str, path: str, body: Any = None, **headers: str) -> Any:
    content = {"content_type": "application/json"} if body is not None else {}
    return getattr(Client(), method)(f"/api/v1/{path}", body or {}, headers=headers, **content)


def opened(crm: dict[str, str], ada: Member, **more: Any) -> dict[str, Any]:
    body = {"member": {"ref": ada.ref}, "subject": "The tea was cold", "kind": "complaint"} | more
    answer = send("post", "cases", body, **crm)
    assert answer.status_code == 201, answer.content
    return dict(answer.json())


def test_a_case_is_opened_taken_on_and_taken_up_again(ada: Member, crm: dict[str, str]) -> None:
    case = opened(crm, ada, priority="high", store="S12", words="He said so on the phone.")
    path = f"cases/{case['ref']}"
    etag = send("get", path, **crm).headers["ETag"]

    def take_on(**changes: Any) -> Any:
        return send("patch", path, changes, **crm)

    assert (case["state"], case["priority"], case["store"], case["version"]) == ("new", "high", "S12", 1)
    solved = take_on(state="solved", words="A new cup was sent.")
    assert (solved.status_code, solved.json()["state"]) == (200, "solved")
    late = send("patch", path, {"words": "I did not see that."}, **crm, **{"If-Match": etag})
    assert late.status_code == 412
    refused = take_on(state="waiting")
    assert (refused.status_code, refused.json()["code"]) == (409, "case_state_out_of_order")
    again = take_on(state="open").json()
    assert again["version"] == 3
    assert [(step["number"], step["changes"], step["words"]) for step in again["steps"]] == [
        (3, {"state": ["solved", "open"]}, ""),
        (2, {"state": ["new", "solved"]}, "A new cup was sent."),
        (1, {}, "He said so on the phone."),
    ]
    assert take_on().json()["version"] == 3
    news = list(
        Event.objects.filter(name__startswith="omnichannel.case")
        .order_by("pk")
        .values_list("name", flat=True)
    )
    assert news == ["omnichannel.case_opened", "omnichannel.case_moved", "omnichannel.case_moved"]
    with pytest.raises(DatabaseError), transaction.atomic():
        CaseStep.objects.update(words="nothing was said")


def test_cases_are_listed_by_what_is_to_be_done_and_a_key_sees_its_own(
    ada: Member, crm: dict[str, str]
) -> None:
    late = opened(crm, ada, due_at=(now() - timedelta(days=1)).isoformat())
    solved = opened(crm, ada)
    send("patch", f"cases/{solved['ref']}", {"state": "solved"}, **crm)
    other = bearer("members", programme_id=PlaceFactory().programme_id)

    def listed(query: str, key: dict[str, str] = crm) -> list[str]:
        return [case["ref"] for case in send("get", f"cases?{query}", **key).json()["results"]]

    assert listed("") == [solved["ref"], late["ref"]]
    assert listed("state=unsolved") == listed("state=overdue") == [late["ref"]]
    assert listed(f"state=solved&member={ada.ref}") == [solved["ref"]]
    assert listed("", other) == []
    assert send("get", f"cases/{late['ref']}", **other).status_code == 404


def test_a_conversation_is_written_down_once_and_its_promise_kept(
    ada: Member, crm: dict[str, str], place: Place
) -> None:
    case = opened(crm, ada)
    body = {
        "member": {"phone": "+12125550142"},
        "kind": "call",
        "by": "Ms Lin, call centre",
        "outcome": "Wants a new cup.",
        "promise": "A cup by post",
        "promise_due_on": "2026-12-01",
        "case": case["ref"],
    }

    first = send("post", "interactions", body, **crm, **{"Idempotency-Key": "call-1"})
    again = send("post", "interactions", body, **crm, **{"Idempotency-Key": "call-1"})

    assert (first.status_code, again.json()) == (201, first.json())
    assert Interaction.objects.count() == 1
    ref = first.json()["ref"]
    kept = send("post", f"interactions/{ref}/kept", **crm).json()["promise_kept_at"]
    assert send("post", f"interactions/{ref}/kept", **crm).json()["promise_kept_at"] == kept
    with pytest.raises(DatabaseError), transaction.atomic():
        Interaction.objects.update(outcome="said nothing")
    without = send("post", "interactions", {**body, "promise": ""}, **crm)
    assert without.json()["code"] == "promise_without_words"
    lines = send("get", f"members/{ada.ref}/timeline?kinds=interaction,case", **crm).json()["results"]
    assert [line["words"] for line in lines] == [
        "Call: Wants a new cup; promised: A cup by post by 2026-12-01 (kept)",
        "The tea was cold (new)",
    ]
    till = bearer("till", place_id=place.pk)
    visit = send(
        "post",
        "interactions",
        {"member": {"ref": ada.ref}, "kind": "visit", "outcome": "Looked around"},
        **till,
    )
    assert visit.json()["store"] == "S12"


@pytest.mark.parametrize("year", ["0001-01-01", "9999-12-31"])
def test_days_that_no_calendar_of_ours_reaches_are_refused(
    ada: Member, crm: dict[str, str], year: str
) -> None:
    who, moment = {"member": {"ref": ada.ref}}, f"{year}T00:00:00Z"
    talk = {**who, "kind": "call", "outcome": "Wants a cup.", "promise": "A cup"}

    for path, body, field in (
        ("cases", {**who, "subject": "Cold tea", "due_at": moment}, "due_at"),
        ("interactions", {**talk, "happened_at": moment}, "happened_at"),
        ("interactions", {**talk, "promise_due_on": year}, "promise_due_on"),
    ):
        refused = send("post", path, body, **crm)
        error = {"pointer": f"/{field}", "code": "out_of_range"}
        assert (refused.status_code, refused.json()["errors"][0] | error) == (
            422,
            refused.json()["errors"][0],
        )
    assert not Interaction.objects.exists()
    assert not ServiceCase.objects.exists()


def manager() -> Client:
    return staff("store manager")


def test_two_colleagues_do_not_overwrite_each_other(ada: Member, crm: dict[str, str]) -> None:
    opened(crm, ada)
    case = ServiceCase.objects.get()
    client, page = manager(), f"{CASES}{case.pk}/change/?_changelist_filters=whose%3Dmine"
    me = Staff.objects.get(username="store-manager")
    form = {"state": "open", "priority": "2_high", "owner": me.pk, "words": "I call her.", "version": 1}

    taken = client.post(page, form)
    other = client.post(page, {**form, "state": "closed", "words": "Nothing to do."})

    assert taken.status_code == 302
    assert "Somebody else changed this case meanwhile" in other.content.decode()
    assert "Nothing to do." in other.content.decode()
    case.refresh_from_db()
    assert (case.state, case.priority, case.owner, case.version) == ("open", "2_high", me, 2)
    text = other.content.decode()
    assert "State: now <b>Open</b>, your page said Closed" in text
    assert "Priority: now" not in text
    again = {name: text.partition(f'name="{name}"')[2] for name in ("state", "priority", "version")}
    assert again["version"].partition(">")[0].startswith(' value="2"')
    assert re.search(r'value="open"[^>]* selected', again["state"].partition("</select>")[0])
    assert re.search(r'value="2_high"[^>]* selected', again["priority"].partition("</select>")[0])
    shown = client.get(page).content.decode()
    for words in (
        "I call her.",
        "Normal → <b>High</b>",
        "nobody → <b>",
        'href="/admin/omnichannel/servicecase/?whose=mine"',
    ):
        assert words in shown
    assert client.post(page, {**form, "state": "closed", "version": 2}).status_code == 302
    assert ServiceCase.objects.get().state == "closed"


def test_the_list_shows_what_is_to_be_done_and_mine(ada: Member, crm: dict[str, str]) -> None:
    opened(crm, ada, subject="Cold tea", due_at=(now() - timedelta(days=1)).isoformat())
    opened(crm, ada, subject="Lost parcel")
    solved = opened(crm, ada, subject="Solved long ago")
    send("patch", f"cases/{solved['ref']}", {"state": "solved"}, **crm)
    client = manager()
    ServiceCase.objects.filter(subject="Lost parcel").update(
        owner=Staff.objects.get(username="store-manager")
    )

    def listed(query: str) -> set[str]:
        page = client.get(f"{CASES}?{query}").content.decode()
        return {subject for subject in ("Cold tea", "Lost parcel", "Solved long ago") if subject in page}

    assert listed("") == {"Cold tea", "Lost parcel"}
    assert listed("whose=mine") == {"Lost parcel"}
    assert listed("state=overdue&whose=nobody") == {"Cold tea"}
    assert listed("state=any") == {"Cold tea", "Lost parcel", "Solved long ago"}
    assert "Cold tea" not in staff("cashier").get(CASES).content.decode()


def test_a_colleague_writes_down_from_the_members_page_and_a_case_follows_a_merge(
    ada: Member, place: Place
) -> None:
    client, grace = manager(), MemberFactory(given_name="Grace")
    page = f"/admin/members/member/{ada.pk}/change/"
    case = {
        "subject": "Cold tea",
        "kind": "complaint",
        "priority": "3_normal",
        "words": "",
        "place": place.pk,
    }
    assert client.post(f"{CASES}add/?member={ada.pk}", case).status_code == 302
    talk = {"kind": "visit", "outcome": "", "promise": "", "promise_due_on": "2026-01-01", "place": place.pk}
    add = f"{TALKS}add/?member={ada.pk}"

    refused = client.post(add, talk).content.decode()
    written = client.post(
        add, {**talk, "outcome": "Came with a cup", "promise": "Tea", "case": ServiceCase.objects.get().pk}
    )

    assert "Say what you promised for that day." in refused
    assert written.status_code == 302
    assert "Came with a cup" in client.get(f"{CASES}{ServiceCase.objects.get().pk}/change/").content.decode()
    shown = client.get(page).content.decode()
    for words in ("Cold tea", "until 2026-01-01, overdue", "Came with a cup"):
        assert words in shown
    assert "Came with a cup" in client.get(TALKS).content.decode()
    assert "Came with a cup" not in staff("cashier").get(page).content.decode()
    one = f"{TALKS}{Interaction.objects.get().pk}/change/"
    assert client.post(one).status_code == 302
    assert "overdue" not in client.get(page).content.decode()
    merge_members(going_id=ada.pk, staying_id=grace.pk, actor="staff:1", now=now())
    assert "Cold tea" in client.get(f"/admin/members/member/{grace.pk}/change/").content.decode()


def test_who_serves_a_store_sees_its_cases(ada: Member, crm: dict[str, str], place: Place) -> None:
    opened(crm, ada, store="S12", subject="Cup here")
    opened(crm, ada, subject="Cup nowhere")
    elsewhere = PlaceFactory(programme=place.programme, code="S99")
    opened(crm, ada, store="S99", subject="Cup elsewhere")
    client = manager()
    serves(Staff.objects.get(username="store-manager"), place)

    shown = client.get(CASES).content.decode()

    assert ("Cup here" in shown, "Cup nowhere" in shown, "Cup elsewhere" in shown) == (True, True, False)
    hidden = ServiceCase.objects.get(place=elsewhere)
    assert client.get(f"{CASES}{hidden.pk}/change/").status_code == 404
