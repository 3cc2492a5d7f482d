"""Every test runs on a real PostgreSQL, as a plain role, and on a real Valkey.

With `DATABASE_URL` (or `BROKER_URL` and `CACHE_URL`) set, on those servers; otherwise on embedded ones that are started
for this run and thrown away after it. One server per run, one database per worker of pytest-xdist.
"""

import os
import re
import signal
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import pytest
from django.conf import settings
from hypothesis import HealthCheck, settings as hypothesis_settings
from pytest_django import Settings

from config.settings import database_from
from tests import servers
from tests.emptying import empty_by_deleting
from tests.processes import Processes

# How fast examples are is no matter of right and wrong, and the machine may be busy.
hypothesis_settings.register_profile("regulars", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("regulars")

TESTS = Path(__file__).parent

ALLOW_TRUNCATE = "-c regulars.allow_truncate=on"
"""Our no-TRUNCATE triggers honour this, so that tests with real transactions can clean up after themselves."""


def pytest_configure(config: pytest.Config) -> None:
    is_xdist_worker = hasattr(config, "workerinput")
    if not is_xdist_worker:
        signal.signal(signal.SIGTERM, _stop_in_order)
        _start_servers(config)
    _use_servers()
    empty_by_deleting()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What starts whole shops begins first: otherwise one worker waits for the other's longest at the end."""
    long = (TESTS / "stories", TESTS / "stack")
    items.sort(key=lambda item: not any(item.path.is_relative_to(folder) for folder in long))


def _stop_in_order(_number: int, _frame: object) -> None:
    pytest.exit("ended by SIGTERM", returncode=143)


def _start_servers(config: pytest.Config) -> None:
    """Start what the environment does not name, and tell the workers by the environment."""
    tests_home = Path(settings.HOME) / "test"
    servers.remove_leftovers(tests_home)
    run = servers.RunFolder(tests_home)
    config.add_cleanup(run.throw_away)
    os.environ["REGULARS_TEST_FOLDER"] = str(run.path)
    if "DATABASE_URL" not in os.environ:
        postgres = servers.start_postgres(run)
        config.add_cleanup(postgres.stop)
        os.environ["DATABASE_URL"] = postgres.url()
        os.environ["REGULARS_TEST_SERVER_IS_OURS"] = "1"
        if servers.has_template(postgres):
            os.environ["REGULARS_TEST_TEMPLATE"] = servers.TEMPLATE
    if "BROKER_URL" not in os.environ:
        valkey = servers.start_valkey(run)
        config.add_cleanup(valkey.stop)
        os.environ["BROKER_URL"] = valkey.url(0)
        os.environ["CACHE_URL"] = valkey.url(1)


def _use_servers() -> None:
    """Point Django at the servers. Settings were read before this file, so they are changed in place."""
    database = settings.DATABASES["default"]
    wanted = database_from(os.environ["DATABASE_URL"])
    database.update({name: wanted[name] for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT")})
    database["OPTIONS"]["options"] = ALLOW_TRUNCATE
    database.setdefault("TEST", {})["TEMPLATE"] = os.environ.get("REGULARS_TEST_TEMPLATE")
    settings.BROKER_URL = settings.CELERY_BROKER_URL = os.environ["BROKER_URL"]
    settings.CACHE_URL = os.environ["CACHE_URL"]
    settings.PASSWORD_HASHERS = ["tests.passwords.QuickArgon2"]
    settings.MESSAGE_FOLDER = Path(os.environ["REGULARS_TEST_FOLDER"]) / "outbox"


@pytest.fixture(scope="session", autouse=True)
def _pages() -> None:
    """All doors and pages from the first test on, as in who serves them, whichever tests run and in which order."""
    import_module(settings.ROOT_URLCONF)


@pytest.fixture
def processes() -> Iterator[Processes]:
    """Starts processes beside the test; none outlives it."""
    made = Processes()
    yield made
    made.end()


@pytest.fixture
def send_codes(settings: Settings, tmp_path: Path) -> Callable[[], str]:
    """Deliver what was asked for, as the relay does; answers the newest code in the folder."""
    from config.outbox.models import Event
    from members.services.sign_in_codes import make_and_send_code

    settings.MESSAGE_FOLDER = tmp_path
    settings.EMAIL_BACKEND = "omnichannel.adapters.files.FileMailBackend"

    def send() -> str:
        event = Event.objects.filter(name="members.sign_in_code_requested").latest("id")
        make_and_send_code(event.payload["request_id"], now=datetime.now(UTC))
        files = sorted(tmp_path.iterdir())
        found = re.findall(r"\b\d{6}\b(?= is your code)", files[-1].read_text()) if files else []
        return found[-1] if found else ""

    return send
