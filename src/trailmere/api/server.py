"""The ASGI side of the door: bytes in within bounds, answers out of a bounded pool of threads, a line of log for each.

One port serves all services. Whether the process lives (``/health``) and whether the lake answers (``/ready``) is told
to anybody; nothing else is, before a signature was verified. Other doors are mounted beside it by whoever starts them.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Route, Router

from trailmere.api.errors import Fault
from trailmere.api.listener import HEADER_BYTES
from trailmere.api.protocols import route
from trailmere.api.request import Reply, Request

if TYPE_CHECKING:
    from starlette.requests import Request as StarletteRequest
    from starlette.responses import Response

    from trailmere.settings import Settings

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

DRAINED = 4  # times the limit: so much of a body that is too large is read, for its sender to hear the answer

log = logging.getLogger("trailmere.calls")


@dataclass(frozen=True, slots=True)
class ServeLimits:
    """What one server takes on. ``body_seconds``: for a body to arrive. ``waiting``: calls beyond ``threads``."""

    body_bytes: int
    body_seconds: float
    threads: int
    waiting: int

    @classmethod
    def of(cls, settings: Settings) -> ServeLimits:
        """What the settings say."""
        return cls(
            body_bytes=settings.serve_body_bytes,
            body_seconds=settings.serve_client_seconds,
            threads=settings.serve_threads,
            waiting=settings.serve_waiting,
        )


class Answering(Protocol):
    """What is behind the door: plain code that runs in a thread."""

    def answer(self, request: Request) -> Reply:
        """The reply to a request; every error is one, too."""


class AwsDoor:
    """The ASGI application that answers AWS's clients; doors for others are answered in the same manner."""

    def __init__(self, dispatcher: Answering, ready: Callable[[], object], limits: ServeLimits) -> None:
        self._dispatcher = dispatcher
        self._ready = ready
        self._limits = limits
        self._pool = ThreadPoolExecutor(limits.threads, thread_name_prefix="call")
        self._taken_on = 0
        self._counting = threading.Lock()

    @property
    def taken_on(self) -> int:
        """Calls that run or wait for a thread."""
        return self._taken_on

    def application(self, mounts: Sequence[BaseRoute] = ()) -> Router:
        """The whole of it, with other doors beside it; what nothing else is for is for AWS's clients."""
        routes = [Route("/health", self._health), Route("/ready", self._tell_ready), *mounts]
        return Router(routes, redirect_slashes=False, default=self)

    def close(self) -> None:
        """Begin nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One HTTP request."""
        began = time.perf_counter()
        request = _request(scope)
        try:
            _check_headers(request)
            request = replace(request, body=await self._body(request, receive))
            reply = await self._in_thread(self._dispatcher.answer, request)
        except Fault as fault:
            reply = _refusal(request, fault)
        except asyncio.CancelledError:  # by uvicorn, when the server ends and has waited long enough
            reply = _refusal(request, Fault("ServiceUnavailableException", "The server ends before the call did."))
        except ConnectionAbortedError:
            return
        _note(request, reply, time.perf_counter() - began)
        await _send(reply, send)

    async def _body(self, request: Request, receive: Receive) -> bytes:
        """The body, read to its end. Raises Fault: too large, or too slow."""
        try:
            async with asyncio.timeout(self._limits.body_seconds):
                return await _read(receive, self._limits.body_bytes, request.header("content-length"))
        except TimeoutError:
            seconds = f"{self._limits.body_seconds:g} seconds"
            raise Fault("RequestTimeoutException", f"The body did not arrive within {seconds}.") from None

    async def _in_thread(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """``function`` in one of the threads. Raises Fault where too many wait for one."""
        if self._taken_on >= self._limits.threads + self._limits.waiting:
            raise Fault("ThrottlingException", "Rate exceeded")
        with self._counting:
            self._taken_on += 1
        work = self._pool.submit(function, *arguments)
        work.add_done_callback(self._end_one)
        return await asyncio.wrap_future(work)

    def _end_one(self, _work: Future[Any]) -> None:
        """A thread is done; that its client went away, or was not waited for any longer, does not end it."""
        with self._counting:
            self._taken_on -= 1

    async def _health(self, _request: StarletteRequest) -> Response:
        return PlainTextResponse("ok\n")

    async def _tell_ready(self, _request: StarletteRequest) -> Response:
        try:
            await self._in_thread(self._ready)
        except Exception as error:
            log.warning("not ready: %s", error)
            return PlainTextResponse("not ready\n", status_code=503)
        return PlainTextResponse("ready\n")


def _request(scope: Scope) -> Request:
    client = scope.get("client")
    return Request(
        method=scope["method"],
        path=scope["raw_path"].decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        headers=tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]),
        body=b"",
        source_address=client[0] if client else "",
        secure=scope["scheme"] == "https",
    )


def _check_headers(request: Request) -> None:
    """Raise Fault where they are longer than anybody's; what comes at once in the socket is beyond uvicorn's limit."""
    if sum(len(name) + len(value) for name, value in request.headers) > HEADER_BYTES:
        raise Fault("RequestEntityTooLargeException", f"The headers have more than {HEADER_BYTES:,} bytes.")


async def _read(receive: Receive, most: int, announced: str) -> bytes:
    """Raises Fault for more than ``most`` bytes, ConnectionAbortedError where the client went away."""
    parts: list[bytes] = []
    size, too_large = 0, announced.isdigit() and int(announced[:19]) > most
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionAbortedError
        part = message.get("body", b"")
        size += len(part)
        too_large = too_large or size > most
        if not too_large:
            parts.append(part)
        if not message.get("more_body", False) or size > most * DRAINED:
            break
    if too_large:
        raise Fault("RequestEntityTooLargeException", f"The body has more than {most:,} bytes.")
    return b"".join(parts)


def _refusal(request: Request, fault: Fault) -> Reply:
    """A reply after which the connection is closed: what comes on it next is not known to be a request."""
    reply = route(request).protocol.fault(fault, request.id)
    return replace(reply, headers={**reply.headers, "connection": "close"})


async def _send(reply: Reply, send: Send) -> None:
    headers = {**reply.headers, "content-length": str(len(reply.body))}
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": reply.status, "headers": encoded})
    await send({"type": "http.response.body", "body": reply.body})


def _note(request: Request, reply: Reply, seconds: float) -> None:
    """One line; never the query string or a header, which hold signatures."""
    log.info(
        "%s %s %s %s %d %s %.0f ms, %d bytes, %s",
        request.source_address,
        request.method,
        request.path,
        reply.operation or "-",
        reply.status,
        reply.code or "-",
        seconds * 1000,
        len(reply.body),
        request.id,
    )
