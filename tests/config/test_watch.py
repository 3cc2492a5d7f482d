"""What operators and machines look at."""

import os
import subprocess
import sys
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from config.ground import clock, health, metrics
from config.ground.jobs import run_job
from config.ground.models import JobRun
from config.ground.shared_counts import share_counts
from config.outbox.models import Delivery, Event
from tests.config.doors import TILL

PROJECT = Path(__file__).resolve().parent.parent.parent
NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture(autouse=True)
def _no_broker(settings: Any) -> None:
    settings.BROKER_URL = NOWHERE


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "look_at_broker", lambda: health.Finding(True, "The broker answers."))


def let_wait(minutes: int, *, attempts: int = 0) -> None:
    moment = clock.now() - timedelta(minutes=minutes)
    event = Event.objects.create(name="tests.late", payload={}, happened_at=moment, recorded_at=moment)
    Delivery.objects.create(event=event, subscriber="tests.late", next_attempt_at=moment, attempts=attempts)


def test_healthz_asks_nobody(client: Client) -> None:
    response = client.get("/healthz")

    assert (response.status_code, response.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_readyz_is_ready_when_all_is_well(client: Client, broker: None) -> None:
    response = client.get("/readyz")

    assert (response.status_code, response.json()["status"]) == (200, "ready")
    assert set(response.json()["checks"]) >= {"database", "broker", "migrations", "relay"}


@pytest.mark.django_db
def test_without_a_broker_we_serve_and_say_so(client: Client) -> None:
    response = client.get("/readyz")

    assert (response.status_code, response.json()["status"]) == (200, "degraded")
    broker = response.json()["checks"]["broker"]
    assert (broker["ok"], "does not answer" in broker["detail"]) == (False, True)


@pytest.mark.django_db
def test_news_that_waits_too_long_is_told(client: Client, broker: None) -> None:
    let_wait(3)

    response = client.get("/readyz")

    relay = response.json()["checks"]["relay"]
    assert (response.status_code, response.json()["status"], relay["ok"]) == (200, "degraded", False)
    assert 180 <= relay["oldest_waiting_s"] < 240


@pytest.mark.django_db
def test_news_that_failed_waits_on_purpose(client: Client, broker: None) -> None:
    let_wait(3, attempts=2)

    assert client.get("/readyz").json()["status"] == "ready"


@pytest.mark.django_db
def test_without_its_database_nothing_is_served(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr("django.db.backends.utils.CursorWrapper.execute", away)

    response = client.get("/readyz")

    assert (response.status_code, response.json()["status"]) == (503, "unready")
    assert set(response.json()["checks"]) == {"database", "broker"}


@pytest.mark.django_db
@pytest.mark.urls("tests.config.doors")
def test_metrics_count_answers_by_door(client: Client) -> None:
    def counted() -> float:
        wanted = 'regulars_door_seconds_count{door="ShowBasket",method="get",status="200"} '
        lines = metrics.exposition().decode().splitlines()
        return float(next((line.removeprefix(wanted) for line in lines if line.startswith(wanted)), "0"))

    before = counted()
    client.get("/api/v1/basket", headers=TILL)

    assert counted() == before + 1


@pytest.mark.django_db
def test_metrics_show_what_waits(client: Client) -> None:
    let_wait(2)

    text = client.get("/metrics").content.decode()

    assert 'regulars_outbox_waiting{subscriber="tests.late"} 1.0' in text
    assert 'regulars_outbox_dead{subscriber="tests.late"} 0.0' in text
    assert 'regulars_outbox_oldest_seconds{subscriber="tests.late"} 1' in text


def test_workers_count_together(tmp_path: Path) -> None:
    """Two workers answer; whoever is scraped tells the sum."""
    code = (
        "import sys; from pathlib import Path; from config.ground.shared_counts import share_counts;"
        "share_counts(Path(sys.argv[1]));"
        "from config.ground import metrics; metrics.observe_answer('Door', 'get', 200, 0.001);"
        "print('ready', flush=True); sys.stdin.read(1); print(metrics.exposition().decode())"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PROMETHEUS")}
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    workers = [subprocess.Popen(command, cwd=PROJECT, env=environment, **pipes) for _ in range(2)]
    assert [worker.stdout.readline() for worker in workers if worker.stdout] == ["ready\n", "ready\n"]
    said = [worker.communicate("x")[0] for worker in workers]

    assert all(
        'regulars_door_seconds_count{door="Door",method="get",status="200"} 2.0' in text for text in said
    )


def test_counts_of_a_server_that_is_gone_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    gone, living = tmp_path / "counter_999999999.db", tmp_path / f"counter_{os.getppid()}.db"
    gone.touch()
    living.touch()

    share_counts(tmp_path)
    assert gone.exists()

    living.unlink()
    share_counts(tmp_path)
    assert not gone.exists()


@pytest.mark.django_db
def test_a_run_that_failed_stays_visible() -> None:
    now = clock.now()
    run = ExitStack()
    progress = run.enter_context(run_job("tests.count", now))
    progress.expect(3)
    progress.advance(2)
    run.callback(int, "three")
    with pytest.raises(ValueError, match="three"):
        run.close()
    with run_job("tests.add", now) as progress:
        progress.advance(5)
        progress.note("all of them")

    failed, finished = JobRun.objects.order_by("pk")
    assert (failed.state, failed.done, failed.total) == ("failed", 2, 3)
    assert failed.detail == "ValueError: invalid literal for int() with base 10: 'three'"
    assert (finished.state, finished.done, finished.detail) == ("finished", 5, "all of them")
    assert finished.finished_at is not None


def test_the_front_door_leads_to_the_admin(client: Client) -> None:
    answer = client.get("/")

    assert (answer.status_code, answer["Location"]) == (302, "/admin/")
