"""Whether this process can serve, and what else is not as it should be.

A check names one thing and says what it found. Only what a request cannot do without keeps us from serving; what merely
delays (a broker that is away, a relay that lags) is said clearly and leaves the process in service.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import redis
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

BROKER_TIMEOUT_S = 1.0

_log = logging.getLogger("regulars.health")


@dataclass(frozen=True, slots=True)
class Finding:
    """
    :ivar is_well: whether it is as it should be.
    :ivar detail: one sentence for the operator.
    :ivar keeps_from_serving: whether requests fail because of it.
    """

    is_well: bool
    detail: str
    keeps_from_serving: bool = False
    facts: Mapping[str, Any] = field(default_factory=dict)


Check = Callable[[], Finding]
_CHECKS: dict[str, Check] = {}


def add_check(name: str, check: Check) -> None:
    """Have `/readyz` ask this too; for `apps.ready()`."""
    _CHECKS[name] = check


def examine() -> dict[str, Finding]:
    """Everything that is checked, by name. With the database away nothing that needs it is asked."""
    findings = {"database": look_at_database(), "broker": look_at_broker()}
    if findings["database"].is_well:
        findings["migrations"] = look_at_migrations()
        for name, check in _CHECKS.items():
            findings[name] = check()
    return findings


def look_at_database() -> Finding:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
    except Exception as fault:
        _log.warning("The database does not answer: %s", fault)
        return Finding(False, "The database does not answer; nothing can be served.", keeps_from_serving=True)
    return Finding(True, "The database answers.")


def look_at_broker() -> Finding:
    try:
        with redis.Redis.from_url(
            settings.BROKER_URL, socket_timeout=BROKER_TIMEOUT_S, socket_connect_timeout=BROKER_TIMEOUT_S
        ) as broker:
            broker.ping()
    except redis.RedisError as fault:
        _log.warning("The broker does not answer: %s", fault)
        return Finding(
            False,
            "The broker does not answer. Purchases go on and nothing is lost; work that the clock starts comes late.",
        )
    return Finding(True, "The broker answers.")


class _Applied:
    """Remembers that all migrations were seen applied: that does not become untrue under a running process."""

    is_known = False


def look_at_migrations() -> Finding:
    if not _Applied.is_known:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if missing:
            names = [f"{migration.app_label}.{migration.name}" for migration, _ in missing]
            detail = f"{len(missing)} migrations are not applied; run `manage.py migrate`."
            return Finding(False, detail, keeps_from_serving=True, facts={"missing": names[:20]})
        _Applied.is_known = True
    return Finding(True, "All migrations are applied.")
