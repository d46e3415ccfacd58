"""The socket and the HTTP/1.1 protocol under a door: uvicorn, with patience that ends.

uvicorn waits for a client's headers, and for a client that does not read, as long as the client likes. Here both have
a limit. Head and body of an answer go out together. Forwarding headers are not believed: the source address is that of
whoever connected.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from trailmere.errors import SettingsError

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from trailmere.settings import Settings

HEADER_BYTES = 32 << 10  # request line and headers
BACKLOG = 512
PORTS = range(1 << 16)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long is waited for a client, and how many there may be."""

    client_seconds: float  # for headers to arrive, and for a reply to be read on
    idle_seconds: int  # between two calls on one connection
    shutdown_seconds: int  # for calls that run when the server is to end
    connections: int

    @classmethod
    def of(cls, settings: Settings) -> Patience:
        """What the settings say."""
        return cls(
            client_seconds=settings.serve_client_seconds,
            idle_seconds=settings.serve_idle_seconds,
            shutdown_seconds=settings.serve_shutdown_seconds,
            connections=settings.serve_connections,
        )


@dataclass(frozen=True, slots=True)
class Certificate:
    """Files for TLS, PEM."""

    chain: Path
    key: Path | None


def protocol(patience: Patience) -> type[H11Protocol]:
    """The protocol of a connection, with that much patience."""

    class PatientProtocol(H11Protocol):
        def __init__(self, *arguments: Any, **named: Any) -> None:
            super().__init__(*arguments, **named)
            self.conn = _WholeAnswers(h11.SERVER, HEADER_BYTES)
            self.access_log = False  # it would show query strings, which may hold signatures
            self._headers_due = _Deadline(self, patience.client_seconds)
            self._reading_due = _Deadline(self, patience.client_seconds)

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._headers_due.set()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self.cycle is None or self.cycle.response_complete:  # some of the headers have come
                self._headers_due.set()
            else:
                self._headers_due.clear()

        def connection_lost(self, exc: Exception | None) -> None:
            self._headers_due.clear()
            self._reading_due.clear()
            super().connection_lost(exc)

        def shutdown(self) -> None:
            idle = self.cycle is None or self.cycle.response_complete
            super().shutdown()
            if idle and self.transport.get_write_buffer_size() == 0:
                self.transport.abort()  # TLS would wait half a minute for the farewell of a client that sleeps

        def pause_writing(self) -> None:
            self._reading_due.set()
            super().pause_writing()

        def resume_writing(self) -> None:
            self._reading_due.clear()
            super().resume_writing()

    return PatientProtocol


class _WholeAnswers(h11.Connection):
    """Gives the head of an answer out with the first of its body. A server that is killed between the two would leave
    an answer that says 200 and ends there, and botocore takes that for one without members."""

    _head = b""

    def send(self, event: h11.Event) -> bytes:  # type: ignore[override]
        """The bytes to send now, none where h11 says None."""
        made = super().send(event) or b""
        if isinstance(event, h11.Response):
            self._head = made
            return b""
        whole, self._head = self._head + made, b""
        return whole


class _Deadline:
    """A moment at which a connection is cut off, once it is set and unless it is cleared before."""

    def __init__(self, connection: H11Protocol, seconds: float) -> None:
        self._connection = connection
        self._seconds = seconds
        self._timer: asyncio.TimerHandle | None = None

    def set(self) -> None:
        """Begin to wait; one that is set already stays as it is."""
        if self._timer is None:
            self._timer = self._connection.loop.call_later(self._seconds, self._connection.transport.abort)

    def clear(self) -> None:
        """Wait no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class Listener(uvicorn.Server):
    """A server on a socket that is bound already. ``tell`` is called once, when connections are accepted."""

    def __init__(
        self,
        application: ASGIApp,
        bound: socket.socket,
        patience: Patience,
        *,
        certificate: Certificate | None = None,
        tell: Callable[[], object] = lambda: None,
    ) -> None:
        super().__init__(_config(application, patience, certificate))
        self._bound = bound
        self._tell = tell

    def listen(self) -> None:
        """Serve until ``stop``, or a signal where this is the main thread."""
        self.run(sockets=[self._bound])

    def stop(self) -> None:
        """Accept nothing more, finish what runs, and end. Safe from any thread."""
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn does, and tell."""
        await super().startup(sockets)
        if self.started:
            self._tell()


def bind(host: str, port: int) -> socket.socket:
    """A socket that listens on ``host`` (a name or an address) and ``port``, 0 for any. Raises SettingsError."""
    if port not in PORTS:  # the system would take its last 16 bits
        raise SettingsError(f"cannot listen on port {port}: expected 0 to {PORTS[-1]}")
    try:
        family, kind, number, _name, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family, kind, number)
        with contextlib.ExitStack() as undo:
            undo.callback(bound.close)
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind(address)
            bound.listen(BACKLOG)
            undo.pop_all()
    except (OSError, UnicodeError) as error:
        taken = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
        hint = "another server listens there; name another port: --port" if taken else None
        raise SettingsError(f"cannot listen on {host} port {port}: {_reason(error)}", hint=hint) from error
    return bound


def address_of(bound: socket.socket, *, secure: bool) -> str:
    """The URL under which a bound socket is reached from this machine: ``http://127.0.0.1:4510``."""
    host, port = bound.getsockname()[:2]
    return f"http{'s' if secure else ''}://{f'[{host}]' if ':' in host else host}:{port}"


@contextlib.contextmanager
def signals_end(listener: Listener) -> Any:
    """Let SIGTERM and SIGINT end the listener and nothing else. uvicorn raises what it caught again when it is done:
    then nobody is to die of it before the lake is closed."""
    before = {number: signal.signal(number, lambda *_: listener.stop()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _config(application: ASGIApp, patience: Patience, certificate: Certificate | None) -> uvicorn.Config:
    files: dict[str, str | os.PathLike[str] | None] = {}
    if certificate is not None:
        files = {"ssl_certfile": certificate.chain, "ssl_keyfile": certificate.key}
    config = uvicorn.Config(
        application,
        http=protocol(patience),
        loop="asyncio",
        ws="none",
        lifespan="off",
        log_config=None,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=patience.connections,
        timeout_keep_alive=patience.idle_seconds,
        timeout_graceful_shutdown=patience.shutdown_seconds,
        h11_max_incomplete_event_size=HEADER_BYTES,
        **files,  # type: ignore[arg-type]
    )
    try:
        config.load()
    except OSError as error:
        raise SettingsError(
            f"cannot use the certificate {certificate and certificate.chain}: {_reason(error)}",
            hint="give a certificate chain and its private key, both PEM: --tls-cert, --tls-key",
        ) from error
    return config
