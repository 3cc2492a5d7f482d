"""Orders, watches and stops everything that `make serve` starts.

PostgreSQL and Valkey first, then the tables, then web, relay, worker and beat, which import while the tables are made;
back in the opposite order. The ready line comes when each has shown that it works. A child that dies later is started
again, a few times. Ctrl-C and SIGTERM stop all. After a kill -9 of this process the kernel tells the children to stop,
and the next start ends what is left, by the pids and start times in `stack.json`.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from types import FrameType

from config.stack import services
from config.stack.home import Home
from config.stack.locks import AlreadyHeld, FolderLock
from config.stack.ports import is_free
from config.stack.postgres import FOR_A_SHOP, DidNotStart, Postgres
from config.stack.processes import end_group, spawn
from config.stack.services import PROJECT, Gate, Proof, Service
from config.stack.valkey import Valkey

READY_WITHIN_S = 60
LOOKS_EVERY_S = 0.2
TOLD_WHEN_READY = ("admin_user", "admin_password", "till_key", "integration_key", "demo_member")
"""What the ready line takes from `demo.json`; tills' and shops' scripts rely on these names."""
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class CannotGoOn(Exception):  # noqa: N818 - a state of the world
    """What stands in the way, in words for the person at the terminal."""


class Stopped(Exception):  # noqa: N818 - a wish, not an error
    """Somebody asked us to stop."""


def say(text: str) -> None:
    """A friendly line for the person at the terminal."""
    print(text, flush=True)


class Runner:
    """The local stack in one folder.

    :param folder: data, logs and settings of this stack; made if missing.
    :param port: of the web server, on loopback.
    :param with_demo: whether the demo shop is loaded, once.
    """

    def __init__(self, folder: Path, port: int, *, with_demo: bool) -> None:
        self.home = Home(folder)
        self.port = port
        self.with_demo = with_demo
        self.url = f"http://127.0.0.1:{port}"
        self.services: list[Service] = []
        self.is_asked_to_stop = False
        self.environment = {
            **os.environ,
            "REGULARS_HOME": str(self.home.folder),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PYTHONUNBUFFERED": "1",
        }

    def run(self) -> None:
        """Start everything, say when it is ready, watch, and stop everything.

        :raises CannotGoOn: with the reason; what had been started is stopped by then.
        """
        for number in SIGNALS:
            signal.signal(number, self._note_wish_to_stop)
        lock = FolderLock(self.home.folder)
        try:
            lock.acquire(url=self.url)
        except AlreadyHeld as held:
            raise CannotGoOn(_already_running(held)) from None
        try:
            self._start_all()
            self.watch()
        except Stopped:
            say("Stopping ...")
        except DidNotStart as reason:
            raise CannotGoOn(str(reason)) from None
        finally:
            self._stop_all()
            lock.release()

    def _note_wish_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        """Only noted: raising from here could lose a child between its birth and our knowing of it."""
        self.is_asked_to_stop = True

    def _rest(self, seconds: float) -> None:
        """Sleep, but not when somebody asked us to stop.

        :raises Stopped: then.
        """
        until = time.monotonic() + seconds
        while True:
            if self.is_asked_to_stop:
                raise Stopped
            left_s = until - time.monotonic()
            if left_s <= 0:
                return
            time.sleep(min(left_s, LOOKS_EVERY_S))

    def _start_all(self) -> None:
        self._end_orphans()
        if not is_free(self.port):
            other = f"REGULARS_PORT={self.port + 1} make serve"
            raise CannotGoOn(f"Port {self.port} is taken by another program. Choose another: {other}")
        self.home.open()
        self._start_servers()
        gate = Gate()
        prepare = self._start_preparing()
        self._start_users(gate.stdin)
        self._wait_until_prepared(prepare)
        gate.open()
        self.wait_until_proven()
        say(f"Regulars is ready: {self.url}/admin/ and {self.url}/api/docs. Ctrl-C stops it.")
        known = self.home.remembered()
        told = {name: known[name] for name in TOLD_WHEN_READY if name in known}
        say(json.dumps({"ready": True, "url": self.url, "admin": f"{self.url}/admin/", **told}))

    def _start_servers(self) -> None:
        """PostgreSQL and Valkey, unless the environment names others; and where they are, for every `manage.py`."""
        facts = {
            "SECRET_KEY": self.home.secret(),
            "CARD_KEYS": self.home.card_key(),
            "PUBLIC_URL": self.url,
        }
        if "DATABASE_URL" not in os.environ:
            postgres = Postgres(self.home.folder / "postgres", FOR_A_SHOP)
            say(f"Starting PostgreSQL in {postgres.folder}")
            postgres.prepare()
            self.watch_over(
                Service("postgres", _launching(postgres), postgres.log, signal.SIGINT, stop_timeout_s=30)
            )
            postgres.make_role_and_database()
            facts["DATABASE_URL"] = postgres.url()
        if "BROKER_URL" not in os.environ:
            valkey = Valkey(self.home.folder / "valkey")
            say(f"Starting Valkey on port {valkey.port}")
            self.watch_over(Service("valkey", _launching(valkey), valkey.log, stop_timeout_s=5))
            facts |= {"BROKER_URL": valkey.url(0), "CACHE_URL": valkey.url(1)}
        self.home.tell_others(facts)
        self.environment = {**facts, **self.environment}

    def _start_users(self, gate: int) -> None:
        """All that use the servers, at once: they do not wait for each other, only at the gate."""
        answers = services.answers_at(self.port, "/readyz")
        self._start("web", services.web_command(self.port), proof=answers, stdin=gate, DATABASE_POOL="1")
        commands = {
            "relay": services.relay_command(),
            "worker": services.worker_command(),
            "beat": services.beat_command(),
        }
        for name, command in commands.items():
            file = self.home.ready_file(name)
            self._start(
                name,
                command,
                proof=services.wrote_its_pid(file),
                stdin=gate,
                ends_by=signal.SIGKILL if name == "beat" else signal.SIGTERM,
                REGULARS_READY_FILE=str(file),
            )

    def _start_preparing(self) -> Service:
        say(
            "Bringing the tables up to date"
            + (", loading the demo shop if it is not there" if self.with_demo else "")
        )
        command = [sys.executable, "-m", "config.stack.prepare", *(["--demo"] if self.with_demo else [])]
        return self._start("prepare", command)

    def _wait_until_prepared(self, prepare: Service) -> None:
        while not prepare.has_died():
            self._ensure_alive(service for service in self.services if service is not prepare)
            self._rest(0.05)
        self.services.remove(prepare)
        self._record()
        if prepare.exit_code() != 0:
            raise CannotGoOn(f"Preparing the database failed.\n{prepare.end_of_log()}")

    def _start(
        self,
        name: str,
        command: list[str],
        *,
        proof: Proof = services.lives,
        stdin: int = subprocess.DEVNULL,
        ends_by: signal.Signals = signal.SIGTERM,
        **environment: str,
    ) -> Service:
        log = self.home.logs / f"{name}.log"

        def launch() -> subprocess.Popen[bytes]:
            surroundings = {**self.environment, **environment}
            return spawn(command, log=log, cwd=PROJECT, env=surroundings, stdin=stdin, death_signal=ends_by)

        return self.watch_over(Service(name, launch, log, ends_by, proof=proof))

    def watch_over(self, service: Service) -> Service:
        """Start it now, and have it watched and stopped with the rest.

        :raises Stopped: if somebody asked us to stop; then it is not started.
        """
        self._rest(0)
        self.services.append(service)
        service.start()
        self._record()
        return service

    def wait_until_proven(self) -> None:
        """Wait until every child has shown that it works.

        :raises CannotGoOn: if one dies or takes too long; with the end of its log.
        """
        until = time.monotonic() + READY_WITHIN_S
        waiting = self.services
        while waiting:
            waiting = [service for service in waiting if not service.is_proven()]
            self._ensure_alive(self.services)
            if waiting and time.monotonic() > until:
                late = f"{waiting[0].name} runs, but did not become ready within {READY_WITHIN_S} s"
                raise CannotGoOn(f"{late}.\n{waiting[0].end_of_log()}")
            self._rest(0.1 if waiting else 0)

    def _ensure_alive(self, started: Iterable[Service]) -> None:
        for service in started:
            if service.has_died():
                ended = f"{service.name} ended while it started (exit {service.exit_code()})"
                raise CannotGoOn(f"{ended}.\n{service.end_of_log()}")

    def watch(self) -> None:
        """Start again what dies, until somebody asks us to stop or a child is hopeless."""
        while True:
            self._rest(LOOKS_EVERY_S)
            for service in self.services:
                if service.has_died():
                    self._revive(service)

    def _revive(self, service: Service) -> None:
        died = f"{service.name} died (exit {service.exit_code()})"
        if service.is_hopeless():
            often = f"{services.RESTARTS_ALLOWED} times within {services.RESTART_WINDOW_S:g} s"
            raise CannotGoOn(f"{died}, {often}; everything is stopped.\n{service.end_of_log()}")
        pause_s = service.pause_s()
        say(f"{died}; starting it again in {pause_s:g} s. Its log: {service.log}")
        service.finish()
        self._rest(pause_s)
        service.start()
        self._record()

    def _stop_all(self) -> None:
        """In the opposite order: first all that use the servers, at once, then the servers, one by one."""
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        servers = [service for service in self.services if service.name in {"postgres", "valkey"}]
        users = [service for service in self.services if service not in servers]
        for service in users:
            service.ask_to_stop()
        for service in users:
            service.finish()
        for service in reversed(servers):
            service.ask_to_stop()
            service.finish()
        self.services.clear()
        self.home.forget_children()

    def _end_orphans(self) -> None:
        """End what a runner that was killed left behind; its servers last."""
        left = self.home.recorded_children()
        for name, known in reversed(left.items()):
            if known.is_running():
                say(f"Ending {name} (process {known.pid}), left over from a run that was killed")
            end_group(known, first=signal.SIGINT if name == "postgres" else signal.SIGTERM, timeout_s=15)

    def _record(self) -> None:
        self.home.record_children((each.name, each.known) for each in self.services if each.known is not None)


def _launching(server: Postgres | Valkey) -> Callable[[], subprocess.Popen[bytes]]:
    def launch() -> subprocess.Popen[bytes]:
        server.start()
        if server.process is None:
            raise DidNotStart(f"{type(server).__name__} is not running")
        return server.process

    return launch


def _already_running(held: AlreadyHeld) -> str:
    who = f"process {held.holder.get('pid', '?')}, {held.holder.get('url', '?')}"
    return (
        f"A stack is running in {held.path.parent} already: {who}. "
        "Stop that one, or start this one elsewhere: REGULARS_HOME=another/folder REGULARS_PORT=8001 make serve"
    )
