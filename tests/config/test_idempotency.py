"""A write that is sent twice happens once, and answers the same."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client

from config.ground import clock, services
from config.ground.api.idempotency import Sent, carry_out_once
from config.ground.models import IdempotencyKey, JobRun
from config.ground.tasks import forget
from tests.config.doors import OTHER_TILL, TILL, SlowNote

pytestmark = [pytest.mark.urls("tests.config.doors")]

BASKET = {"name": "morning"}


def post(
    body: Any, *, key: str | None = "k1", door: str = "/api/v1/runs", caller: dict[str, str] = TILL
) -> Any:
    headers = caller if key is None else caller | {"Idempotency-Key": key}
    return Client().post(door, body, content_type="application/json", headers=headers)


def in_another_connection(body: Any, **more: Any) -> Any:
    try:
        return post(body, **more)
    finally:
        connections.close_all()


@pytest.mark.django_db
class TestInTurn:
    def test_the_same_request_is_answered_the_same_and_done_once(self) -> None:
        first, second = post(BASKET), post(BASKET)

        assert (first.status_code, first.content) == (second.status_code, second.content)
        assert (first.get("Idempotent-Replayed"), second["Idempotent-Replayed"]) == (None, "true")
        assert JobRun.objects.count() == 1

    def test_the_same_key_for_another_request_is_refused(self) -> None:
        post(BASKET)

        for other in (post({"name": "evening"}), post(BASKET, door="/api/v1/runs/once")):
            assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
        assert JobRun.objects.count() == 1

    def test_another_key_is_another_request(self) -> None:
        assert post(BASKET).json() != post(BASKET, key="k2").json()
        assert JobRun.objects.count() == 2

    def test_keys_of_two_callers_are_not_the_same(self) -> None:
        post(BASKET)

        assert post(BASKET, caller=OTHER_TILL).status_code == 201
        assert JobRun.objects.count() == 2

    def test_a_refusal_is_not_remembered(self) -> None:
        assert post({"name": "refuse"}).status_code == 409

        assert not IdempotencyKey.objects.exists()
        assert post(BASKET).status_code == 201

    def test_a_key_is_required_where_the_door_insists(self) -> None:
        response = post(BASKET, key=None, door="/api/v1/runs/once")

        assert (response.status_code, response.json()["code"]) == (400, "idempotency_key_required")
        assert not JobRun.objects.exists()
        assert post(BASKET, door="/api/v1/runs/once").status_code == 201

    def test_without_a_key_each_request_counts(self) -> None:
        post(BASKET, key=None)
        post(BASKET, key=None)

        assert JobRun.objects.count() == 2
        assert not IdempotencyKey.objects.exists()

    @pytest.mark.parametrize("key", ["", "k" * 256, "schlüssel", "a\tb"])
    def test_a_key_is_1_to_255_printable_characters(self, key: str) -> None:
        response = post(BASKET, key=key)

        assert (response.status_code, response.json()["code"]) == (422, "invalid_input")
        assert not JobRun.objects.exists()

    def test_sql_remembers_once_and_says_so(self) -> None:
        def remember(body: str) -> bool:
            with connection.cursor() as cursor:
                arguments = ["key:1", "k", b"f", 201, body, clock.now()]
                cursor.execute("SELECT ground_remember(%s, %s, %s, %s, %s, %s)", arguments)
                return bool(cursor.fetchone()[0])

        assert [remember("first"), remember("second")] == [True, False]
        assert IdempotencyKey.objects.get().body == "first"

    def test_answers_are_forgotten_after_30_days(self) -> None:
        now = clock.now()
        for days in (29, 31, 400):
            recorded_at = now - timedelta(days=days)
            IdempotencyKey.objects.create(
                caller="key:1", key=str(days), fingerprint=b"", status=201, body="", recorded_at=recorded_at
            )

        assert services.forget_old_answers(now=now, limit=1) == 1
        assert forget() == 1
        assert [kept.key for kept in IdempotencyKey.objects.all()] == ["29"]


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    @pytest.fixture(autouse=True)
    def _fresh_signals(self) -> Iterator[None]:
        SlowNote.entered.clear()
        SlowNote.may_end.clear()
        yield
        SlowNote.may_end.set()

    def test_a_request_in_flight_is_not_begun_again(self) -> None:
        slow = {"name": "wait"}
        with ThreadPoolExecutor(1) as pool:
            first = pool.submit(in_another_connection, slow, door="/api/v1/runs/slow")
            assert SlowNote.entered.wait(10)

            second = post(slow, door="/api/v1/runs/slow")
            SlowNote.may_end.set()

            assert (second.status_code, second.json()["code"]) == (409, "idempotency_in_flight")
            assert first.result().status_code == 201
        assert post(slow, door="/api/v1/runs/slow")["Idempotent-Replayed"] == "true"
        assert JobRun.objects.count() == 1

    def test_of_twelve_at_once_one_does_the_work(self) -> None:
        with ThreadPoolExecutor(12) as pool:
            answers = list(pool.map(lambda _: in_another_connection(BASKET), range(12)))

        assert {answer.status_code for answer in answers} <= {201, 409}
        assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
        assert JobRun.objects.count() == 1

    def test_an_answer_that_fails_to_be_kept_undoes_the_work(self) -> None:
        """The work and its answer are one transaction: neither stays without the other."""
        from django.db import DatabaseError
        from django.http import HttpResponse

        def work() -> HttpResponse:
            JobRun.objects.create(name="done", started_at=clock.now())
            return HttpResponse(b"\0", status=201)

        with pytest.raises((DatabaseError, ValueError)):
            carry_out_once(Sent("key:1", "k", b"f"), work)
        assert not JobRun.objects.exists()
