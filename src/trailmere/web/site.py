"""The console as something that answers requests: session, same origin, which page, headers that keep a browser safe.

Plain code that runs in a thread. Pages are functions of ``trailmere.web.pages``; what they refuse becomes a page here.
"""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlencode, urlsplit

from trailmere.api.dispatch import Dispatcher
from trailmere.api.errors import Fault, fault_of
from trailmere.api.request import Reply
from trailmere.errors import AccessDenied, AuthenticationFailed, InvalidParameter, TrailmereError
from trailmere.web import cookies, entrance, entrance_openid, entrance_passkeys, pages
from trailmere.web.assets import STATIC, Assets
from trailmere.web.entrance import Entrance
from trailmere.web.rendering import Rendering
from trailmere.web.visit import BASE, Answer, Download, Page, Redirect, Visit

if TYPE_CHECKING:
    from trailmere.access.console import Person
    from trailmere.api.request import Request
    from trailmere.app import App

ENTRANCES = {**entrance.ROUTES, **entrance_openid.ROUTES, **entrance_passkeys.ROUTES}
UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
MISSING = 404, "There is no such page.", "It may have been moved or deleted; the address may be mistyped."
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
)
HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-frame-options": "DENY",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
}

log = logging.getLogger(__name__)

Function = Callable[[Visit], Answer]


@dataclass(frozen=True, slots=True)
class Route:
    """``path`` below the console, with ``{names}`` in the place of parts; a name that ends in ``*`` takes the rest."""

    method: str
    path: str
    function: Function

    @property
    def pattern(self) -> re.Pattern[str]:
        """The path as a pattern over paths that are still encoded."""
        text = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path)
        return re.compile(re.sub(r"\{(\w+)\*\}", r"(?P<\1>.+)", text))


class Site:
    """Answers requests under ``/console``. ``sink`` takes the event of each call, as in ``api.dispatch``."""

    def __init__(self, app: App, sink: Callable[[bytes], object] | None = None) -> None:
        self._app = app
        self._dispatcher = Dispatcher(app, sink=sink)
        self._assets = Assets()
        self._rendering = Rendering(self._assets)
        self._routes = [(one, one.pattern) for one in (Route(*given) for given in pages.ROUTES)]
        self._entrance = Entrance(app, self._dispatcher.journal)

    def answer(self, request: Request) -> Reply:
        """The reply to a request; every error is one, too."""
        path = request.path.partition("?")[0].removeprefix(BASE) or "/"
        if path.startswith(STATIC):
            return self._assets.reply(request, path.removeprefix(STATIC))
        nonce = secrets.token_urlsafe(16)
        token = cookies.read(request, cookies.SESSION)
        person = self._app.console.person(token) if token else None
        try:
            reply = self._answer(request, path, person, nonce)
        except Exception as error:
            reply = self._failed(request, person, error, nonce)
        return _guarded(reply, nonce)

    def _answer(self, request: Request, path: str, person: Person | None, nonce: str) -> Reply:
        _check_origin(request)
        way = ENTRANCES.get((request.method.replace("HEAD", "GET"), path))
        if way is not None:
            answer, token = way(self._entrance, request, person)
            return self._reply(request, answer, None, nonce, token)
        if person is None:
            return self._to_sign_in(request)
        visit, function = self._found(request, path, person, nonce)
        return self._reply(request, function(visit), visit, nonce, None)

    def _found(self, request: Request, path: str, person: Person, nonce: str) -> tuple[Visit, Function]:
        for route, pattern in self._routes:
            match = pattern.fullmatch(path)
            if match and route.method == request.method.replace("HEAD", "GET"):
                values = {name: unquote(value) for name, value in match.groupdict().items()}
                return Visit(self._app, self._dispatcher, request, person, values, nonce), route.function
        raise _Missing

    def _to_sign_in(self, request: Request) -> Reply:
        """To the page where one signs in, and back here afterwards; a part of a page makes its page go there."""
        here = f"{request.path.partition('?')[0]}{'?' if request.query else ''}{request.query}"
        back = here if request.method in ("GET", "HEAD") and not _is_part(request) else BASE
        place = f"{BASE}/sign-in?{urlencode({'to': back})}"
        if _is_part(request):
            return Reply(401, {"hx-redirect": f"{BASE}/sign-in"}, b"")
        return Reply(303, {"location": place}, b"")

    def _reply(self, request: Request, answer: Answer, visit: Visit | None, nonce: str, token: str | None) -> Reply:
        """``token`` is what the session cookie becomes: empty to end it, None to leave it."""
        headers: dict[str, str] = {}
        if isinstance(answer, Redirect) and answer.token is not None:
            token = answer.token
        begun = "" if isinstance(answer, Page) else answer.begun
        if begun:
            seconds = cookies.BEGUN_SECONDS
            headers["set-cookie"] = cookies.written(cookies.BEGUN, begun, secure=request.secure, seconds=seconds)
        if token is not None:
            headers["set-cookie"] = cookies.written(cookies.SESSION, token, secure=request.secure)
        if isinstance(answer, Redirect):
            if answer.said and token is None:
                headers["set-cookie"] = cookies.written(
                    cookies.SAID, quote(answer.said[:500]), secure=request.secure, seconds=60
                )
            where = "hx-redirect" if _is_part(request) else "location"
            return Reply(204 if _is_part(request) else 303, headers | {where: answer.location}, b"")
        if isinstance(answer, Download):
            headers |= {"content-type": answer.media_type, "cache-control": "no-store"}
            if answer.name:
                headers["content-disposition"] = f"attachment; filename*=UTF-8''{quote(answer.name)}"
            return Reply(200, headers, answer.body)
        said = unquote(cookies.read(request, cookies.SAID))
        if said and token is None:
            headers["set-cookie"] = cookies.written(cookies.SAID, "", secure=request.secure, seconds=0)
        body = self._rendering.page(answer, visit, nonce=nonce, said=said, theme=cookies.read(request, "theme"))
        return Reply(
            answer.status, headers | {"content-type": "text/html; charset=utf-8", "cache-control": "no-store"}, body
        )

    def _failed(self, request: Request, person: Person | None, error: Exception, nonce: str) -> Reply:
        status, title, hint = _told(error, request)
        if isinstance(error, InvalidParameter):  # it may be the query string, which links of the page would repeat
            request = replace(request, query="")
        visit = None if person is None else Visit(self._app, self._dispatcher, request, person, {}, nonce)
        context = {"title": title, "hint": hint, "status": status}
        return self._reply(request, Page("error.html", context, status), visit, nonce, None)


class _Missing(Exception):
    """There is no such page."""


def _told(error: Exception, request: Request) -> tuple[int, str, str]:
    """HTTP status, sentence and hint of an error; of ours the operator is told more, by the log."""
    if isinstance(error, _Missing):
        return MISSING
    if isinstance(error, AuthenticationFailed):
        return 401, error.message, error.hint or ""
    if isinstance(error, AccessDenied):
        return 403, error.message, error.hint or "Ask an administrator for the permission."
    if isinstance(error, Fault) and error.status < 500:
        status = {"AccessDeniedException": 403}.get(error.code, 404 if "NotFound" in error.code else 400)
        return status, error.message, ""
    if isinstance(error, TrailmereError) and fault_of(error, None).code != "InternalFailure":
        return 404 if type(error).__name__.endswith("NotFound") else 400, error.message, error.hint or ""
    log.error("request %s, %s: %s", request.id, request.path, error, exc_info=error)
    return 500, "Something went wrong here.", f"The server's log says more, under {request.id}."


def _check_origin(request: Request) -> None:
    """Raise AccessDenied where another site made the browser send this. Source: Fetch Metadata, W3C."""
    if request.method not in UNSAFE:
        return
    site, origin = request.header("sec-fetch-site"), request.header("origin")
    ours = urlsplit(origin).netloc == request.header("host") if origin else site == "same-origin"
    if not ours or site not in ("", "same-origin"):
        raise AccessDenied(
            "The request came from another site, and was not done.", hint="Open the console and try there."
        )


def _is_part(request: Request) -> bool:
    return request.header("hx-request") == "true"


def _guarded(reply: Reply, nonce: str) -> Reply:
    headers = {**HEADERS, "content-security-policy": POLICY.format(nonce=nonce), "vary": "cookie, hx-request"}
    return Reply(reply.status, {**headers, **reply.headers}, reply.body, reply.code, "console")
