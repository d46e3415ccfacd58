"""Where batches are written, and how one begins. What becomes of it then is told in ``lake.append``.

Loading PyIceberg takes most of a second, and workers wait for their first batch: nothing here needs it.
"""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from functools import cached_property
from typing import TYPE_CHECKING

from trailmere.lake import ledger, view
from trailmere.lake.locks import held
from trailmere.lake.records import Batch
from trailmere.registry.database import writing

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Engine

    from trailmere.lake.catalog import Catalog
    from trailmere.lake.locks import Locks
    from trailmere.lake.sweep import Reach

BATCH_LOCKS = "batch-"  # what the names of the owners' locks begin with
OPENING = "opening"


class Premises:
    """What the vault works with."""

    def __init__(self, home: Path, engine: Engine, locks: Locks) -> None:
        self.home = home
        self.engine = engine
        self.locks = locks
        self.foreseen: dict[str, Reach] = {}  # by store: pages ask again and again what maintenance would do
        self._guard = threading.Lock()

    @cached_property
    def catalog(self) -> Catalog:
        """The Iceberg catalog; it loads PyIceberg."""
        from trailmere.lake.catalog import Catalog

        with self._guard, held(self.locks, OPENING):
            return Catalog(self.engine, self.warehouse)

    @property
    def warehouse(self) -> Path:
        return self.home / "warehouse"

    def location(self, store_id: str) -> Path:
        """The folder of a store's table."""
        return self.warehouse / view.NAMESPACE / store_id

    def plan_folder(self, store_id: str) -> Path:
        """The folder of a store's kept plans."""
        return self.home / "plans" / store_id

    def index_folder(self, store_id: str) -> Path:
        """The folder of a store's event index."""
        return self.home / "index" / store_id


def store_lock(store_id: str) -> str:
    """Name of the lock that a writer of the store holds."""
    return f"store-{store_id}"


def batch_lock(batch_id: str) -> str:
    """Name of the lock that the owner of an unsettled batch holds."""
    return f"{BATCH_LOCKS}{batch_id}"


def _batch_id() -> str:
    return f"{time.time_ns():016x}{secrets.token_hex(4)}"


def begin(premises: Premises, store_id: str) -> Batch:
    """Open a batch. Its intent is on disk when this returns, and its lock is held.

    Raises StoreNotFound where the store has no table, LakeDamaged where its files lie in another lake.
    """
    from trailmere.lake import physical  # it loads pyarrow, which opening a lake does not need

    table = physical.described(view.metadata(premises.engine, store_id))
    location = premises.location(store_id)
    physical.check_place(table.location, location)
    if table.lacks_columns:
        _add_columns(premises, store_id)
        table = physical.described(view.metadata(premises.engine, store_id))
    batch_id = _batch_id()
    while not premises.locks.take(batch_lock(batch_id)):  # whoever tidies has its hand on it
        batch_id = _batch_id()
    with writing(premises.engine) as connection:
        ledger.open_batch(connection, batch_id, store_id, f"{socket.gethostname()}:{os.getpid()}")
    return Batch(batch_id, store_id, table.family, str(location), table.schema)


def _add_columns(premises: Premises, store_id: str) -> None:
    from trailmere.lake import catalog

    with held(premises.locks, store_lock(store_id)):
        catalog.add_columns(catalog.load(premises.catalog, store_id))
