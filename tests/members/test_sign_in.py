"""Signing in at the door: codes, tokens, and all that must not work."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client

from config.outbox.models import Event
from members.models import AccessToken, Member, RefreshToken, SignIn, SignInCode
from members.tasks import purge_spent_sign_ins
from tests.members.factories import MemberFactory

PHONE, EMAIL = "+12125550142", "ada@example.com"

pytestmark = pytest.mark.django_db


@pytest.fixture
def member() -> Member:
    return MemberFactory(phone=PHONE, email=EMAIL)


def post(door: str, client: Client | None = None, **body: object) -> tuple[int, dict]:
    answer = (client or Client()).post(f"/api/v1/auth/{door}", body, content_type="application/json")
    return answer.status_code, answer.json() if answer.content else {}


def sign_in(send_codes: Callable[[], str], **how: str) -> dict:
    post("code", **how)
    status, tokens = post("token", code=send_codes(), **how)
    assert status == 200
    return tokens


@pytest.mark.parametrize("how", [{"phone": PHONE}, {"phone": "(212) 555-0142"}, {"email": "Ada@Example.com"}])
def test_a_code_by_sms_or_e_mail_signs_in(member: Member, send_codes: Callable[[], str], how: dict) -> None:
    tokens = sign_in(send_codes, **how)

    me = Client(headers={"authorization": f"Bearer {tokens['access_token']}"}).get("/api/v1/me")
    assert me.status_code == 200
    assert me.json()["ref"] == member.ref
    proven = {i["kind"] for i in me.json()["identities"] if i["verified_at"] and i["kind"] != "card"}
    assert proven == set(how)


def test_nothing_that_opens_a_door_is_stored_in_clear(member: Member, send_codes: Callable[[], str]) -> None:
    post("code", phone=PHONE)
    code = send_codes()
    _, tokens = post("token", phone=PHONE, code=code)

    stored = [SignInCode, SignIn, AccessToken, RefreshToken, Event]
    text = repr([list(model.objects.values()) for model in stored])
    assert code not in text
    assert tokens["access_token"] not in text
    assert tokens["refresh_token"] not in text


def test_a_stranger_gets_the_same_answer_and_no_message(
    member: Member, send_codes: Callable[[], str], django_assert_num_queries: Callable
) -> None:
    with django_assert_num_queries(4):
        known = post("code", phone=PHONE)
    with django_assert_num_queries(4):
        stranger = post("code", phone="+13055550199")

    assert known == stranger == (202, {"detail": "If somebody is known by this, a code is on its way."})
    assert send_codes() == ""
    assert post("token", phone="+13055550199", code="000000")[1]["code"] == "code_not_valid"


def test_a_code_works_once(member: Member, send_codes: Callable[[], str]) -> None:
    post("code", phone=PHONE)
    code = send_codes()

    assert post("token", phone=PHONE, code=code)[0] == 200
    assert post("token", phone=PHONE, code=code)[0] == 401
    assert SignIn.objects.count() == 1


def test_only_the_newest_code_works(member: Member, send_codes: Callable[[], str]) -> None:
    post("code", phone=PHONE)
    older = send_codes()
    post("code", phone=PHONE)
    newer = send_codes()

    if older != newer:
        assert post("token", phone=PHONE, code=older)[0] == 401
    assert post("token", phone=PHONE, code=newer)[0] == 200


def test_the_sixth_try_fails_even_with_the_right_code(member: Member, send_codes: Callable[[], str]) -> None:
    post("code", phone=PHONE)
    code = send_codes()
    wrong = f"{(int(code) + 1) % 10**6:06d}"

    tries = [post("token", phone=PHONE, code=wrong)[1]["code"] for _ in range(5)]
    status, problem = post("token", phone=PHONE, code=code)

    assert tries == ["code_not_valid"] * 5
    assert (status, problem["code"]) == (401, "code_not_valid")
    assert SignInCode.objects.get().tries == 5
    assert not SignIn.objects.exists()


def test_a_code_runs_out_after_ten_minutes(member: Member, send_codes: Callable[[], str]) -> None:
    post("code", phone=PHONE)
    code = send_codes()
    SignInCode.objects.update(expires_at=SignInCode.objects.get().requested_at)

    assert post("token", phone=PHONE, code=code)[0] == 401


def test_a_code_belongs_to_its_identity(member: Member, send_codes: Callable[[], str]) -> None:
    MemberFactory(phone="+13055550199")
    post("code", phone=PHONE)

    assert post("token", phone="+13055550199", code=send_codes())[0] == 401


def test_codes_are_limited_per_identity_whether_or_not_it_is_known(member: Member) -> None:
    for phone in (PHONE, "+13055550199"):
        assert [post("code", phone=phone)[0] for _ in range(4)] == [202, 202, 202, 429]
    answer = Client().post("/api/v1/auth/code", {"phone": PHONE}, content_type="application/json")
    assert 1 <= int(answer.headers["Retry-After"]) <= 601


def test_codes_are_limited_per_address() -> None:
    statuses = [post("code", email=f"p{number}@example.com")[0] for number in range(31)]

    assert statuses == [202] * 30 + [429]


@pytest.mark.parametrize(
    "body", [{}, {"phone": PHONE, "email": EMAIL}, {"phone": "12"}, {"email": "x"}, {"phone": PHONE, "x": 1}]
)
def test_exactly_one_identity_is_asked_for(body: dict) -> None:
    assert post("code", **body)[0] == 422
    assert not SignInCode.objects.exists()


def test_refreshing_gives_a_new_pair_and_ends_the_old_token(
    member: Member, send_codes: Callable[[], str]
) -> None:
    first = sign_in(send_codes, phone=PHONE)

    status, second = post("refresh", refresh_token=first["refresh_token"])

    assert status == 200
    assert len({first["access_token"], second["access_token"]}) == 2
    assert len({first["refresh_token"], second["refresh_token"]}) == 2
    assert post("refresh", refresh_token=second["refresh_token"])[0] == 200


def test_a_refresh_token_that_comes_twice_ends_the_sign_in_for_both(
    member: Member, send_codes: Callable[[], str]
) -> None:
    first = sign_in(send_codes, phone=PHONE)
    elsewhere = sign_in(send_codes, email=EMAIL)
    _, second = post("refresh", refresh_token=first["refresh_token"])

    status, problem = post("refresh", refresh_token=first["refresh_token"])

    assert (status, problem["code"]) == (401, "refresh_token_not_valid")
    assert post("refresh", refresh_token=second["refresh_token"])[0] == 401
    assert _opens(second["access_token"]) == 401
    assert _opens(elsewhere["access_token"]) == 200
    assert sorted(SignIn.objects.values_list("ended_because", flat=True)) == ["", "reuse"]


def test_logging_out_ends_every_token_of_the_sign_in(member: Member, send_codes: Callable[[], str]) -> None:
    tokens = sign_in(send_codes, phone=PHONE)
    app = Client(headers={"authorization": f"Bearer {tokens['access_token']}"})

    assert post("logout", app) == (204, {})

    assert _opens(tokens["access_token"]) == 401
    assert post("refresh", refresh_token=tokens["refresh_token"])[0] == 401


@pytest.mark.parametrize("token", ["ra_", "ra_wrong", "rr_wrong", "nothing"])
def test_other_tokens_open_nothing(member: Member, token: str) -> None:
    answer = Client(headers={"authorization": f"Bearer {token}"}).get("/api/v1/me")

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_an_access_token_runs_out_after_a_quarter_of_an_hour(
    member: Member, send_codes: Callable[[], str], now: datetime
) -> None:
    tokens = sign_in(send_codes, phone=PHONE)
    token = AccessToken.objects.get()
    assert timedelta(minutes=14) < token.expires_at - now <= timedelta(minutes=16)

    AccessToken.objects.update(expires_at=now)

    assert _opens(tokens["access_token"]) == 401


def test_a_refresh_token_runs_out_after_sixty_days(member: Member, send_codes: Callable[[], str]) -> None:
    tokens = sign_in(send_codes, phone=PHONE)
    begun = SignIn.objects.get()
    assert begun.expires_at - begun.signed_in_at == timedelta(days=60)

    SignIn.objects.update(expires_at=begun.signed_in_at)

    assert post("refresh", refresh_token=tokens["refresh_token"])[0] == 401
    assert RefreshToken.objects.filter(used_at__isnull=True).count() == 1


def test_an_erased_member_s_tokens_open_nothing(member: Member, send_codes: Callable[[], str]) -> None:
    tokens = sign_in(send_codes, phone=PHONE)

    Member.objects.update(state="erased")

    assert _opens(tokens["access_token"]) == 401


def test_what_ran_out_is_purged_a_day_later(
    member: Member, send_codes: Callable[[], str], now: datetime
) -> None:
    sign_in(send_codes, phone=PHONE)
    assert purge_spent_sign_ins() == 0
    long_ago = now - timedelta(days=2)
    SignInCode.objects.update(expires_at=long_ago)
    SignIn.objects.update(expires_at=long_ago)

    assert purge_spent_sign_ins() == 2

    assert not SignInCode.objects.exists()
    assert not RefreshToken.objects.exists()


def _opens(access_token: str) -> int:
    return Client(headers={"authorization": f"Bearer {access_token}"}).get("/api/v1/me").status_code
