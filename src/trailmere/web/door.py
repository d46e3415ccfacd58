"""The console beside the other doors of a server: its routes, with threads of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from starlette.responses import RedirectResponse
from starlette.routing import Match, Route

from trailmere.api.server import AwsDoor, ServeLimits
from trailmere.web.site import Site
from trailmere.web.visit import BASE

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from trailmere.app import App


class _OfBrowsers(Route):
    """Fits what a browser asks for when an address is typed; all else at the same path is for other doors."""

    def matches(self, scope: Any) -> Any:
        accepted = next((value for name, value in scope.get("headers", ()) if name == b"accept"), b"")
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD") or b"text/html" not in accepted:
            return Match.NONE, {}
        return super().matches(scope)


class ConsoleDoor:
    """The console over an App. ``sink`` takes the event of each call."""

    def __init__(self, app: App, sink: Callable[[bytes], object] | None = None) -> None:
        self._server = AwsDoor(Site(app, sink), app.stores.names, ServeLimits.of(app.settings))

    def mounts(self) -> list[BaseRoute]:
        """The routes to it; a browser that looks at the port itself is led there."""
        return [
            _OfBrowsers("/", self._lead, methods=["GET"]),
            Route(BASE, self._server),
            Route(f"{BASE}/{{rest:path}}", self._server),
        ]

    def close(self) -> None:
        """Begin nothing more."""
        self._server.close()

    @staticmethod
    async def _lead(_request: Request) -> Response:
        return RedirectResponse(BASE, status_code=307)
