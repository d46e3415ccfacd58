"""The pages: a module an area, each with ``ROUTES``: method, path below the console, function of a visit."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from trailmere.web.pages import dashboards, events, home, query, settings, stores

if TYPE_CHECKING:
    from trailmere.web.visit import Answer, Visit

    Function = Callable[[Visit], Answer]

ROUTES: tuple[tuple[str, str, Function], ...] = (
    *home.ROUTES,
    *dashboards.ROUTES,
    *events.ROUTES,
    *query.ROUTES,
    *settings.ROUTES,
    *stores.ROUTES,
)
