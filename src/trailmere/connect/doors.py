"""The doors of this room beside AWS's: which paths they have, and their common end."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from starlette.routing import Route

from trailmere.api.server import AwsDoor, ServeLimits
from trailmere.connect.callers import Callers
from trailmere.connect.iceberg import PATH as ICEBERG_PATH
from trailmere.connect.iceberg import IcebergDoor
from trailmere.connect.trino import PATH as TRINO_PATH
from trailmere.connect.trino import TrinoDoor

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from trailmere.app import App


class Doors:
    """Trino's protocol and Iceberg's REST catalog over an App. ``sink`` takes the event of each call.

    Each has threads of its own, so that none keeps the others from answering.
    """

    def __init__(self, app: App, sink: Callable[[bytes], object] | None = None) -> None:
        callers = Callers(app)
        self._trino = TrinoDoor(app, callers, sink)
        self._iceberg = IcebergDoor(app, callers, sink)
        limits = ServeLimits.of(app.settings)
        self._servers = {
            TRINO_PATH: AwsDoor(self._trino, app.stores.names, limits),
            ICEBERG_PATH: AwsDoor(self._iceberg, app.stores.names, limits),
        }

    def mounts(self) -> list[BaseRoute]:
        """The routes to them."""
        return [
            Route(path, endpoint)
            for base, endpoint in self._servers.items()
            for path in (base, f"{base}/{{rest:path}}")
        ]

    def close(self) -> None:
        """End what runs, and let go of what was kept for clients."""
        for server in self._servers.values():
            server.close()
        self._trino.close()
        self._iceberg.close()
