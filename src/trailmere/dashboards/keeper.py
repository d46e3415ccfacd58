"""Schedules at work: a server refreshes what is due. Several servers may; one of them gets each refresh.

A server that was away does what is due once, not as often as it was missed.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from trailmere.dashboards.schedule import following
from trailmere.errors import TrailmereError

if TYPE_CHECKING:
    from trailmere.dashboards.behalf import Behalf
    from trailmere.dashboards.board import Dashboards
    from trailmere.registry.dashboards import Dashboard

LOOK_SECONDS = 20.0  # how often a server looks for a refresh that is due

log = logging.getLogger(__name__)


class DashboardKeeper:
    """The thread of a server that refreshes dashboards by their schedules."""

    def __init__(self, dashboards: Dashboards, behalf: Behalf) -> None:
        self._dashboards = dashboards
        self._behalf = behalf
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def resume(self) -> None:
        """Refresh whatever is due, from now on until ``close``."""
        self._thread = threading.Thread(target=self._keep, name="dashboards", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread; a refresh that it began goes on."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join()

    def look(self) -> int:
        """Begin the refreshes that are due; returns how many were."""
        registry = self._dashboards.registry
        now = registry.clock()
        mine = [one for one in registry.due(now) if registry.take(one, following(one.schedule, now))]
        for dashboard in mine:
            self._refresh(dashboard)
        return len(mine)

    def _refresh(self, dashboard: Dashboard) -> None:
        board = self._dashboards.find(dashboard.account_id, dashboard.region, dashboard.name)
        if board is None:  # deleted a moment ago
            return
        try:
            self._behalf.check_refresh(board.arn)
            self._dashboards.refresh(board, {}, self._dashboards.on_behalf(board))
        except TrailmereError as error:
            log.warning("the dashboard %s could not be refreshed: %s", board.arn, error)
            self._dashboards.note_failure(board, error.message)

    def _keep(self) -> None:
        while not self._closing.is_set():
            try:
                self.look()
            except TrailmereError as error:
                log.warning("no look for dashboards to refresh: %s", error)
            self._closing.wait(LOOK_SECONDS)
