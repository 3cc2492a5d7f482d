"""Signing in: the password, the code, and the door that closes (NEVER 31)."""

from datetime import timedelta

import pytest
import time_machine
from axes.models import AccessAttempt, AccessLog
from django.conf import settings
from django.contrib import admin
from django.test import Client

from config.ground import clock
from config.staff.roles import ADMINISTRATOR, CASHIER
from config.staff.site import RegularsSite, site
from tests.config.staff import StaffFactory, code_of, give_password, in_role, is_inside, with_app

pytestmark = pytest.mark.django_db


def test_the_admin_site_in_use_is_ours() -> None:
    client = Client()
    page = client.get("/admin/login/")

    assert type(admin.site._wrapped) is RegularsSite
    assert site is admin.site
    assert page.status_code == 200
    assert page.resolver_match.func.__module__ == "config.staff.site"


def test_a_password_is_enough_for_who_has_no_second_factor_and_needs_none(client: Client) -> None:
    answer = give_password(client, StaffFactory())

    assert (answer.status_code, answer["Location"]) == (302, "/admin/")
    assert is_inside(client)
    assert AccessLog.objects.count() == 1


def test_a_password_alone_never_signs_in_who_has_a_device(client: Client) -> None:
    person = StaffFactory(is_superuser=True)
    with_app(person)

    answer = give_password(client, person)

    assert (answer.status_code, answer["Location"]) == (302, "/admin/sign-in/code/")
    assert not is_inside(client)
    assert "_auth_user_id" not in client.session
    assert AccessLog.objects.count() == 0


def test_a_session_that_skipped_the_code_is_not_let_in(client: Client) -> None:
    person = StaffFactory(is_superuser=True)
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    assert is_inside(client)

    with_app(person)

    assert client.get("/admin/")["Location"] == "/admin/login/?next=/admin/"
    assert client.get("/admin/login/")["Location"] == "/admin/sign-in/code/"
    assert client.get("/admin/staff/staff/").status_code == 302
    assert client.get("/admin/second-factor/")["Location"] == "/admin/sign-in/code/"


@pytest.mark.parametrize("rights", [{"is_superuser": True}, {"role": ADMINISTRATOR}])
def test_where_it_is_required_an_administrator_without_a_device_must_set_one_up_first(
    client: Client, settings: settings, rights: dict[str, object]
) -> None:
    settings.REGULARS_REQUIRE_SECOND_FACTOR = True
    person = in_role(ADMINISTRATOR) if "role" in rights else StaffFactory(is_superuser=True)

    answer = give_password(client, person)

    assert answer["Location"] == "/admin/second-factor/"
    assert not is_inside(client)
    assert "Your role needs a second factor" in client.get("/admin/second-factor/").content.decode()


def test_where_it_is_required_others_may_go_without(client: Client, settings: settings) -> None:
    settings.REGULARS_REQUIRE_SECOND_FACTOR = True

    give_password(client, in_role(CASHIER))

    assert is_inside(client)


def test_the_code_after_the_password_signs_in_and_goes_where_one_wanted(client: Client) -> None:
    person = StaffFactory(is_superuser=True)
    with_app(person)
    client.post(
        "/admin/login/",
        {"username": person.username, "password": "oolong-before-noon", "next": "/admin/staff/staff/"},
    )

    answer = client.post("/admin/sign-in/code/", {"code": code_of(person)})

    assert (answer.status_code, answer["Location"]) == (302, "/admin/staff/staff/")
    assert is_inside(client)
    assert AccessLog.objects.count() == 1


def test_nobody_is_sent_to_another_house_after_signing_in(client: Client) -> None:
    person = StaffFactory()
    with_app(person)
    client.post(
        "/admin/login/",
        {"username": person.username, "password": "oolong-before-noon", "next": "https://elsewhere.example/"},
    )

    assert client.post("/admin/sign-in/code/", {"code": code_of(person)})["Location"] == "/admin/"


def test_a_code_is_good_once(client: Client) -> None:
    person = StaffFactory()
    with_app(person)
    code = code_of(person)
    give_password(client, person)
    client.post("/admin/sign-in/code/", {"code": code})
    other = Client()
    give_password(other, person)

    assert other.post("/admin/sign-in/code/", {"code": code}).status_code == 422
    assert not is_inside(other)


def test_a_recovery_code_signs_in_once(client: Client) -> None:
    person = StaffFactory()
    first, *_ = with_app(person)
    give_password(client, person)
    assert client.post("/admin/sign-in/code/", {"code": first.upper()}).status_code == 302
    other = Client()
    give_password(other, person)

    assert other.post("/admin/sign-in/code/", {"code": first}).status_code == 422
    assert not is_inside(other)


def test_the_door_does_not_stay_open_for_the_code(client: Client) -> None:
    person = StaffFactory()
    with_app(person)
    give_password(client, person)

    with time_machine.travel(clock.now() + timedelta(minutes=11)):
        answer = client.post("/admin/sign-in/code/", {"code": code_of(person)})

    assert answer["Location"] == "/admin/login/"
    assert not is_inside(client)


def test_the_code_page_says_nothing_to_who_gave_no_password(client: Client) -> None:
    assert client.get("/admin/sign-in/code/")["Location"] == "/admin/login/"


def test_five_wrong_passwords_close_the_door_even_for_the_right_one(client: Client) -> None:
    person = StaffFactory()
    answers = [give_password(client, person, "guess").status_code for _ in range(5)]

    answer = give_password(client, person)

    assert answers == [200, 200, 200, 200, 429]
    assert answer.status_code == 429
    assert "Too many attempts" in answer.content.decode()
    assert "for 15 minutes" in " ".join(answer.content.decode().split())
    assert not is_inside(client)


def test_wrong_codes_close_the_door_as_wrong_passwords_do(client: Client) -> None:
    person = StaffFactory()
    with_app(person)
    give_password(client, person)
    answers = [client.post("/admin/sign-in/code/", {"code": "000000"}).status_code for _ in range(5)]

    assert answers == [422, 422, 422, 422, 429]
    assert AccessAttempt.objects.get().failures_since_start == 5
    assert give_password(client, person).status_code == 429
    assert client.get("/admin/sign-in/code/")["Location"] == "/admin/login/"


def test_the_door_opens_again_by_itself(client: Client) -> None:
    person = StaffFactory()
    for _ in range(5):
        give_password(client, person, "guess")

    with time_machine.travel(clock.now() + timedelta(minutes=16)):
        assert give_password(client, person).status_code == 302


def test_who_left_does_not_come_in(client: Client) -> None:
    assert give_password(client, StaffFactory(is_active=False)).status_code == 200
    assert give_password(client, StaffFactory(is_staff=False)).status_code == 200
    assert not is_inside(client)
