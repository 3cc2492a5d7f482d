"""Real threads on real PostgreSQL: the directory of identities decides who is new."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier

import pytest
from django.db import connection

from config.outbox.models import Event
from members.models import Identity, Member
from members.rules.identities import IdentityClaim, claim
from members.services.enrolment import Enrolled, enrol
from members.services.mass_enrolment import Newcomer, enrol_many
from tests.members.factories import NOW, fictional_phone
from tests.slowly import others_at_it

PHONE, EMAIL = claim("phone", fictional_phone(1)), claim("email", "ada@example.com")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("round_", range(3))
def test_two_who_enrol_one_phone_at_once_get_one_member(round_: int) -> None:
    barrier = Barrier(6)

    def become_member(claims: list[IdentityClaim]) -> Enrolled:
        try:
            barrier.wait()
            return enrol(identities=claims, via="till", actor="test:1", now=NOW)
        finally:
            connection.close()

    claimed = [[PHONE, EMAIL], [EMAIL, PHONE], [PHONE], [PHONE], [PHONE, EMAIL], [PHONE]]
    with ThreadPoolExecutor(6) as threads:
        enrolled = list(threads.map(become_member, claimed))

    assert len({one.member_id for one in enrolled}) == 1
    assert [one.is_new for one in enrolled].count(True) == 1
    assert Member.objects.count() == 1
    assert Identity.objects.filter(kind="phone").count() == 1
    assert Event.objects.filter(name="members.member_enrolled").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_imports_of_the_same_people_at_once_make_each_member_once() -> None:
    people = [Newcomer(phone=fictional_phone(number)) for number in range(300)]
    barrier = Barrier(2)

    def bring_in(rows: list[Newcomer]) -> list[int]:
        try:
            barrier.wait()
            outcomes = enrol_many(rows, via="import", region="US", actor="test:1", now=NOW)
        finally:
            connection.close()
        return [one.member_id for one in outcomes if isinstance(one, Enrolled)]

    with ThreadPoolExecutor(2) as threads:
        forwards, backwards = threads.map(bring_in, [people, people[::-1]])

    assert forwards == backwards[::-1]
    assert Member.objects.count() == 300
    assert Event.objects.count() == 300


@pytest.mark.django_db(transaction=True)
def test_an_import_outlasts_tills_that_enrol_the_same_people_at_every_attempt() -> None:
    phones = [fictional_phone(number) for number in range(20)]
    become_member = partial(enrol, via="till", actor="test:1", now=NOW)
    tills = [partial(become_member, identities=[claim("phone", phone)]) for phone in reversed(phones[:8])]

    with others_at_it(tills):
        outcomes = enrol_many(
            [Newcomer(phone=phone) for phone in phones], via="import", region="US", actor="test:1", now=NOW
        )

    enrolled = [one.member_id for one in outcomes if isinstance(one, Enrolled)]
    known = Identity.objects.filter(kind="phone").order_by("value").values_list("member_id", flat=True)
    assert enrolled == list(known)
    assert Member.objects.count() == 20
