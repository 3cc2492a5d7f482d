"""The page on which people set up, move and give up their second factor."""

import pytest
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.test import Client
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from config.staff import second_factor
from config.staff.errors import CodeDoesNotFit
from config.staff.models import Staff
from config.staff.roles import ADMINISTRATOR
from tests.config.staff import StaffFactory, code_of, give_password, in_role, is_inside, shown_code, with_app

pytestmark = pytest.mark.django_db

PAGE = "/admin/second-factor/"


@pytest.fixture
def person() -> Staff:
    return StaffFactory(is_superuser=True)


@pytest.fixture
def inside(client: Client, person: Staff) -> Client:
    give_password(client, person)
    return client


def secret_of(client: Client) -> str:
    client.get(PAGE)
    secret: str = client.session["staff_new_secret"]
    return secret


def test_setting_up_shows_a_qr_code_and_the_secret_to_type(inside: Client) -> None:
    page = inside.get(PAGE).content.decode()
    spelled = second_factor.spelled(inside.session["staff_new_secret"])

    assert "<svg" in page
    assert spelled[:4] + " " + spelled[4:8] in page


def test_the_right_code_turns_it_on_and_shows_the_recovery_codes_once(inside: Client, person: Staff) -> None:
    secret = secret_of(inside)

    answer = inside.post(PAGE, {"act": "set_up", "code": shown_code(secret)})

    assert answer.status_code == 200
    assert len(answer.context["codes"]) == second_factor.RECOVERY_CODES
    assert TOTPDevice.objects.get(user=person).key == secret
    assert is_inside(inside), "the session that set it up counts as proved"
    assert answer.context["codes"][0] not in inside.get(PAGE).content.decode()
    assert LogEntry.objects.get().change_message == "Set up the second factor."


def test_a_wrong_code_turns_nothing_on(inside: Client, person: Staff) -> None:
    secret_of(inside)

    assert inside.post(PAGE, {"act": "set_up", "code": "000000"}).status_code == 422
    assert second_factor.find_device(person) is None
    assert StaticToken.objects.count() == 0


def test_recovery_codes_are_kept_as_digests_only(person: Staff) -> None:
    codes = with_app(person)

    kept = set(StaticToken.objects.values_list("token", flat=True))

    assert len(kept) == len(codes) == 10
    assert kept.isdisjoint({code.replace("-", "") for code in codes} | set(codes))


def test_one_person_s_code_is_no_good_for_another(person: Staff) -> None:
    other = StaffFactory()
    with_app(person)
    codes = with_app(other)

    with pytest.raises(CodeDoesNotFit):
        second_factor.check_code(person, codes[0])
    assert StaticToken.objects.filter(device__user=other).count() == 10


def test_who_must_have_one_sets_it_up_at_the_door_and_is_in(
    client: Client, person: Staff, settings: settings
) -> None:
    settings.REGULARS_REQUIRE_SECOND_FACTOR = True
    give_password(client, person)

    answer = client.post(PAGE, {"act": "set_up", "code": shown_code(secret_of(client))})

    assert answer.status_code == 200
    assert is_inside(client)


def test_who_stands_at_the_door_with_a_device_is_asked_for_the_code(client: Client, person: Staff) -> None:
    with_app(person)
    give_password(client, person)

    assert client.get(PAGE)["Location"] == "/admin/sign-in/code/"
    assert client.post(PAGE, {"act": "give_up", "code": code_of(person)}).status_code == 302
    assert second_factor.find_device(person) is not None


def proved(client: Client, person: Staff) -> None:
    with_app(person)
    give_password(client, person)
    client.post("/admin/sign-in/code/", {"code": code_of(person)})
    TOTPDevice.objects.update(last_t=-1)


def test_another_phone_takes_its_place_after_the_old_one_was_proved(client: Client, person: Staff) -> None:
    proved(client, person)
    refused = client.post(PAGE, {"act": "set_up", "code": "123456"})
    client.post(PAGE, {"act": "replace", "code": code_of(person)})
    secret = client.session["staff_new_secret"]

    client.post(PAGE, {"act": "set_up", "code": shown_code(secret)})

    assert refused.status_code == 422
    assert TOTPDevice.objects.get(user=person).key == secret
    assert StaticToken.objects.count() == 10


def test_giving_it_up_needs_a_code(client: Client, person: Staff) -> None:
    proved(client, person)

    assert client.post(PAGE, {"act": "give_up", "code": "000000"}).status_code == 422
    assert second_factor.find_device(person) is not None
    TOTPDevice.objects.update(throttling_failure_count=0)
    assert client.post(PAGE, {"act": "give_up", "code": code_of(person)}).status_code == 302
    assert second_factor.find_device(person) is None
    assert StaticToken.objects.count() == 0


def test_who_must_have_one_cannot_give_it_up(client: Client, person: Staff, settings: settings) -> None:
    settings.REGULARS_REQUIRE_SECOND_FACTOR = True
    proved(client, person)

    answer = client.post(PAGE, {"act": "give_up", "code": code_of(person)})

    assert answer.status_code == 422
    assert "cannot be taken away" in answer.content.decode()
    assert second_factor.find_device(person) is not None


def test_new_recovery_codes_replace_the_old_ones(client: Client, person: Staff) -> None:
    proved(client, person)
    before = set(StaticToken.objects.values_list("token", flat=True))

    client.post(PAGE, {"act": "make_codes", "code": code_of(person)})

    after = set(StaticToken.objects.values_list("token", flat=True))
    assert (len(after), before & after) == (10, set())


def test_an_administrator_removes_the_factor_of_a_colleague_and_it_is_noted(inside: Client) -> None:
    colleague = StaffFactory()
    with_app(colleague)

    inside.post("/admin/staff/staff/", {"action": "remove_second_factor", "_selected_action": [colleague.pk]})

    assert second_factor.find_device(colleague) is None
    assert LogEntry.objects.get().change_message == "Removed the second factor."


def test_an_administrator_cannot_do_so_to_who_may_do_more(client: Client, person: Staff) -> None:
    with_app(person)
    give_password(client, in_role(ADMINISTRATOR))

    client.post("/admin/staff/staff/", {"action": "remove_second_factor", "_selected_action": [person.pk]})

    assert second_factor.find_device(person) is not None
    assert LogEntry.objects.count() == 0
