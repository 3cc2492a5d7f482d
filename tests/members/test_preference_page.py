"""The page of a member's preferences: opened by a signed link, saved as a whole by one form without any script."""

import html
import json
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from config.outbox.models import Event
from members.api.preference_form import PreferenceForm
from members.models import Attribute, Consent, ConsentEvent, Member, Preference
from members.queries.attributes import get_attributes
from members.queries.consents import consenting
from members.queries.preferences import get_preferences
from members.rules.attributes import Eyes
from members.rules.consents import Channel, ConsentWord, Purpose
from members.services.consents import record_consents
from members.services.merging import merge_members
from members.services.preference_links import preferences_url
from members.services.preferences import change_preferences
from tests.members.factories import MemberFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> Member:
    return MemberFactory(email="ada@example.com", language="en")


@pytest.fixture
def visitor() -> Client:
    return Client(enforce_csrf_checks=True)


def link_of(member: Member, now: datetime) -> str:
    return "/preferences/" + preferences_url(member.ref, now=now).rpartition("/")[2]


def say(member: Member, now: datetime, *said: tuple[Channel, Purpose]) -> None:
    words = [ConsentWord(channel=channel, purpose=purpose, is_given=True) for channel, purpose in said]
    record_consents(member.pk, words, source="app", actor="test:1", happened_at=now, now=now)


def filled_in(page: str) -> dict[str, list[str]]:
    """What a browser would send if the form were posted untouched: name -> values."""
    form = page[page.index("<form") : page.index("</form>")]
    sent: dict[str, list[str]] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        told = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        is_off = told.get("type") in ("checkbox", "radio") and " checked" not in tag
        if not is_off and " disabled" not in tag:
            sent.setdefault(told["name"], []).append(html.unescape(told.get("value", "")))
    for name, options in re.findall(r'<select name="([^"]*)".*?>(.*?)</select>', form, flags=re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', options)
        sent[name] = [html.unescape(chosen[1]) if chosen else ""]
    return sent


ABSURD = (
    "\0", "x" * 100_000, "pigeon", "-1", "1e999999", "NaN", "Infinity", "9999-99-99", "0001-01-01", "25:61", "٣",
    "00:00:00.5", "{}", "[]", "null", "<b>", "\u202e", "🫖" * 300, " ",
)  # fmt: skip
ABSURDLY_SHOWN = (
    None,
    5,
    1e300,
    "x",
    [],
    {},
    [[]],
    [{}],
    {"a": 1},
    "pigeon",
    ["pigeon"],
    True,
    [None],
    [5],
    "\0",
)


def test_whatever_is_sent_in_place_of_a_choice_is_refused_or_left_alone(
    ada: Member, now: datetime, visitor: Client
) -> None:
    say(ada, now, (Channel.EMAIL, Purpose.MARKETING))
    for kind, allowed in (("text", []), ("number", []), ("date", []), ("yes_no", []), ("one_of", ["a", "b"])):
        Attribute.objects.create(code=kind, label=kind, purpose="Ours.", kind=kind, allowed=allowed)
    Attribute.objects.create(code="many", label="Many", purpose="Ours.", kind="many_of", allowed=["a", "b"])
    link = link_of(ada, now)
    told = filled_in(visitor.get(link).content.decode())
    names = {
        *told,
        *PreferenceForm.base_fields,
        "about_many",
        "about_yes_no",
        "allow_profiling",
        "stop.",
        "other",
    }
    shown = json.loads(told["shown"][0])

    sent = [told | {name: [value]} for name in sorted(names) for value in ABSURD]
    sent += [told | {name: ["a", "pigeon", ""]} for name in sorted(names)]
    sent += [
        told | {"shown": [json.dumps(shown | {name: value})]}
        for name in sorted({*shown, "other"})
        for value in ABSURDLY_SHOWN
    ]

    statuses = {visitor.post(link, one).status_code for one in sent}
    assert statuses == {303, 422}
    assert set(Consent.objects.values_list("channel", flat=True)) <= set(Channel)


def test_a_member_chooses_everything_on_one_page(ada: Member, now: datetime, visitor: Client) -> None:
    say(ada, now, (Channel.EMAIL, Purpose.MARKETING), (Channel.EMAIL, Purpose.POINTS))
    common: dict[str, Any] = {"purpose": "For your tea.", "seen_by": "member"}
    Attribute.objects.create(code="milk", label="Milk", kind="one_of", allowed=["oat", "soy"], **common)
    Attribute.objects.create(code="teas", label="Teas", kind="many_of", allowed=["green", "black"], **common)
    Attribute.objects.create(code="cups", label="Cups a day", kind="number", **common)
    Attribute.objects.create(
        code="grade", label="Grade", purpose="Ours.", kind="yes_no", is_edited_by_member=False
    )
    link = link_of(ada, now)
    page = visitor.get(link).content.decode()
    assert "<script" not in page
    assert page.count("For your tea.") == 3

    told = filled_in(page) | {
        "allow_marketing": ["sms"],
        "allow_surveys": ["inbox"],
        "frequency": ["weekly"],
        "preferred_channel": ["sms"],
        "quiet_from": ["22:00"],
        "quiet_until": ["08:00"],
        "timezone": ["Asia/Tehran"],
        "interests": ["tea،  cake , tea"],
        "packaging": ["no bag"],
        "language": ["fa"],
        "about_milk": ["oat"],
        "about_teas": ["green", "black"],
        "about_cups": ["2.5"],
        "about_grade": ["yes"],
    }
    answer = visitor.post(link, told)

    assert (answer.status_code, answer.headers["Location"]) == (303, f"{link}?saved=1")
    ada.refresh_from_db()
    assert ada.language == "fa"
    wishes = get_preferences(ada.pk)
    assert (wishes.interests, wishes.packaging, wishes.frequency) == (["tea", "cake"], "no bag", "weekly")
    assert (f"{wishes.quiet_from:%H:%M}", wishes.timezone) == ("22:00", "Asia/Tehran")
    said = get_attributes(ada.pk, eyes=Eyes.MEMBER)
    assert said == {"milk": "oat", "teas": ["green", "black"], "cups": 2.5}
    given = set(Consent.objects.filter(is_given=True).values_list("channel", "purpose"))
    assert given == {("sms", "marketing"), ("inbox", "surveys"), ("email", "points")}
    evidence = ConsentEvent.objects.filter(source="preference_page")
    assert sorted(evidence.values_list("channel", "purpose", "is_given", "text_version", "actor")) == [
        ("email", "marketing", False, "preference-page-1 en", f"member:{ada.pk}"),
        ("inbox", "surveys", True, "preference-page-1 en", f"member:{ada.pk}"),
        ("sms", "marketing", True, "preference-page-1 en", f"member:{ada.pk}"),
    ]

    saved = visitor.get(answer.headers["Location"]).content.decode()
    assert '<html lang="fa" dir="rtl">' in saved
    assert 'role="status"' in saved
    events = Event.objects.count()
    assert visitor.post(link, filled_in(saved)).status_code == 303
    assert Event.objects.count() == events, "an untouched form says nothing"
    assert ConsentEvent.objects.count() == 5


@pytest.mark.parametrize("method", ["get", "head"])
def test_opening_the_link_changes_nothing(ada: Member, now: datetime, visitor: Client, method: str) -> None:
    say(ada, now, (Channel.EMAIL, Purpose.MARKETING))
    events = Event.objects.count()

    answer = getattr(visitor, method)(link_of(ada, now) + "?stop=all&saved=1&frequency=never")

    assert answer.status_code == 200
    assert (Event.objects.count(), ConsentEvent.objects.count(), Preference.objects.count()) == (events, 1, 0)


def test_the_page_names_nobody_and_loads_nothing_from_elsewhere(
    ada: Member, now: datetime, visitor: Client
) -> None:
    answer = visitor.get(link_of(ada, now))
    page = answer.content.decode()

    assert [word for word in (ada.given_name, "Lovelace", "ada@", "+1", ada.ref) if word in page] == []
    policy = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
    assert (policy["default-src"], policy["style-src"], policy["form-action"]) == (
        "'none'",
        "'self'",
        "'self'",
    )
    assert " style=" not in page
    assert (answer.headers["Referrer-Policy"], answer.headers["Cache-Control"]) == ("no-referrer", "no-store")
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    for box in re.findall(r"<(?:input|select)[^>]*>", page):
        told = dict(re.findall(r'([\w-]+)="([^"]*)"', box))
        assert told.get("type") == "hidden" or f'for="{told["id"]}"' in page, box


def test_what_cannot_be_is_said_beside_its_field_and_nothing_is_half_saved(
    ada: Member, now: datetime, visitor: Client
) -> None:
    Attribute.objects.create(code="cups", label="Cups a day", purpose="For tea.", kind="number")
    link = link_of(ada, now)
    told = filled_in(visitor.get(link).content.decode()) | {
        "allow_marketing": ["email"],
        "packaging": ["no bag"],
    }

    for wrong, beside in (
        ({"quiet_from": ["22:00"]}, "id_quiet_until_box"),
        ({"about_cups": ["many"]}, "id_about_cups_box"),
        ({"frequency": ["hourly"]}, "id_frequency_box"),
        ({"interests": ["x" * 65]}, "id_interests_box"),
    ):
        answer = visitor.post(link, told | wrong)
        page = answer.content.decode()
        assert answer.status_code == 422
        assert re.search(rf'id="{beside}"[^>]*>.*?<p class="error"', page, flags=re.DOTALL)
        assert f'<a href="#{beside}">' in page
        assert "Please look again" in page
        assert not Consent.objects.exists()
        assert not Preference.objects.exists()
        again = filled_in(page)
        assert (again["allow_marketing"], again["packaging"]) == (["email"], ["no bag"])
    # What was ticked before the refusal still counts as changed.
    assert visitor.post(link, again | {"interests": ["tea"]}).status_code == 303
    assert consenting([ada.pk], "email", "marketing") == {ada.pk}


def test_an_old_page_in_another_window_undoes_nothing(ada: Member, now: datetime, visitor: Client) -> None:
    say(ada, now, (Channel.EMAIL, Purpose.MARKETING))
    link = link_of(ada, now)
    old = filled_in(visitor.get(link).content.decode())
    assert visitor.post(link, {"stop": "all"}).headers["Location"] == f"{link}?stopped=1"
    change_preferences(ada.pk, {"frequency": "monthly"}, now=now)

    assert visitor.post(link, old | {"packaging": ["no bag"]}).status_code == 303

    assert consenting([ada.pk], "email", "marketing") == set()
    wishes = get_preferences(ada.pk)
    assert (wishes.frequency, wishes.packaging) == ("monthly", "no bag")
    assert "Stop all" not in visitor.get(link).content.decode()


def test_a_link_that_is_not_one_opens_nothing(ada: Member, now: datetime, visitor: Client) -> None:
    say(ada, now, (Channel.EMAIL, Purpose.MARKETING))
    gone = MemberFactory()
    Member.objects.filter(pk=gone.pk).update(state="erased")
    link = link_of(ada, now)
    other = link_of(MemberFactory(), now)
    refused = {
        link[:-1]: "not complete",
        link.partition(":")[0] + other[other.index(":") :]: "not complete",
        link_of(gone, now): "not complete",
        link_of(ada, now - timedelta(days=60, minutes=1)): "has run out",
    }
    for address, words in refused.items():
        for answer in (visitor.get(address), visitor.post(address, {"stop": "all"})):
            assert answer.status_code == 404
            assert words in answer.content.decode()

    assert visitor.get(link_of(ada, now - timedelta(days=59))).status_code == 200
    assert consenting([ada.pk], "email", "marketing") == {ada.pk}


def test_the_link_of_who_was_merged_opens_the_preferences_of_who_stays(
    ada: Member, now: datetime, visitor: Client
) -> None:
    bob = MemberFactory()
    link = link_of(bob, now)
    merge_members(going_id=bob.pk, staying_id=ada.pk, actor="test:1", now=now)

    told = filled_in(visitor.get(link).content.decode()) | {"packaging": ["no bag"]}

    assert visitor.post(link, told).status_code == 303
    assert get_preferences(ada.pk).packaging == "no bag"
    assert not Preference.objects.filter(member_id=bob.pk).exists()
