"""What every door does, whoever built it."""

import logging
from typing import Any

import pytest
from django.test import Client

from config.ground.api import limits
from config.ground.api.door import Door
from config.ground.models import JobRun
from tests.config.doors import ANA, OTHER_TILL, REPORTS, TILL, ShowBasket

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.config.doors")]

BASKET = {"name": "morning", "lines": [{"sku": "TEA"}]}


def post(client: Client, body: Any, *, door: str = "/api/v1/runs", **headers: str) -> Any:
    return client.post(door, body, content_type="application/json", headers=TILL | headers)


def problem_of(response: Any, status: int, code: str) -> dict[str, Any]:
    assert (response.status_code, response["Content-Type"]) == (status, "application/problem+json")
    document: dict[str, Any] = response.json()
    assert (document["status"], document["code"]) == (status, code)
    assert document["request_id"] == response["X-Request-Id"]
    assert {"type", "title", "detail"} <= set(document)
    return document


def test_a_caller_with_the_scope_is_let_in(client: Client) -> None:
    response = post(client, BASKET)

    assert response.status_code == 201
    assert response.json() == {"id": JobRun.objects.get().pk, "name": "morning"}


def test_without_a_key_nobody_is_let_in(client: Client) -> None:
    response = client.post("/api/v1/runs", BASKET, content_type="application/json")

    problem_of(response, 401, "not_signed_in")
    assert response["WWW-Authenticate"].startswith("Bearer")
    assert not JobRun.objects.exists()


@pytest.mark.parametrize("door", ["/api/v1/runs/list", "/api/v1/open"])
def test_a_key_nobody_knows_is_refused_even_where_none_is_needed(client: Client, door: str) -> None:
    problem_of(client.get(door, headers={"Authorization": "Bearer rk_made_up"}), 401, "not_signed_in")


def test_a_key_without_the_scope_is_refused(client: Client) -> None:
    response = client.post("/api/v1/runs", BASKET, content_type="application/json", headers=REPORTS)

    problem_of(response, 403, "not_allowed")
    assert not JobRun.objects.exists()


def test_any_one_of_several_scopes_is_enough(client: Client) -> None:
    assert client.get("/api/v1/runs/list", headers=TILL).status_code == 200
    assert client.get("/api/v1/runs/list", headers=REPORTS).status_code == 200
    problem_of(client.get("/api/v1/runs/list", headers=ANA), 403, "not_allowed")


def test_a_scope_may_differ_by_method(client: Client) -> None:
    assert client.get("/api/v1/basket", headers=ANA).status_code == 200
    response = client.put("/api/v1/basket", {"name": "x"}, content_type="application/json", headers=ANA)
    problem_of(response, 403, "not_allowed")


def test_who_asks_about_themselves_is_a_member(client: Client) -> None:
    assert client.get("/api/v1/me", headers=ANA).json() == {"member_id": 7}
    problem_of(client.get("/api/v1/me", headers=TILL), 403, "not_allowed")


def test_a_door_that_forgets_its_scope_is_not_built() -> None:
    with pytest.raises(TypeError, match="must say its scope"):
        type("Forgetful", (Door,), {"get": lambda self, request: None})


def test_a_refusal_is_a_problem_and_writes_nothing(client: Client) -> None:
    response = post(client, BASKET | {"name": "refuse"}, **{"Idempotency-Key": "k"})

    document = problem_of(response, 409, "nothing_left")
    assert (document["detail"], document["spendable"]) == ("Come back tomorrow.", 3)
    assert not JobRun.objects.exists()


def test_a_bug_is_logged_in_full_and_told_without_its_inside(client: Client, caplog: Any) -> None:
    client.raise_request_exception = False

    with caplog.at_level(logging.ERROR):
        response = post(client, BASKET | {"name": "break"})

    document = problem_of(response, 500, "internal_error")
    assert "secret" not in str(document)
    assert "secret inside" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_a_database_that_does_not_answer_is_a_problem_to_try_again(client: Client, caplog: Any) -> None:
    from django.db import transaction

    with transaction.atomic():
        response = client.get("/api/v1/lost")
        transaction.set_rollback(True)

    problem_of(response, 503, "unavailable")
    assert response["Retry-After"] == "1"
    assert "statement timeout" in caplog.text


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/", "/api/v1/by/mem_short", "/api/v1/texts/a%00b"])
def test_a_path_that_no_door_has_is_a_problem_too(client: Client, path: str) -> None:
    problem_of(client.get(path), 404, "not_found")


def test_a_ref_reaches_its_door(client: Client) -> None:
    ref = "mem_01k9w3v7q2f8z6c4x5b1n0m9r8"

    assert client.get(f"/api/v1/by/{ref}").json() == {"ref": ref}


@pytest.mark.parametrize("method", ["get", "head", "put", "delete", "trace"])
def test_a_method_the_door_does_not_know_is_named_with_those_it_does(client: Client, method: str) -> None:
    response = getattr(client, method)("/api/v1/runs", headers=TILL)

    assert response.status_code == 405
    assert response["Allow"] == "OPTIONS, POST"


def test_options_says_the_methods(client: Client) -> None:
    response = client.options("/api/v1/basket", headers=TILL)

    assert (response.status_code, response.content, response["Allow"]) == (
        204,
        b"",
        "GET, HEAD, OPTIONS, PUT",
    )


def test_head_answers_without_a_body(client: Client) -> None:
    response = client.head("/api/v1/basket", headers=TILL)

    assert (response.status_code, response.content) == (200, b"")
    assert response["ETag"] == client.get("/api/v1/basket", headers=TILL)["ETag"]


def test_another_content_type_is_not_taken(client: Client) -> None:
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "application/x-ndjson", ""):
        response = client.post("/api/v1/runs", b'{"name": "x"}', content_type=content_type, headers=TILL)
        problem_of(response, 415, "unsupported_media_type")
    assert not JobRun.objects.exists()


def test_a_charset_beside_the_content_type_is_taken(client: Client) -> None:
    response = client.post(
        "/api/v1/runs", b'{"name": "x"}', content_type="application/json; charset=utf-8", headers=TILL
    )

    assert response.status_code == 201


def test_a_body_over_one_mebibyte_is_not_read(client: Client) -> None:
    just_right = b'{"name": "' + b"x" * (1024 * 1024 - 12) + b'"}'
    assert len(just_right) == 1024 * 1024

    problem_of(post(client, just_right + b" "), 413, "body_too_large")
    assert not JobRun.objects.exists()
    assert post(client, just_right).status_code == 201


def test_a_batch_may_be_larger(client: Client) -> None:
    for size, status in ((2 * 1024 * 1024, 415), (8 * 1024 * 1024 + 1, 413)):
        response = client.post("/api/v1/runs", b" " * size, content_type="application/x-ndjson", headers=TILL)
        assert response.status_code == status


def test_a_body_without_a_length_is_not_taken(client: Client) -> None:
    response = client.generic(
        "POST",
        "/api/v1/runs",
        b"",
        content_type="application/json",
        headers=TILL | {"Transfer-Encoding": "chunked"},
    )

    problem_of(response, 411, "length_required")


@pytest.mark.parametrize(
    ("given", "is_echoed"),
    [
        ("till-7:42", True),
        ("a" * 128, True),
        ("a" * 129, False),
        ("a b", False),
        ("<script>", False),
        ("", False),
    ],
)
def test_a_sane_request_id_is_echoed_and_another_replaced(
    client: Client, given: str, is_echoed: bool
) -> None:
    answered = client.get("/api/v1/open", headers={"X-Request-Id": given})["X-Request-Id"]

    assert (answered == given) is is_echoed
    assert answered


def test_what_the_client_knows_is_not_sent_again(client: Client) -> None:
    etag = client.get("/api/v1/basket", headers=TILL)["ETag"]

    for known in (etag, f'"other", {etag}', f"W/{etag}", "*"):
        response = client.get("/api/v1/basket", headers=TILL | {"If-None-Match": known})
        assert (response.status_code, response.content, response["ETag"]) == (304, b"", etag)
    assert client.get("/api/v1/basket", headers=TILL | {"If-None-Match": '"other"'}).status_code == 200


def test_a_write_may_insist_that_nothing_changed(client: Client) -> None:
    def put(**headers: str) -> Any:
        return client.put(
            "/api/v1/basket", {"name": "new"}, content_type="application/json", headers=TILL | headers
        )

    etag = client.get("/api/v1/basket", headers=TILL)["ETag"]

    assert put(**{"If-Match": etag}).status_code == 200
    assert put().status_code == 200
    problem_of(put(**{"If-Match": '"stale"'}), 412, "precondition_failed")
    assert ShowBasket.kept.name == "kept"


def test_each_answer_says_how_the_limit_stands(client: Client, settings: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(limits, "WINDOW", limits.Window())
    settings.API_CALLS_PER_MINUTE = {"key": 2, "member": 2, "anonymous": 1}

    first = client.get("/api/v1/basket", headers=TILL)
    assert first["RateLimit-Policy"] == '"key";q=2;w=60'
    assert first["RateLimit"].startswith('"key";r=1;t=')
    assert client.get("/api/v1/basket", headers=TILL)["RateLimit"].startswith('"key";r=0;t=')

    refused = client.get("/api/v1/basket", headers=TILL)
    problem_of(refused, 429, "too_many_requests")
    assert 1 <= int(refused["Retry-After"]) <= 60
    assert client.get("/api/v1/basket", headers=OTHER_TILL).status_code == 200


def test_a_window_ends_with_its_minute() -> None:
    window = limits.Window()

    assert [window.count("key:1", at) for at in (60.0, 119.9, 120.0)] == [1, 2, 1]


@pytest.mark.parametrize("size", [10, 5_000_000])
def test_a_body_that_nobody_wants_is_read_past(client: Client, size: int) -> None:
    """Otherwise the server closes the connection, and the client sees that in place of the answer."""
    response = client.post("/api/v1/runs", b"x" * size, content_type="application/json")

    assert response.status_code == (401 if size == 10 else 413)
    assert response.wsgi_request.read(1) == b""
