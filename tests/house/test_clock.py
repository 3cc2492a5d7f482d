"""The clock's doors: every tick wakes a task that exists, and no tick depends on when it comes."""

import ast
from datetime import timedelta

from celery import current_app
from django.conf import settings

from tests.house.floorplan import parsed, python_files


def test_every_tick_wakes_a_task_that_exists() -> None:
    current_app.loader.import_default_modules()

    unknown = {tick["task"] for tick in settings.CELERY_BEAT_SCHEDULE.values()} - set(current_app.tasks)

    assert unknown == set()


def test_ticks_are_intervals_that_expire_before_the_next() -> None:
    """A time of day would be missed for good while beat is down; a tick that nobody took must not pile up."""
    for tick in settings.CELERY_BEAT_SCHEDULE.values():
        assert isinstance(tick["schedule"], timedelta)
        assert 0 < tick["options"]["expires"] <= tick["schedule"].total_seconds()


def test_never_32_no_task_waits_in_the_broker_for_its_hour() -> None:
    """A broker hands a task that waits longer than its patience to a second worker: what is due later is a row."""
    put_off = [
        f"{path}:{call.lineno}"
        for path in python_files()
        for call in ast.walk(parsed(path))
        if isinstance(call, ast.Call) and {"countdown", "eta"} & {word.arg for word in call.keywords}
    ]

    assert put_off == []
    assert settings.CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"] >= settings.CELERY_TASK_TIME_LIMIT


def test_tasks_are_named_by_app() -> None:
    current_app.loader.import_default_modules()
    ours = [name for name in current_app.tasks if not name.startswith("celery.")]

    assert {name.split(".")[0] for name in ours} <= {
        "outbox",
        "ground",
        "members",
        "omnichannel",
        "loyalty",
        "campaigns",
    }
