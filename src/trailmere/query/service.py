"""A query's life: SQL is compiled, each mention of a store is planned, and an engine answers.

Doors call ``run`` or ``explain`` and render what comes back; nothing here prints or reads settings.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trailmere.query.compiled import CompiledStatements
from trailmere.query.engine import Cancellation, Engine, Job, QueryLimits
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
    ) -> ResultSet:
        """The answer to one Trino SELECT, as soon as its first rows are there.

        ``rows``: at most so many (None: all); ``at``: as the stores were then, a time or a snapshot id;
        ``cancellation`` ends the query from another thread. Raises QueryError and its kin, SnapshotNotFound,
        LakeDamaged.
        """
        leases = ExitStack()
        try:
            statement, scans = self._plan(sql, at, leases)
            return self._engine.run(Job(statement, scans, rows, cancellation or Cancellation(), leases))
        except BaseException:
            leases.close()
            raise

    def explain(self, sql: str, *, at: datetime | int | None = None) -> Explanation:
        """What the statement would read. Nothing of the data is read; errors are those of ``run`` up to here."""
        statement, scans = self._plan(sql, at)
        return Explanation(
            sql=statement.sql,
            scans=tuple(_scan(use, plan) for use, plan in scans),
            columns=tuple(column.name for column in statement.columns),
        )

    def close(self) -> None:
        """End the workers."""
        self._engine.close()

    def _plan(
        self, sql: str, at: datetime | int | None, leases: ExitStack | None = None
    ) -> tuple[Statement, tuple[tuple[TableUse, ScanPlan], ...]]:
        statement = self._statements.compile(sql)
        return statement, tuple((use, self._scan(use, at, leases)) for use in statement.tables)

    def _scan(self, use: TableUse, at: datetime | int | None, leases: ExitStack | None) -> ScanPlan:
        """The files for one mention of a store, which stay until ``leases`` are closed."""
        while True:
            plan = self._lake.scan(use.store.id, use.conditions, at=at)
            if leases is None or plan.snapshot_id is None:
                return plan
            lease = self._lake.lease(use.store.id, plan.snapshot_id)
            if lease is not None:
                leases.callback(lease.free)
                return plan


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
