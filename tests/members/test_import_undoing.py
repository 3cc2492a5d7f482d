"""Undoing imports: what nobody touched goes back, what somebody did or said since stays."""

from datetime import datetime, timedelta

import pytest

from config.outbox.delivery import deliver_due
from config.outbox.models import Delivery
from members.models import Consent, ConsentEvent, Member, MemberImport, Preference
from members.queries.imports import list_staying
from members.rules.consents import Channel, ConsentWord, Purpose
from members.services import import_undoing
from members.services.consents import record_consents
from members.services.imports import undo_import
from members.services.preference_page import withdraw_everything
from members.services.profiles import change_member
from tests.members.factories import NOW, MemberFactory
from tests.members.importing import applied, undone, uploaded, worked_on

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("exports_folder")]
LATER = NOW + timedelta(hours=1)


def test_undoing_takes_back_what_nobody_touched_and_lists_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_undoing, "MEMBERS_PER_CHUNK", 2)
    later = NOW + timedelta(hours=1)
    ada = MemberFactory(phone="+12125550142", given_name="Augusta", family_name="Byron", consents=())
    bob = MemberFactory(email="bob@example.com", given_name="Bob", family_name="B")
    rows = (
        "phone,email,given_name,family_name,consent_sms_marketing\n"
        "+12125550142,ada@example.com,Ada,King,yes\n"
        ",bob@example.com,Bobby,Brown,\n"
        ",eve@example.com,Eve,Untouched,yes\n"
        ",max@example.com,Max,Wishes,\n"
        ",joe@example.com,Joe,Renamed,\n"
    )
    batch = applied(uploaded(rows, known="overwrite", consent_text="form-7"))
    assert batch.counts == {"changed": 2, "enrolled": 3}
    eve, wishes, joe = (Member.objects.get(given_name=name) for name in ("Eve", "Max", "Joe"))
    Preference.objects.create(member=wishes, changed_at=later)
    change_member(joe.pk, changes={"given_name": "Joseph"}, source="app", now=later)
    change_member(bob.pk, changes={"family_name": "Black"}, source="app", now=later)

    batch = undone(batch, later)

    assert (batch.state, batch.undone_counts) == ("undone", {"gone": 1, "stays": 2, "back": 1, "partly": 1})
    eve.refresh_from_db(), ada.refresh_from_db(), bob.refresh_from_db()
    assert (eve.state, eve.family_name, eve.identities.count(), eve.consents.count()) == ("erased", "", 0, 0)
    assert (ada.given_name, ada.family_name) == ("Augusta", "Byron")
    assert not ada.identities.filter(kind="email").exists()
    assert not Consent.objects.get(member=ada).is_given
    assert list(
        ConsentEvent.objects.filter(member=ada).order_by("pk").values_list("evidence", flat=True)
    ) == [
        f"{batch.ref} row 2",
        f"{batch.ref} undone",
    ]
    assert (bob.given_name, bob.family_name) == ("Bob", "Black")
    stays = {one.member_id: one.stays for one in list_staying(batch.pk, limit=10)}
    assert stays[bob.pk] == "Family name"
    assert "preference" in stays[wishes.pk]
    assert stays[joe.pk]
    again = applied(uploaded(rows.replace("Eve", "Eva"), known="leave", consent_text="form-7"))
    assert again.counts == {"same": 4, "enrolled": 1}


def test_undoing_waits_while_news_is_on_its_way() -> None:
    batch = applied(uploaded("email\neve@example.com\n"))
    undo_import(batch.pk, actor="staff:3", now=NOW)

    assert Delivery.objects.exists()
    assert worked_on(batch).state == "undoing"
    while deliver_due(now=NOW):
        pass
    assert worked_on(batch).state == "undone"


def say(member: Member, *, is_given: bool, at: datetime, now: datetime | None = None) -> None:
    word = ConsentWord(channel=Channel.EMAIL, purpose=Purpose.MARKETING, is_given=is_given)
    record_consents(member.pk, [word], source="web", actor="member:1", happened_at=at, now=now or at)


def asking_no(member: Member) -> MemberImport:
    """An import that takes back the yes of a member."""
    say(member, is_given=True, at=NOW - timedelta(days=2))
    batch = applied(uploaded("email,consent_email_marketing\nada@example.com,no\n", known="fill"))
    assert not Consent.objects.get(member=member).is_given
    return batch


def test_undoing_gives_a_yes_back_that_nobody_took_back_but_the_import() -> None:
    ada = MemberFactory(email="ada@example.com")

    undone(asking_no(ada), LATER)

    assert Consent.objects.get(member=ada).is_given


def test_undoing_gives_no_yes_back_to_who_said_stop_to_everything_meanwhile() -> None:
    ada = MemberFactory(email="ada@example.com")
    batch = asking_no(ada)

    withdraw_everything(ada.pk, text_version="stop", now=NOW + timedelta(minutes=5))
    batch = undone(batch, LATER)

    assert not Consent.objects.get(member=ada).is_given
    assert batch.undone_counts == {"stays": 1}
    assert ConsentEvent.objects.filter(member=ada).latest("pk").text_version == "stop"


def test_undoing_gives_no_yes_back_to_who_said_no_before_and_was_heard_after() -> None:
    ada = MemberFactory(email="ada@example.com")
    batch = asking_no(ada)

    say(ada, is_given=False, at=NOW - timedelta(days=1), now=NOW + timedelta(minutes=5))
    undone(batch, LATER)

    assert not Consent.objects.get(member=ada).is_given


def test_a_no_that_waits_behind_an_undoing_holds_after_it() -> None:
    """Its moment lies between the import and the undoing, which wrote first."""
    ada = MemberFactory(email="ada@example.com")
    undone(asking_no(ada), LATER)

    say(ada, is_given=False, at=LATER - timedelta(seconds=1))

    assert not Consent.objects.get(member=ada).is_given


@pytest.mark.parametrize("known", ["leave", "fill", "overwrite"])
def test_whom_a_later_import_names_stays_until_that_one_is_undone(known: str) -> None:
    rows = "email,given_name\neve@example.com,Eve\nmax@example.com,Max\n"
    first = applied(uploaded(rows))
    second = applied(uploaded("email\neve@example.com\n", known=known))
    assert second.counts == {"same": 1}

    third = undone(first, LATER)

    assert third.undone_counts == {"gone": 1, "stays": 1}
    (left,) = list_staying(first.pk, limit=10)
    assert (left.stays, left.member.given_name) == ("another import", "Eve")


def test_an_import_that_was_undone_holds_nobody() -> None:
    first = applied(uploaded("email\neve@example.com\n"))
    second = applied(uploaded("email\neve@example.com\n", known="fill"))

    assert undone(second, LATER).undone_counts == {}
    assert undone(first, LATER).undone_counts == {"gone": 1}


def test_what_a_later_import_says_too_stays() -> None:
    ada = MemberFactory(phone="+12125550142", given_name="Augusta", family_name="Byron")
    rows = "phone,email,given_name,family_name\n+12125550142,ada@example.com,Ada,King\n"
    first = applied(uploaded(rows, known="overwrite"))
    again = "phone,email,given_name\n+12125550142,ada@example.com,Ada\n"
    assert applied(uploaded(again, known="overwrite")).counts == {"same": 1}

    first = undone(first, LATER)

    ada.refresh_from_db()
    assert (ada.given_name, ada.family_name) == ("Ada", "Byron")
    assert ada.identities.filter(kind="email").exists()
    assert first.undone_counts == {"partly": 1}
    assert list_staying(first.pk, limit=1)[0].stays == "Given name, E-mail"
