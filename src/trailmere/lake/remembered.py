"""What a lake has read of its tables and need not read again: views by metadata file, plans by snapshot, and what is
known of each event index.

Neither ever changes under its name, so nothing has to be told when a table does: which metadata file is the present one
is asked of the database (``lake.view``) whenever anybody has committed. Safe to use from several threads; two that miss
at once both read.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

from trailmere.lake import plans, view
from trailmere.registry.unchanged import Unchanged

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pyarrow as pa
    from sqlalchemy import Engine

    from trailmere.lake.plans import Plan
    from trailmere.lake.view import TableView
    from trailmere.lake.whereabouts import Whereabouts

PLAN_BYTES = 256 << 20


class Remembered:
    """Views and plans of one lake. ``plan_bytes``: what all plans together may take; the last used one always stays."""

    def __init__(self, engine: Engine, plan_bytes: int = PLAN_BYTES) -> None:
        self._engine = engine
        self._plan_bytes = plan_bytes
        self._pointers: Unchanged[str] = Unchanged(engine)
        self._lock = threading.Lock()
        self._views: dict[str, tuple[str, TableView]] = {}
        self._plans: OrderedDict[tuple[str, int], Plan] = OrderedDict()
        self._whereabouts: dict[str, Whereabouts] = {}

    def view(self, store_id: str) -> TableView:
        """The store's table as it is now. Raises as ``view.read`` does."""
        location = self._pointers.get(store_id, lambda: view.pointer(self._engine, store_id))
        known = self._views.get(store_id)
        if known is not None and known[0] == location:
            return known[1]
        location, found = view.read_at(self._engine, store_id, location)
        with self._lock:
            self._views[store_id] = (location, found)
        return found

    def plan(self, store_id: str, snapshot_id: int, folder: Path, make: Callable[[int], pa.Table]) -> Plan:
        """The plan of a snapshot: from memory, else the kept one of the folder, else made."""
        key = (store_id, snapshot_id)
        with self._lock:
            if key in self._plans:
                self._plans.move_to_end(key)
                return self._plans[key]
        kept = plans.load(folder, snapshot_id)
        found = plans.opened(make(snapshot_id) if kept is None else kept)
        with self._lock:
            self._plans[key] = found
            while len(self._plans) > 1 and sum(plan.bytes for plan in self._plans.values()) > self._plan_bytes:
                self._plans.popitem(last=False)
        return found

    def whereabouts(self, store_id: str, index_folder: Path) -> Whereabouts:
        """Of the events of a store, whose event index lies in the folder."""
        from trailmere.lake.whereabouts import Whereabouts  # here: most questions name no event

        with self._lock:
            return self._whereabouts.setdefault(store_id, Whereabouts(index_folder))
