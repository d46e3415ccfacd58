"""A query's life: SQL is compiled, each mention of a store is planned, and an engine answers.

Doors call ``run`` or ``explain`` and render what comes back; nothing here prints or reads settings.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trailmere.query.compiled import CompiledStatements
from trailmere.query.engine import Cancellation, Engine, Job, QueryLimits, in_time
from trailmere.query.engines import ENGINES

if TYPE_CHECKING:
    from datetime import datetime

    from trailmere.lake.records import Condition, ScanPlan
    from trailmere.lake.vault import Lake
    from trailmere.query.records import Catalog, ResultSet, Statement, TableUse

__all__ = ["Cancellation", "Explanation", "QueryLimits", "QueryService", "StoreScan"]


@dataclass(frozen=True, slots=True)
class StoreScan:
    """What one mention of a store costs: the files that can hold matching rows, out of all there are."""

    store: str
    store_id: str
    snapshot_id: int | None
    snapshot_time: datetime | None
    files: int
    bytes: int
    rows: int
    total_files: int
    total_bytes: int
    total_rows: int
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a statement would do, before it does it. ``sql`` is what the engine would be given."""

    sql: str
    scans: tuple[StoreScan, ...]
    columns: tuple[str, ...]

    @property
    def files(self) -> int:
        """Files to be scanned."""
        return sum(scan.files for scan in self.scans)

    @property
    def bytes(self) -> int:
        """Bytes of the files to be scanned: an upper bound, columns that are not named are not read."""
        return sum(scan.bytes for scan in self.scans)

    @property
    def rows(self) -> int:
        """Rows of the files to be scanned."""
        return sum(scan.rows for scan in self.scans)


class QueryService:
    """The way out of a lake. One instance serves many queries, from several threads."""

    def __init__(
        self, lake: Lake, catalog: Catalog, limits: QueryLimits | None = None, engine: Engine | None = None
    ) -> None:
        """``engine`` brings its own limits; without one, DuckDB under ``limits``."""
        self._lake = lake
        self._engine = engine or ENGINES["duckdb"](lake.home / "warehouse", limits or QueryLimits())
        self.limits = self._engine.limits
        self._statements = CompiledStatements(catalog, self.limits.characters)

    def prepare(self) -> None:
        """Warm an engine up while the caller still reads the statement."""
        self._engine.prepare()

    def run(
        self,
        sql: str,
        *,
        rows: int | None = None,
        at: datetime | int | None = None,
        cancellation: Cancellation | None = None,
        catalog: Catalog | None = None,
    ) -> ResultSet:
        """The answer to one Trino SELECT, as soon as its first rows are there.

        ``rows``: at most so many (None: all); ``at``: as the stores were then, a time or a snapshot id;
        ``cancellation`` ends the query from another thread; ``catalog``: the stores that can be named, where these are
        not all. Raises QueryError and its kin, SnapshotNotFound, LakeDamaged.
        """
        began, leases, cancellation = time.monotonic(), ExitStack(), cancellation or Cancellation()
        try:
            statement = self.check(sql, catalog)
            look = _Look(self._lake, at, leases)
            uses = in_time(statement.tables, began, self.limits, cancellation)
            scans = tuple((use, look.scan(use)) for use in uses)
            return self._engine.run(Job(statement, scans, rows, cancellation, leases, began))
        except BaseException:
            leases.close()
            raise

    def check(self, sql: str, catalog: Catalog | None = None) -> Statement:
        """The statement compiled: what it reads and gives. Errors are those of ``run`` up to here."""
        return self._statements.compile(sql, catalog)

    def explain(self, sql: str, *, at: datetime | int | None = None, catalog: Catalog | None = None) -> Explanation:
        """What the statement would read. Nothing of the data is read; errors are those of ``run`` up to here."""
        statement, look = self.check(sql, catalog), _Look(self._lake, at, None)
        return Explanation(
            sql=statement.sql,
            scans=tuple(_scan(use, look.scan(use)) for use in statement.tables),
            columns=tuple(column.name for column in statement.columns),
        )

    def close(self) -> None:
        """End the workers."""
        self._engine.close()


class _Look:
    """One statement's look at the lake: every store as one snapshot, however often it is mentioned, leased once."""

    def __init__(self, lake: Lake, at: datetime | int | None, leases: ExitStack | None) -> None:
        self._lake = lake
        self._at = at
        self._leases = leases
        self._snapshots: dict[str, int | None] = {}
        self._plans: dict[tuple[str, tuple[Condition, ...]], ScanPlan] = {}

    def scan(self, use: TableUse) -> ScanPlan:
        """The files for one mention of a store. They stay until the leases are closed."""
        key = (use.store.id, use.conditions)
        if key not in self._plans:
            self._plans[key] = self._another(use) if use.store.id in self._snapshots else self._first(use)
        return self._plans[key]

    def _first(self, use: TableUse) -> ScanPlan:
        """The first mention decides which snapshot it is."""
        while True:
            plan = self._lake.scan(use.store.id, use.conditions, at=self._at)
            if self._leases is None or plan.snapshot_id is None:
                break
            lease = self._lake.lease(use.store.id, plan.snapshot_id)
            if lease is not None:
                self._leases.callback(lease.free)
                break
        self._snapshots[use.store.id] = plan.snapshot_id
        return plan

    def _another(self, use: TableUse) -> ScanPlan:
        snapshot_id = self._snapshots[use.store.id]
        if snapshot_id is None:  # the store was empty a moment ago, and is so for this statement
            return next(plan for (id, _), plan in self._plans.items() if id == use.store.id)
        return self._lake.scan(use.store.id, use.conditions, at=snapshot_id)


def _scan(use: TableUse, plan: ScanPlan) -> StoreScan:
    return StoreScan(
        store=use.store.name,
        store_id=use.store.id,
        snapshot_id=plan.snapshot_id,
        snapshot_time=plan.snapshot_time,
        files=len(plan.files),
        bytes=plan.bytes,
        rows=sum(file.rows for file in plan.files),
        total_files=plan.total_files,
        total_bytes=plan.total_bytes,
        total_rows=plan.total_rows,
        conditions=plan.conditions or use.conditions,
    )
