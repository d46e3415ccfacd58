"""A reverse proxy in front of an S3 server that does to chosen calls what networks and servers do.

A fault is data: a ``Rule`` says which call, of which key or page, how often, and what is done to it (``fault_named``).
What no rule is about is passed on as it is. The proxy knows S3's reading calls only, because Trailmere makes no others:
a read that failed before it was carried out and one that failed after are the same to its caller, so that "failed,
applied" and "failed, not applied" are one case here.
"""

from __future__ import annotations

import http.client
import re
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

LIST, GET, HEAD = "ListObjectsV2", "GetObject", "HeadObject"
HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"})
PIECES_OF_A_DRIP = 8
DRIP_SECONDS = 0.05
REFUSING_SECONDS = 0.3
SENTENCE = "As the test wills."
SECRET_HEADERS = ("Authorization", "X-Amz-Security-Token")
_CALLER = re.compile(r".*Credential=([^/]+)/.*")
_TOKEN = re.compile(rb"<NextContinuationToken>([^<]+)</NextContinuationToken>")


@dataclass(frozen=True, slots=True)
class Call:
    """One request as S3 understands it. ``page`` counts the pages of one listing from 1; retries do not raise it."""

    name: str
    bucket: str
    key: str = ""
    page: int = 0


@dataclass(slots=True)
class Rule:
    """``what`` is done to the first ``times`` of the calls that match (None: to all), after ``passing`` of them.

    An empty ``key`` and a ``page`` of 0 match any.
    """

    call: str
    what: str
    key: str = ""
    page: int = 0
    times: int | None = None
    passing: int = 0
    met: int = 0

    def matches(self, call: Call) -> bool:
        """Whether this very call is to suffer; counts it."""
        if call.name != self.call or (self.key and self.key != call.key) or (self.page and self.page != call.page):
            return False
        self.met += 1
        return self.met > self.passing and (self.times is None or self.met <= self.passing + self.times)


@dataclass(slots=True)
class Answer:
    """What the server behind said."""

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""


class FaultProxy:
    """Listens on a port of its own; ``url`` is the endpoint to give to a client. Use as a context.

    ``choose`` may pick a fault for a call that no rule is about (the soak throws dice). ``calls`` counts requests,
    ``suffered`` faults, ``callers`` requests by access key.
    """

    def __init__(self, upstream: str, choose: Callable[[Call], str | None] = lambda _call: None) -> None:
        self.upstream = urlsplit(upstream).netloc
        self.rules: list[Rule] = []
        self.calls: Counter[str] = Counter()
        self.suffered: Counter[str] = Counter()
        self.callers: Counter[str] = Counter()
        self.closing = threading.Event()
        self._choose = choose
        self._lock = threading.Lock()
        self._pages: dict[str, int] = {}
        self._open: set[socket.socket] = set()
        self._listener = self._listen(0)
        self._port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> FaultProxy:
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self.hang_up()

    @contextmanager
    def suffering(self, *rules: Rule) -> Iterator[None]:
        """These rules, as long as the context lasts; afterwards the world is well."""
        self.rules = list(rules)
        try:
            yield
        finally:
            self.rules = []
            if self._listener.fileno() < 0:
                self._listener = self._listen(self._port)

    def hang_up(self) -> None:
        """Refuse connections, and reset those that are open."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts, which would keep the port open
        self._listener.close()
        with self._lock:
            for one in self._open:
                reset(one)

    def refuse_a_while(self) -> None:
        """Refuse connections; listen again after ``REFUSING_SECONDS``."""
        self.hang_up()
        self.closing.wait(REFUSING_SECONDS)
        if not self.closing.is_set() and self._listener.fileno() < 0:
            self._listener = self._listen(self._port)

    def fault_of(self, call: Call) -> str | None:
        """What shall be done to this call, None for nothing; counted."""
        with self._lock:
            self.calls[call.name] += 1
            what = next((rule.what for rule in self.rules if rule.matches(call)), None) or self._choose(call)
            if what is not None:
                self.suffered[what] += 1
            return what

    def call_of(self, method: str, target: str) -> Call:
        """The call that a request line makes."""
        parts = urlsplit(target)
        bucket, _, key = parts.path.lstrip("/").partition("/")
        query = parse_qs(parts.query)
        if "list-type" in query:
            token = query.get("continuation-token", [""])[0]
            return Call(LIST, bucket, page=self._pages.get(token, 1))
        return Call(HEAD if method == "HEAD" else GET, bucket, unquote(key))

    def ask(self, method: str, target: str, headers: Sequence[tuple[str, str]], page: int) -> Answer:
        """What the server behind answers."""
        connection = http.client.HTTPConnection(self.upstream, timeout=60)
        try:
            connection.request(method, target, headers=dict(headers))
            told = connection.getresponse()
            answer = Answer(told.status, told.getheaders(), told.read())
        finally:
            connection.close()
        if (token := _TOKEN.search(answer.body)) is not None and page:
            self._pages[token[1].decode()] = page + 1
        return answer

    def _listen(self, port: int) -> socket.socket:
        listener = socket.create_server(("127.0.0.1", port), backlog=128)
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return listener

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):  # closed
            while True:
                connection, address = listener.accept()
                threading.Thread(target=self._serve, args=(connection, address), daemon=True).start()

    def _serve(self, connection: socket.socket, address: Any) -> None:
        with self._lock:
            self._open.add(connection)
        with suppress(OSError, ValueError):  # the client went, or a fault hung up
            _Exchange(connection, address, self)  # type: ignore[arg-type]
        with self._lock:
            self._open.discard(connection)
        connection.close()


class _Exchange(BaseHTTPRequestHandler):
    """One connection: requests in, answers or faults out."""

    protocol_version = "HTTP/1.1"
    server: FaultProxy  # type: ignore[assignment]

    def do_GET(self) -> None:
        call = self.server.call_of(self.command, self.path)
        self.server.callers[_CALLER.sub(r"\1", self.headers["Authorization"] or "")] += 1
        what = self.server.fault_of(call)
        fault_named(what)(self, call) if what is not None else self.send(self.answer(call))

    do_HEAD = do_GET  # noqa: N815 - http.server's name

    def answer(self, call: Call) -> Answer:
        """What the server behind says to this request."""
        return self.server.ask(self.command, self.path, self.headers.items(), call.page)

    def send(self, answer: Answer, *, length: int | None = None) -> None:
        """Give an answer; ``length`` is what its header claims, where that is not the truth."""
        self.send_response(answer.status)
        for name, value in answer.headers:
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        said = {name.lower(): value for name, value in answer.headers}.get("content-length", "0")
        self.send_header("Content-Length", said if self.command == "HEAD" else str(length or len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def log_message(self, *_: object) -> None:
        """Nothing: a thousand requests are no news."""


Fault = Callable[[_Exchange, Call], None]


def reset(connection: socket.socket) -> None:
    """End a connection with RST instead of FIN."""
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.shutdown(socket.SHUT_RD)  # wakes whoever reads from it
        connection.close()


def fault_named(what: str) -> Fault:
    """One of ``FAULTS``; or an answer of S3, as ``403 AccessDenied``; or a redirect without a place, ``301``."""
    return FAULTS[what] if what in FAULTS else _error(*what.partition(" ")[::2])


def _error(status: str, code: str) -> Fault:
    def fault(exchange: _Exchange, call: Call) -> None:
        told = "".join(f"<Sent>{exchange.headers[name]}</Sent>" for name in SECRET_HEADERS)  # as S3 does at times
        body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{SENTENCE}</Message>{told}</Error>".encode()
        body = body if code else b""
        exchange.send(
            Answer(int(status), [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))], body)
        )

    return fault


def _refuse(exchange: _Exchange, _call: Call) -> None:
    exchange.server.refuse_a_while()
    raise ConnectionError


def _refuse_on(exchange: _Exchange, _call: Call) -> None:
    exchange.server.hang_up()
    raise ConnectionError


def _reset(exchange: _Exchange, _call: Call) -> None:
    reset(exchange.connection)
    raise ConnectionError


def _hang(exchange: _Exchange, _call: Call) -> None:
    exchange.connection.recv(1)  # until the client hangs up
    raise ConnectionError


def _short(exchange: _Exchange, call: Call) -> None:
    answer = exchange.answer(call)
    exchange.send(Answer(answer.status, answer.headers, _half(answer)), length=len(answer.body) or 1)
    raise ConnectionError  # closed, with FIN, before the length that was promised


def _reset_in_body(exchange: _Exchange, call: Call) -> None:
    answer = exchange.answer(call)
    exchange.send(Answer(answer.status, answer.headers, _half(answer)), length=len(answer.body) or 1)
    _reset(exchange, call)


def _cut(exchange: _Exchange, call: Call) -> None:
    answer = exchange.answer(call)
    exchange.send(Answer(answer.status, answer.headers, _half(answer)))


def _other_etag(exchange: _Exchange, call: Call) -> None:
    answer = exchange.answer(call)
    kept = [(name, value) for name, value in answer.headers if name.lower() != "etag"]
    exchange.send(Answer(answer.status, [*kept, ("ETag", '"00000000000000000000000000000000"')], answer.body))


def _drip(exchange: _Exchange, call: Call) -> None:
    answer = exchange.answer(call)
    exchange.send(Answer(answer.status, answer.headers), length=len(answer.body))
    size = max(1, len(answer.body) // PIECES_OF_A_DRIP)
    for at in range(0, len(answer.body), size):
        exchange.server.closing.wait(DRIP_SECONDS)
        exchange.wfile.write(answer.body[at : at + size])


def _half(answer: Answer) -> bytes:
    return answer.body[: len(answer.body) // 2]


FAULTS: dict[str, Fault] = {
    "connection refused": _refuse,
    "reset before the response": _reset,
    "hang": _hang,
    "short body": _short,
    "reset in the body": _reset_in_body,
    "cut with a fitting length": _cut,
    "another ETag": _other_etag,
    "slow drip": _drip,
    # for as long as the rule holds
    "nobody listens": _refuse_on,
}
