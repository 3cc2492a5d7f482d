"""The member's own doors: themselves, their wishes and consents, and nobody else's."""

from collections.abc import Callable

import pytest
from django.test import Client

from config.outbox.models import Event
from members.models import Consent, ConsentEvent, Member, Preference
from tests.members.factories import MemberFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> Member:
    return MemberFactory(given_name="Ada", family_name="Lovelace", email="ada@example.com")


@pytest.fixture
def app(ada: Member, app_of: Callable[[Member], Client]) -> Client:
    return app_of(ada)


def send(app: Client, method: str, door: str, **body: object) -> tuple[int, dict]:
    answer = getattr(app, method)(f"/api/v1/me{door}", body, content_type="application/json")
    return answer.status_code, answer.json()


def test_the_member_sees_themselves(app: Client, ada: Member, django_assert_num_queries: Callable) -> None:
    with django_assert_num_queries(5):
        me = app.get("/api/v1/me").json()

    assert (me["ref"], me["called"]) == (ada.ref, "Ada Lovelace")
    assert [known["kind"] for known in me["identities"]] == ["email", "phone", "card"]
    assert me["consents"] == []
    assert me["preferences"]["frequency"] == "any"


def test_members_reach_only_themselves(app: Client, ada: Member) -> None:
    bob = MemberFactory()

    for ref in (bob.ref, ada.ref):
        assert app.get(f"/api/v1/members/{ref}").status_code == 403
    assert app.get("/api/v1/members").status_code == 403
    assert Client().get("/api/v1/me").status_code == 401


def test_a_key_is_nobody(till: Client) -> None:
    assert till.get("/api/v1/me").status_code == 403


def test_what_is_left_out_stays(app: Client) -> None:
    status, me = send(app, "patch", "", display_name="Countess", birth_month=12, birth_day=10)

    assert status == 200
    assert (me["called"], me["given_name"]) == ("Countess", "Ada")
    assert (me["birth_month"], me["birth_day"], me["birth_date"]) == (12, 10, None)
    assert Event.objects.filter(name="members.member_changed").count() == 1


def test_the_same_again_changes_and_announces_nothing(app: Client) -> None:
    send(app, "patch", "", given_name="Ada")

    assert not Event.objects.filter(name="members.member_changed").exists()


def test_a_new_birth_date_brings_its_birthday_and_a_new_birthday_ends_the_date(app: Client) -> None:
    _, dated = send(app, "patch", "", birth_date="1915-12-10")
    _, moved = send(app, "patch", "", birth_day=11)

    assert (dated["birth_month"], dated["birth_day"]) == (12, 10)
    assert (moved["birth_date"], moved["birth_month"], moved["birth_day"]) == (None, 12, 11)


@pytest.mark.parametrize(
    ("door", "body", "code"),
    [
        ("", {"birth_month": 2, "birth_day": 30}, "birthday_not_valid"),
        ("", {"phone": "+12125550100"}, "invalid_input"),
        ("", {"language": "en us"}, "invalid_input"),
        ("/preferences", {"quiet_from": "22:00"}, "preference_not_valid"),
        ("/preferences", {"quiet_from": "22:00:30", "quiet_until": "08:00"}, "invalid_input"),
        ("/preferences", {"quiet_from": "24:00", "quiet_until": "08:00"}, "invalid_input"),
        ("/preferences", {"timezone": "Mars/Olympus"}, "preference_not_valid"),
        ("/preferences", {"frequency": "hourly"}, "invalid_input"),
        ("/preferences", {"interests": [""]}, "invalid_input"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_changes(app: Client, door: str, body: dict, code: str) -> None:
    before = app.get("/api/v1/me").content

    status, problem = send(app, "patch", door, **body)

    assert (status, problem["code"]) == (422, code)
    assert app.get("/api/v1/me").content == before


def test_a_change_can_insist_on_what_was_read(app: Client) -> None:
    etag = app.get("/api/v1/me").headers["ETag"]
    change = {"content_type": "application/json", "headers": {"if-match": etag}}

    assert app.patch("/api/v1/me", {"language": "en"}, **change).status_code == 200
    assert app.patch("/api/v1/me", {"language": "fa"}, **change).status_code == 412
    assert app.get("/api/v1/me").json()["language"] == "en"


def test_what_is_known_need_not_be_sent_again(app: Client) -> None:
    etag = app.get("/api/v1/me").headers["ETag"]

    answer = app.get("/api/v1/me", headers={"if-none-match": etag})

    assert (answer.status_code, answer.content) == (304, b"")


def test_wishes_are_changed_one_by_one(app: Client, ada: Member) -> None:
    send(app, "patch", "/preferences", interests=["tea"], quiet_from="22:00", quiet_until="08:30:00")
    status, wishes = send(app, "patch", "/preferences", frequency="weekly", preferred_channel="email")

    assert status == 200
    assert wishes["interests"] == ["tea"]
    assert (wishes["quiet_from"], wishes["quiet_until"]) == ("22:00", "08:30")
    assert (wishes["frequency"], wishes["preferred_channel"]) == ("weekly", "email")
    assert Preference.objects.get().member_id == ada.pk


def test_consent_holds_at_once_and_its_evidence_stays(app: Client, ada: Member) -> None:
    door = "/consents/email/marketing"
    status, given = send(app, "put", door, is_given=True, text_version="2026-01")
    send(app, "put", door, is_given=True, text_version="2026-01")
    _, withdrawn = send(app, "put", door, is_given=False)

    assert (status, given["is_given"], withdrawn["is_given"]) == (200, True, False)
    assert Consent.objects.get().is_given is False
    said = ConsentEvent.objects.order_by("pk").values_list("is_given", "source", "text_version", "actor")
    actor = f"member:{ada.pk}"
    assert list(said) == [
        (True, "app", "2026-01", actor),
        (True, "app", "2026-01", actor),
        (False, "app", "", actor),
    ]
    announced = Event.objects.filter(name="members.consent_changed").order_by("pk")
    assert [event.payload["is_given"] for event in announced] == [True, False]


def test_each_consent_says_why_it_is_asked_and_how_it_came_to_be(
    app: Client, ada: Member, integration: Client
) -> None:
    send(app, "patch", "", language="zh-TW")
    door = "/consents/email/points"
    send(app, "put", door, is_given=True, text_version="2026-01")
    send(app, "put", door, is_given=False)

    asked = {
        (one["channel"], one["purpose"]): one for one in app.get("/api/v1/me/consents").json()["results"]
    }
    assert len(asked) == 35
    assert asked["email", "points"]["changed_at"] is not None
    assert (asked["sms", "points"]["is_given"], asked["sms", "points"]["changed_at"]) == (False, None)
    assert asked["sms", "points"]["why"] == "在點數到期前與升等時通知您。"
    own = app.get(f"/api/v1/me{door}").json()
    assert (own["member"], own["is_given"], own["why"]) == (ada.ref, False, asked["sms", "points"]["why"])
    words = [
        (one["is_given"], one["source"], one["text_version"], one["written_by"]) for one in own["evidence"]
    ]
    assert words == [(True, "app", "2026-01", "member"), (False, "app", "", "member")]
    proof = integration.get(f"/api/v1/members/{ada.ref}{door}").json()
    assert proof["evidence"] == own["evidence"]
    assert proof["why"] == "To tell you before points run out, and when you reach a new tier."
    assert integration.get(f"/api/v1/members/{ada.ref}/consents/email/surveys").json()["evidence"] == []
    assert integration.get(f"/api/v1/members/{ada.ref}/consents/email/fun").status_code == 404
    assert app.get("/api/v1/me/preferences").json() == app.get("/api/v1/me").json()["preferences"]


@pytest.mark.parametrize("door", ["/consents/pigeon/marketing", "/consents/email/fun"])
def test_unknown_channels_and_purposes_are_not_found(app: Client, door: str) -> None:
    assert send(app, "put", door, is_given=True)[0] == 404
    assert not ConsentEvent.objects.exists()
