"""Consent: the newest word holds, every word stays, and a link in a message is enough to say no."""

from datetime import datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from members.models import Consent, ConsentEvent, Member
from members.queries.consents import consenting
from members.rules.consents import Channel, ConsentWord, Purpose
from members.services.consents import record_consents
from members.services.unsubscribing import Subscription, unsubscribe_token
from tests.members.factories import NOW, MemberFactory

pytestmark = pytest.mark.django_db


def say(member: Member, is_given: bool, *, at: datetime = NOW, channel: Channel = Channel.EMAIL) -> None:
    word = ConsentWord(channel=channel, purpose=Purpose.MARKETING, is_given=is_given)
    record_consents(member.pk, [word], source="app", actor="test:1", happened_at=at, now=NOW)


def allows(member: Member) -> bool:
    return consenting([member.pk], "email", "marketing") == {member.pk}


@pytest.fixture
def ada() -> Member:
    return MemberFactory()


def test_without_a_word_the_answer_is_no(ada: Member) -> None:
    assert not allows(ada)


def test_those_who_allow_are_told_from_those_who_do_not(ada: Member) -> None:
    bob, eve = MemberFactory(), MemberFactory()
    say(ada, True)
    say(bob, False)
    say(eve, True, channel=Channel.SMS)

    assert consenting([ada.pk, bob.pk, eve.pk], "email", "marketing") == {ada.pk}


def test_a_word_that_arrives_late_changes_nothing_and_is_kept(ada: Member) -> None:
    say(ada, False, at=NOW)
    say(ada, True, at=NOW - timedelta(days=1))

    assert not allows(ada)
    assert ConsentEvent.objects.count() == 2
    assert Consent.objects.count() == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE members_consentevent SET is_given = false",
        "DELETE FROM members_consentevent",
    ],
)
def test_evidence_is_never_changed_or_deleted(ada: Member, statement: str) -> None:
    say(ada, True)

    with (
        pytest.raises(DatabaseError, match="Cannot"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)

    assert ConsentEvent.objects.get().is_given


def test_evidence_is_never_emptied_away(ada: Member) -> None:
    say(ada, True)

    with (
        pytest.raises(DatabaseError, match="kept for good"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "SET CONSTRAINTS ALL IMMEDIATE; SET LOCAL regulars.allow_truncate = off;"
            "TRUNCATE members_consentevent"
        )

    assert ConsentEvent.objects.count() == 1


def link_of(member: Member) -> str:
    return "/u/" + unsubscribe_token(Subscription(member.ref, Channel.EMAIL, Purpose.MARKETING))


@pytest.mark.parametrize("method", ["get", "head"])
def test_a_scanner_that_follows_the_link_changes_nothing(ada: Member, method: str) -> None:
    say(ada, True)

    answer = getattr(Client(), method)(link_of(ada))

    assert answer.status_code == 200
    assert allows(ada)
    assert ConsentEvent.objects.count() == 1


def test_one_click_takes_consent_back(ada: Member) -> None:
    say(ada, True, at=NOW)
    mail_provider = Client(enforce_csrf_checks=True)

    for _ in range(2):
        answer = mail_provider.post(link_of(ada), {"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200

    assert not allows(ada)
    assert ConsentEvent.objects.latest("pk").source == "unsubscribe_link"


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_link_that_was_changed_does_nothing(ada: Member, method: str) -> None:
    say(ada, True)

    answer = getattr(Client(), method)(link_of(ada)[:-1])

    assert answer.status_code == 404
    assert allows(ada)
