"""What the house asks its members beside their name: declared as data, kept typed, seen by whom it may be seen."""

import html
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import IntegrityError, transaction
from django.test import Client

from campaigns.demo.asked import declare_what_is_asked
from config.outbox.models import Event
from members.models import Attribute, AttributeValue, AttributeWords, Member
from members.queries.attributes import get_attributes, list_attributes
from members.rules.attributes import Choice, Eyes
from members.services.attributes import set_attributes
from tests.members.factories import MemberFactory
from tests.members.test_admin import LIST, page_of, staff

pytestmark = pytest.mark.django_db


def declare(code: str, kind: str = "text", **told: Any) -> Attribute:
    words = {"label": code.title(), "purpose": f"So that we know your {code}."}
    return Attribute.objects.create(code=code, kind=kind, **{**words, **told})


@pytest.fixture
def asked(db: None) -> dict[str, Attribute]:
    rows = [
        declare("nickname", seen_by="personal", position=1),
        declare("children", "number", position=2),
        declare("moved_in", "date", position=3),
        declare("has_garden", "yes_no", position=4),
        declare("milk", "one_of", allowed=["oat", "soy", "cow"], position=5),
        declare("teas", "many_of", allowed=["green", "black", "herbal"], position=6, is_asked_for=True),
        declare("diary", seen_by="member", position=7, is_asked_for=True),
        declare("grade", is_edited_by_member=False, position=8),
        declare("shoes", "number", is_retired=True, position=9),
    ]
    return {row.code: row for row in rows}


@pytest.fixture
def ada() -> Member:
    return MemberFactory(language="fa")


@pytest.fixture
def app(ada: Member, app_of: Callable) -> Client:
    return app_of(ada)


def patch(client: Client, door: str, attributes: dict[str, Any], **more: Any) -> tuple[int, Any]:
    told = {"attributes": attributes, **more}
    answer = client.patch(f"/api/v1/{door}", told, content_type="application/json")
    return answer.status_code, answer.json()


SAID = {
    "nickname": "Countess",
    "children": 3,
    "moved_in": "2024-02-29",
    "has_garden": False,
    "milk": "oat",
    "teas": ["green", "herbal"],
    "diary": "dear",
}


def test_members_say_of_themselves_what_is_asked_and_keep_some_of_it_for_themselves(
    asked: dict[str, Attribute], ada: Member, app: Client, integration: Client
) -> None:
    AttributeWords.objects.create(
        attribute=asked["milk"],
        language="fa",
        label="شیر",
        purpose="برای چای شما.",
        allowed=["جو", "سویا", "گاو"],
    )

    status, me = patch(app, "me", SAID, display_name="Ada!")

    assert (status, me["attributes"], me["display_name"]) == (200, SAID, "Ada!")
    row = AttributeValue.objects.get(attribute__code="children")
    assert (row.number, row.text, row.source) == (3, None, "app")
    theirs = integration.get(f"/api/v1/members/{ada.ref}").json()["attributes"]
    assert theirs == {code: value for code, value in SAID.items() if code != "diary"}
    (listed,) = integration.get("/api/v1/members").json()["results"]
    assert listed["attributes"] == theirs
    assert set(get_attributes(ada.pk, eyes=Eyes.STAFF)) == set(theirs) - {"nickname"}
    told = {one["code"]: one for one in app.get("/api/v1/me/attributes").json()["results"]}
    assert list(told) == [code for code in asked if code != "shoes"]
    assert told["milk"]["why"] == "برای چای شما."
    assert told["milk"]["choices"][0] == {"value": "oat", "label": "جو"}
    assert (told["milk"]["value"], told["grade"]["value"]) == ("oat", None)
    declared = [one["code"] for one in integration.get("/api/v1/attributes").json()["results"]]
    assert declared == [code for code in asked if code not in ("shoes", "diary")]


@pytest.mark.parametrize(
    ("code", "value", "refusal"),
    [
        ("nickname", "x" * 501, ("attribute_not_valid", "Nickname is a text of at most 500 letters.")),
        ("nickname", 5, ("attribute_not_valid", "Nickname is a text of at most 500 letters.")),
        ("children", "3", ("attribute_not_valid", "Children is a number")),
        ("children", True, ("attribute_not_valid", "Children is a number")),
        ("children", 0.00001, ("attribute_not_valid", "at most 4 digits behind the point")),
        ("moved_in", "2023-02-29", ("attribute_not_valid", "Moved_In is a date such as 2026-11-21.")),
        ("has_garden", "yes", ("attribute_not_valid", "Has_Garden is true or false.")),
        ("milk", "rice", ("attribute_not_valid", "Milk is chosen from: oat, soy, cow.")),
        ("teas", "green", ("attribute_not_valid", "Teas is a list of different words.")),
        ("teas", ["green", "green"], ("attribute_not_valid", "Teas is a list of different words.")),
        ("teas", ["green", "mint"], ("attribute_not_valid", "Teas is chosen from: green, black, herbal.")),
        ("grade", "A", ("attribute_not_yours", "Grade is changed by the house alone.")),
        ("shoes", 42, ("attribute_not_known", "There is no attribute 'shoes'.")),
    ],
)
def test_what_an_attribute_does_not_take_is_refused_and_nothing_is_half_saved(
    asked: dict[str, Attribute], app: Client, code: str, value: object, refusal: tuple[str, str]
) -> None:
    refused, words = refusal
    before = app.get("/api/v1/me").content

    status, problem = patch(app, "me", {"milk": "oat", code: value}, given_name="Bea")

    assert (status, problem["code"]) == (422, refused)
    assert problem["errors"][0]["pointer"] == f"/attributes/{code}"
    assert words in problem["detail"]
    assert app.get("/api/v1/me").content == before


def test_integrations_write_what_they_see_and_take_it_away_again(
    asked: dict[str, Attribute], ada: Member, integration: Client
) -> None:
    door = f"members/{ada.ref}"

    assert patch(integration, door, {"grade": "A", "milk": "oat"})[1]["attributes"] == {
        "milk": "oat",
        "grade": "A",
    }
    assert patch(integration, door, {"milk": None})[1]["attributes"] == {"grade": "A"}
    assert patch(integration, door, {"diary": "x"})[1]["code"] == "attribute_not_known"


@pytest.mark.parametrize(
    "columns",
    [
        {"text": "oat"},
        {"choices": ["oat"], "number": 1},
        {"choices": ["rice"]},
        {"choices": ["oat", "soy"]},
        {"choices": []},
        {},
    ],
)
def test_the_database_takes_nothing_that_is_not_of_the_kind(
    asked: dict[str, Attribute], ada: Member, now: datetime, columns: dict[str, Any]
) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        AttributeValue.objects.create(member=ada, attribute=asked["milk"], changed_at=now, **columns)

    assert not AttributeValue.objects.exists()


def test_a_choice_that_is_gone_stays_with_who_chose_it(
    asked: dict[str, Attribute], ada: Member, now: datetime, app: Client
) -> None:
    set_attributes(ada.pk, {"teas": ["black"]}, eyes=Eyes.MEMBER, source="app", now=now)
    Attribute.objects.filter(code="teas").update(allowed=["green", "herbal"])

    assert patch(app, "me", {"teas": ["black", "green"]})[0] == 200
    assert patch(app, "me", {"teas": ["green"]})[0] == 200
    assert patch(app, "me", {"teas": ["black"]})[1]["code"] == "attribute_not_valid"


def test_a_profile_is_complete_once_all_that_is_asked_for_is_filled_in(
    asked: dict[str, Attribute], ada: Member, app: Client
) -> None:
    completed = Event.objects.filter(name="members.profile_completed")
    patch(app, "me", {"teas": ["green"], "milk": "oat"})
    assert not completed.exists()

    patch(app, "me", {"diary": "dear"})
    patch(app, "me", {"diary": "dearest"})

    assert completed.get().payload == {"member_ref": ada.ref}
    changed = Event.objects.filter(name="members.member_changed")
    assert [event.payload["is_of_wishes"] for event in changed] == [True] * 3


def test_what_the_demo_shop_asks_is_declared_once_and_told_in_every_language(db: None) -> None:
    for _ in range(2):
        declare_what_is_asked()

    for language, pets in (("en", "dog"), ("fa", "سگ"), ("zh-hant", "狗")):
        told = {one.code: one for one in list_attributes(eyes=Eyes.MEMBER, language=language)}
        assert list(told) == ["diet", "pets", "at_table"]
        assert told["pets"].choices[0] == Choice("dog", pets)
    Attribute.objects.filter(code="pets").update(label="Ours")
    declare_what_is_asked()
    assert Attribute.objects.get(code="pets").label == "Ours"


def test_a_colleague_overwrites_no_answer_they_have_not_read(ada: Member, now: datetime) -> None:
    for code in ("cups", "note"):
        declare(code, "text")
    page, manager = f"{LIST}{ada.pk}/attributes/", staff("store manager")
    shown = re.search(r'name="shown.before" value="([^"]*)"', manager.get(page).content.decode())
    assert shown is not None
    set_attributes(ada.pk, {"cups": "blue"}, eyes=Eyes.MEMBER, source="app", now=now)

    def post(before: str, **told: str) -> str:
        return manager.post(page, {"shown.before": html.unescape(before), **told}).content.decode()

    untouched = post(shown[1], cups="", note="Likes rain")
    assert (untouched, get_attributes(ada.pk, eyes=Eyes.MEMBER)) == (
        "",
        {"cups": "blue", "note": "Likes rain"},
    )
    refused = post(shown[1], cups="red", note="Likes snow")
    assert "Meanwhile it says: blue." in refused
    assert "Meanwhile it says: Likes rain." in refused
    assert get_attributes(ada.pk, eyes=Eyes.MEMBER) == {"cups": "blue", "note": "Likes rain"}
    again = re.search(r'name="shown.before" value="([^"]*)"', refused)
    assert again is not None
    assert post(again[1], cups="red", note="Likes snow") == ""
    assert get_attributes(ada.pk, eyes=Eyes.MEMBER) == {"cups": "red", "note": "Likes snow"}
    Member.objects.filter(pk=ada.pk).update(state="erased")
    assert "not for your role" in post(again[1], cups="green", note="")


def test_a_marketer_declares_and_colleagues_see_and_write_what_they_may(ada: Member, now: datetime) -> None:
    marketer, manager, cashier = staff("marketer"), staff("store manager"), staff("cashier")
    form = {
        "label": "Milk",
        "code": "milk",
        "purpose": "For your tea.",
        "kind": "one_of",
        "allowed": "oat, soy",
        "seen_by": "personal",
        "is_edited_by_member": "on",
        "position": "1",
        "words-TOTAL_FORMS": "0",
        "words-INITIAL_FORMS": "0",
    }
    refused = marketer.post("/admin/members/attribute/add/", form | {"allowed": "", "is_asked_for": "on"})
    assert "Say what can be chosen." in refused.content.decode()
    assert marketer.post("/admin/members/attribute/add/", form).status_code == 302
    declared = Attribute.objects.get()
    assert (declared.allowed, declared.seen_by) == (["oat", "soy"], "personal")
    page = f"/admin/members/attribute/{declared.pk}/change/"
    assert (
        marketer.post(page, form | {"kind": "text", "code": "other", "label": "Your milk"}).status_code == 302
    )
    declared.refresh_from_db()
    assert (declared.kind, declared.code, declared.label) == ("one_of", "milk", "Your milk")

    written = f"{LIST}{ada.pk}/attributes/"
    Attribute.objects.create(code="teas", label="Teas", kind="many_of", purpose="Ours.", allowed=["green"])
    assert "For your tea." in manager.get(written).content.decode()
    assert manager.post(written, {"milk": "oat"}).status_code == 302
    assert cashier.get(written).status_code == 403
    assert get_attributes(ada.pk, eyes=Eyes.TRUSTED) == {"milk": "oat"}
    proof = f"{LIST}{ada.pk}/consents/email/marketing/"
    taken = manager.get(proof)
    assert (taken.json()["member"], taken.json()["evidence"]) == (ada.ref, [])
    assert taken.headers["Content-Disposition"] == f'attachment; filename="{ada.ref}-email-marketing.json"'
    assert LogEntry.objects.filter(change_message__startswith="Took the proof of consent").count() == 1
    assert manager.get(proof.replace("email", "pigeon")).status_code == 404
    assert ">oat<" in "".join(manager.get(page_of(ada)).content.decode().split())
    assert ">oat<" not in "".join(cashier.get(page_of(ada)).content.decode().split())
