"""Enrolling in bulk: an outcome for each row, a fixed number of statements, safe to repeat."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from config.ground.refusals import Refusal
from config.outbox.models import Event
from members.models import Consent, ConsentEvent, Identity, Member
from members.rules.consents import Channel, ConsentWord, Purpose
from members.services.enrolment import Enrolled
from members.services.mass_enrolment import Newcomer, Outcome, enrol_many
from tests.members.factories import NOW, MemberFactory, fictional_phone

pytestmark = pytest.mark.django_db
YES = ConsentWord(channel=Channel.EMAIL, purpose=Purpose.MARKETING, is_given=True, text_version="2019")


def bring_in(rows: list[Newcomer]) -> list[Outcome]:
    return enrol_many(rows, via="import", region="US", programme_code="tea", actor="staff:1", now=NOW)


def told(outcomes: list[Outcome]) -> list[str]:
    """new, known, or the code of the refusal."""
    return [one.code if isinstance(one, Refusal) else ("new" if one.is_new else "known") for one in outcomes]


def test_each_row_has_its_outcome() -> None:
    ada, bob = MemberFactory(phone="+12125550142"), MemberFactory(email="bob@example.com")

    outcomes = bring_in(
        [
            Newcomer(phone="(305) 555-0101", email="Eve@example.com"),
            Newcomer(phone="212 555 0142"),
            Newcomer(email="eve@example.com"),
            Newcomer(phone="+12125550142", email="bob@example.com"),
            Newcomer(phone="12"),
            Newcomer(given_name="Nobody"),
            Newcomer(card="AB12CD", birth_month=2, birth_day=30),
        ]
    )

    assert told(outcomes) == [
        "new",
        "known",
        "known",
        "identities_of_two_members",
        "identity_not_valid",
        "identity_missing",
        "birthday_not_valid",
    ]
    new, known, same_batch = outcomes[:3]
    assert isinstance(new, Enrolled)
    assert isinstance(known, Enrolled)
    assert isinstance(same_batch, Enrolled)
    assert known.member_id == ada.pk
    assert same_batch.member_id == new.member_id
    assert {ada.pk, bob.pk, new.member_id} == set(Member.objects.values_list("pk", flat=True))


def test_a_row_is_written_in_full() -> None:
    long_ago = NOW - timedelta(days=900)

    bring_in(
        [
            Newcomer(
                phone=fictional_phone(7),
                given_name=" Ada ",
                birth_date=date(1915, 12, 10),
                place_code="S12",
                enrolled_at=long_ago,
                consents=(YES,),
            )
        ]
    )

    ada = Member.objects.get()
    assert (ada.given_name, ada.birth_month, ada.birth_day) == ("Ada", 12, 10)
    assert (ada.enrolled_via, ada.enrolled_at_place, ada.enrolled_at) == ("import", "S12", long_ago)
    assert (ada.recorded_at, len(ada.card_secret), ada.state) == (NOW, 32, "active")
    assert set(ada.identities.values_list("kind", "source")) == {("phone", "import"), ("card", "house")}
    assert Consent.objects.get().is_given
    assert ConsentEvent.objects.get().text_version == "2019"
    event = Event.objects.get()
    assert (event.member_id, event.happened_at) == (ada.pk, long_ago)
    assert event.payload == {
        "member_ref": ada.ref,
        "via": "import",
        "place_code": "S12",
        "programme_code": "tea",
        "referral_code": "",
    }


def test_running_it_again_changes_nothing() -> None:
    rows = [Newcomer(phone=fictional_phone(number), consents=(YES,)) for number in range(50)]
    first = bring_in(rows)
    tables = (Member, Identity, ConsentEvent, Event)
    before = [table.objects.count() for table in tables]

    again = bring_in(rows)

    assert told(first) == ["new"] * 50
    assert told(again) == ["known"] * 50
    assert [one.member_id for one in again] == [one.member_id for one in first]  # type: ignore[union-attr]
    assert [table.objects.count() for table in tables] == before == [50, 100, 50, 50]


@pytest.mark.parametrize("count", [1, 3, 300])
def test_statements_do_not_depend_on_rows(count: int, django_assert_num_queries: Callable) -> None:
    rows = [Newcomer(phone=fictional_phone(number)) for number in range(count)]

    with django_assert_num_queries(7):
        bring_in(rows)

    assert Member.objects.count() == count


def test_no_rows_are_no_work() -> None:
    assert bring_in([]) == []
