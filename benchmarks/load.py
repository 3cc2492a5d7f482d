"""A load generator that costs little: one thread, one epoll, prepared requests over kept-alive connections."""

import selectors
import socket
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

RECEIVE_BYTES = 65_536


@dataclass(frozen=True)
class Sample:
    """What one round of load measured. Latencies in seconds, sorted."""

    seconds: float
    latencies: list[float]
    statuses: dict[int, int]

    @property
    def per_second(self) -> float:
        return len(self.latencies) / self.seconds

    def percentile_ms(self, percent: float) -> float:
        """The latency that so many percent of the requests stayed below, in milliseconds."""
        if not self.latencies:
            return float("nan")
        index = min(len(self.latencies) - 1, int(len(self.latencies) * percent / 100))
        return self.latencies[index] * 1_000


def request(method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> bytes:
    """An HTTP/1.1 request in one piece."""
    named = {"Host": "127.0.0.1", **(headers or {})}
    if body:
        named = {"Content-Type": "application/json", **named, "Content-Length": str(len(body))}
    head = f"{method} {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return head.encode() + b"\r\n" + body


class _Client:
    """One connection: a request on its way, and what came back so far."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sent_at = 0.0
        self.received = b""

    def send(self, raw: bytes) -> None:
        self.received = b""
        self.sent_at = time.perf_counter()
        self.socket.sendall(raw)

    def receive(self) -> int | None:
        """The status once the answer is whole; None before that."""
        self.received += self.socket.recv(RECEIVE_BYTES)
        head, found, rest = self.received.partition(b"\r\n\r\n")
        if not found:
            return None
        status = int(head[9:12])
        if status == 304:
            return status
        lower = head.lower() + b"\r\n"
        at = lower.find(b"content-length:")
        if at < 0:
            raise RuntimeError(f"an answer without Content-Length: {head!r}")
        length = int(lower[at + 15 : lower.find(b"\r", at)])
        return status if len(rest) >= length else None


def run_load(port: int, requests: Iterable[bytes], *, clients: int, seconds: float) -> Sample:
    """Send requests over so many connections for so many seconds, each connection one at a time.

    What is made before the first request, codes for example, is made before the clock starts.

    :raises RuntimeError: the requests ran out before the time did.
    """
    waiting = iter(requests)
    selector = selectors.DefaultSelector()
    latencies: list[float] = []
    statuses: dict[int, int] = {}
    first = [_next(waiting) for _ in range(clients)]
    begun = time.perf_counter()
    until = begun + seconds
    for raw in first:
        client = _Client(port)
        selector.register(client.socket, selectors.EVENT_READ, client)
        client.send(raw)
    busy = clients
    while busy:
        for key, _ in selector.select():
            client = key.data
            status = client.receive()
            if status is None:
                continue
            now = time.perf_counter()
            latencies.append(now - client.sent_at)
            statuses[status] = statuses.get(status, 0) + 1
            if now < until:
                client.send(_next(waiting))
            else:
                selector.unregister(client.socket)
                client.socket.close()
                busy -= 1
    return Sample(seconds=time.perf_counter() - begun, latencies=sorted(latencies), statuses=statuses)


def _next(waiting: Iterator[bytes]) -> bytes:
    try:
        return next(waiting)
    except StopIteration:
        raise RuntimeError("the prepared requests ran out; prepare more") from None
