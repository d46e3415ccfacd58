"""The engines, one small class each, and the table that they are chosen from.

What an engine promises is kept by its base class (``query.engine``); here is only the work.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trailmere.errors import EngineError, LakeDamaged
from trailmere.query import failures
from trailmere.query.engine import Ended, Engine, Job, QueryLimits, Run, TimeIsUp, in_time
from trailmere.query.pool import WorkerDied, WorkerPool, WorkerProcess, WorkerSettings, WorkerTimeout
from trailmere.query.relations import scan_sql, statement_sql
from trailmere.query.worker import BATCH, JSON

if TYPE_CHECKING:
    import pyarrow as pa

    from trailmere.query.cage import Measure


WILDCARDS = {"*", "?"}  # [ is one too, but a file that has it in its name is found in the end
MACRO_PREFIX = "lake_"  # by which all macros of the dialect begin; most statements need none


class DuckDBEngine(Engine):
    """DuckDB in a caged worker process (``query.worker``)."""

    def __init__(self, warehouse: Path, limits: QueryLimits) -> None:
        super().__init__(warehouse, limits)
        self.pool = WorkerPool(WorkerSettings(warehouse, limits.memory_bytes, limits.threads))

    def measures(self) -> tuple[Measure, ...]:
        """What a worker reports of itself, all of which are alike."""
        worker = self.pool.take()
        try:
            told = worker.measures()
        except BaseException:
            self.pool.discard(worker)
            raise
        self.pool.give_back(worker)
        return told

    def prepare(self) -> None:
        """Start a worker now."""
        self.pool.prepare()

    def close(self) -> None:
        """End the workers."""
        self.pool.close()

    def begin(self, job: Job) -> Run:
        """Hand the job to a worker."""
        from trailmere.query.dialect.macros import macros_of

        _refuse_strangers(job.paths, self.warehouse)
        sql = job.statement.sql
        request = {
            "sql": statement_sql(sql, _relations(job, self.limits), None if job.rows is None else job.rows + 1),
            "macros": macros_of(sql) if MACRO_PREFIX in sql else {},
            "folders": table_folders(job, self.warehouse),
            "rows": job.rows,
            "seconds": self.limits.seconds,
        }
        run = WorkerRun(self.pool, self.pool.take(), job, self.limits.memory_bytes)
        try:
            run.ask(request)
        except BaseException:
            run.release()
            raise
        return run


class WorkerRun(Run):
    """A query in a worker. The worker goes back to the pool if it ended well, and is killed if not."""

    def __init__(self, pool: WorkerPool, worker: WorkerProcess, job: Job, memory_bytes: int) -> None:
        self._pool = pool
        self._worker = worker
        self._job = job
        self._memory_bytes = memory_bytes
        self._schema: pa.Schema | None = None
        self._reusable = False

    def ask(self, request: dict[str, Any]) -> None:
        """Send the request."""
        try:
            self._worker.ask(request)
        except WorkerDied as death:
            raise failures.worker_died(death.cause, death.words, self._memory_bytes) from None

    def next(self, seconds: float) -> pa.Schema | pa.RecordBatch | Ended:
        """One frame."""
        import pyarrow as pa

        try:
            kind, payload = self._worker.receive(seconds)
        except WorkerTimeout:
            raise TimeIsUp from None
        except WorkerDied as death:
            raise failures.worker_died(death.cause, death.words, self._memory_bytes) from None
        if kind == JSON:
            return self._end(json.loads(payload))
        if kind == BATCH:
            return pa.ipc.read_record_batch(pa.py_buffer(payload), self._schema)
        self._schema = pa.ipc.read_schema(pa.py_buffer(payload))
        return self._schema

    def kill(self) -> None:
        """Kill the worker."""
        self._worker.kill()

    def release(self) -> None:
        """Back to the pool, or out of the world."""
        settle = self._pool.give_back if self._reusable else self._pool.discard
        settle(self._worker)

    def _end(self, frame: dict[str, Any]) -> Ended:
        fit = self._worker.fit(frame["resident_bytes"])
        if "end" in frame:
            self._reusable = fit
            return Ended(cut=frame["end"]["cut"])
        self._reusable = fit and failures.meaning(frame["error"]).reusable
        raise failures.explain_failure(
            frame["error"],
            frame["message"],
            names=names(self._job),
            paths=self._job.paths,
            memory_bytes=self._memory_bytes,
        )


def _relations(job: Job, limits: QueryLimits) -> dict[str, str]:
    """For each mention of a store, the SELECT over its planned files."""
    return {
        use.relation: scan_sql(
            use.store.family,
            [file.path for file in plan.files],
            use.columns,
            {file.path for file in plan.files if file.lacks_hot_columns},
        )
        for use, plan in in_time(job.scans, job.began, limits, job.cancellation)
    }


def table_folders(job: Job, warehouse: Path) -> list[str]:
    """The folders of the tables that the statement mentions: all that the engine may read for it."""
    from trailmere.lake.view import NAMESPACE

    return sorted({f"{warehouse}/{NAMESPACE}/{use.store.id}" for use, _plan in job.scans})


ENGINES: dict[str, type[Engine]] = {"duckdb": DuckDBEngine}


def names(job: Job) -> failures.Names:
    """From the engine's names in this job to the user's."""
    from trailmere.events.hot import stored_leaves

    families = {use.store.family for use, _plan in job.scans}
    return failures.Names(
        columns={leaf.name: ".".join(leaf.path) for family in families for leaf in stored_leaves(family)},
        relations={use.relation: use.store.name for use, _plan in job.scans},
        output=tuple(column.name for column in job.statement.columns),
    )


def _refuse_strangers(paths: tuple[str, ...], warehouse: Path) -> None:
    """The worker can read the warehouse and nothing else; say so before it runs into that."""
    if paths and WILDCARDS & set(str(warehouse)):
        raise EngineError(
            f"the lake lies in {warehouse}, and the DuckDB engine takes * and ? in a path for wildcards",
            hint="give the lake a folder without them, and ingest anew",
        )
    inside = f"{warehouse}/"
    stranger = next((path for path in paths if not path.startswith(inside)), None)
    if stranger is None:
        return
    if "://" in stranger:
        raise EngineError(f"the DuckDB engine reads local files, and the lake holds {stranger}")
    raise LakeDamaged(
        f"expected all data files beneath {warehouse}, but the table names {stranger}",
        hint="was the lake's folder copied or moved? Its tables hold absolute paths: put it back, or ingest anew",
    )
