"""What every engine promises: limits on bytes and time, cancelling, statistics. The engines are in ``query.engines``.

The base class keeps the promises; an engine does the work behind a few small methods. Compiling and planning come
before this (``query.service``), rendering after.
"""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from trailmere.errors import TrailmereError
from trailmere.query import failures
from trailmere.query.records import Look, Outcome, OutputColumn, QueryStatistics, ResultSet, Statement, TableUse

if TYPE_CHECKING:
    import pyarrow as pa

    from trailmere.lake.records import ScanPlan
    from trailmere.query.cage import Measure

GIB = 1 << 30
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class QueryLimits:
    """What one query may take. ``scan_bytes`` counts the planned files, ``answer_bytes`` the rows as Arrow holds them;
    0: no limit. ``characters``: of its text."""

    seconds: float = 600.0
    memory_bytes: int = 4 * GIB
    threads: int = 2
    scan_bytes: int = 0
    answer_bytes: int = 0
    characters: int = 10_000


class Cancellation:
    """Ends a query from another thread. Made by the caller, given to ``run``, good for one query."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._act: Callable[[], None] | None = None
        self.cancelled = False

    def cancel(self) -> None:
        """End the query now, or as soon as it begins. Whoever reads its answer gets QueryCancelled."""
        with self._lock:
            self.cancelled = True
            if self._act is not None:
                self._act()

    def on_cancel(self, act: Callable[[], None] | None) -> None:
        """For engines: what ends the query; None when there is nothing to end any more."""
        with self._lock:
            self._act = act
            if self.cancelled and act is not None:
                act()


@dataclass(frozen=True, slots=True)
class Job:
    """One query to run: a statement, the files of each of its tables, and how many rows are wanted (None: all).

    ``leases`` keep those files where they are; the engine closes them when the query has ended, however it ends.
    ``began``: when its time began to run, on the clock of ``time.monotonic``; planning counts.
    """

    statement: Statement
    scans: tuple[tuple[TableUse, ScanPlan], ...]
    rows: int | None = None
    cancellation: Cancellation = field(default_factory=Cancellation)
    leases: ExitStack = field(default_factory=ExitStack)
    began: float = field(default_factory=time.monotonic)

    @property
    def paths(self) -> tuple[str, ...]:
        """Every planned file once."""
        return tuple(dict.fromkeys(file.path for _use, plan in self.scans for file in plan.files))


def in_time(items: Iterable[Item], began: float, limits: QueryLimits, cancelled: Cancellation) -> Iterator[Item]:
    """The items, as long as the query may go on: for work that is done for each mention of a store before it runs.

    Raises QueryLimitExceeded, QueryCancelled.
    """
    for item in items:
        if cancelled.cancelled:
            raise failures.cancelled()
        if time.monotonic() - began > limits.seconds:
            raise failures.time_exceeded(limits.seconds)
        yield item


class TimeIsUp(Exception):
    """An engine had no answer in the seconds it was given. Never leaves this room."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The engine has given all rows, or as many as were wanted (``cut``)."""

    cut: bool


class Run(ABC):
    """A query at work in an engine."""

    @abstractmethod
    def next(self, seconds: float) -> pa.Schema | pa.RecordBatch | Ended:
        """The schema, then batches, then Ended. Raises TimeIsUp, or the error that the query failed with."""

    @abstractmethod
    def kill(self) -> None:
        """Stop at once, from any thread; ``next`` then raises."""

    @abstractmethod
    def release(self) -> None:
        """Let go of everything. Called once, whatever happened."""


class Engine(ABC):
    """Runs jobs within limits. ``begin`` is the engine's part."""

    def __init__(self, warehouse: Path, limits: QueryLimits) -> None:
        self.warehouse = warehouse
        self.limits = limits

    @abstractmethod
    def begin(self, job: Job) -> Run:
        """Start the job; do not wait for it."""

    @abstractmethod
    def measures(self) -> tuple[Measure, ...]:
        """What keeps a query from doing anything but read. Raises EngineError where none can be run at all."""

    def prepare(self) -> None:  # noqa: B027 - an engine may have nothing to prepare
        """Get ready for a first query while the caller does something else."""

    def close(self) -> None:  # noqa: B027 - nor anything to close
        """Let go of processes and connections."""

    def run(self, job: Job) -> ResultSet:
        """The answer, as soon as its first rows are there.

        Raises QueryLimitExceeded (bytes: before anything runs; time: the engine was killed; memory), QueryCancelled,
        EngineError, and LakeDamaged where a planned file cannot be read. Reading the batches may raise them too.
        """
        self._refuse_large_scans(job)
        started = time.monotonic()
        answer = Answer(self.begin(job), job, self.limits, started)
        schema = answer.schema()
        return ResultSet(
            columns=job.statement.columns or tuple(OutputColumn(name) for name in schema.names),
            schema=schema,
            batches=answer,
            statistics=statistics(job, time.monotonic() - started),
            outcome=answer.outcome,
            looks=looks(job),
        )

    def _refuse_large_scans(self, job: Job) -> None:
        wanted = sum(plan.bytes for _use, plan in job.scans)
        if 0 < self.limits.scan_bytes < wanted:
            raise failures.scan_exceeded(wanted, self.limits.scan_bytes)


class Answer(Iterator["pa.RecordBatch"]):
    """The rows of a running query. Keeps limits of time and size, tells why it was stopped, and lets go of the engine.

    The clock runs while the engine is awaited, not while the reader of the rows takes its time.
    """

    def __init__(self, run: Run, job: Job, limits: QueryLimits, started: float) -> None:
        self.outcome = Outcome()
        self._run: Run | None = run
        self._cancellation = job.cancellation
        self._leases = job.leases
        self._names = tuple(column.name for column in job.statement.columns)
        self._limits = limits
        self._left = max(0.0, limits.seconds - (time.monotonic() - job.began))
        self._bytes = 0
        self._started = started
        self._schema: pa.Schema | None = None
        self._first: pa.RecordBatch | None = None
        self._cancellation.on_cancel(run.kill)

    def schema(self) -> pa.Schema:
        """Names (as the user wrote them) and types. Waits for the first rows, so that early failures come here."""
        self._schema = self._named(self._step())
        self._first = next(self, None)
        return self._schema

    def __next__(self) -> pa.RecordBatch:
        """The next batch, with the user's column names."""
        import pyarrow as pa

        if self._first is not None:
            batch, self._first = self._first, None
            return batch
        if self._run is None:
            raise StopIteration
        step = self._step()
        if isinstance(step, Ended):
            self.outcome.cut, self.outcome.done = step.cut, True
            self.close()
            raise StopIteration
        self._measure(step)
        return pa.RecordBatch.from_arrays(step.columns, schema=self._schema)

    def _measure(self, batch: pa.RecordBatch) -> None:
        self._bytes += batch.nbytes
        if 0 < self._limits.answer_bytes < self._bytes:
            self.close()
            raise failures.answer_exceeded(self._bytes, self.outcome.rows, self._limits.answer_bytes)
        self.outcome.rows += batch.num_rows

    def close(self) -> None:
        """End the query if it still runs."""
        run, self._run = self._run, None
        if run is not None:
            self.outcome.seconds = time.monotonic() - self._started
            self._cancellation.on_cancel(None)
            run.release()
            self._leases.close()

    def __del__(self) -> None:
        self.close()

    def _step(self) -> Any:
        assert self._run is not None
        since = time.monotonic()
        try:
            return self._run.next(self._left)
        except TimeIsUp:
            self.close()
            raise failures.time_exceeded(self._limits.seconds) from None
        except TrailmereError as error:
            self.close()
            if self._cancellation.cancelled:
                raise failures.cancelled() from None
            raise error from None
        except BaseException:  # Ctrl-C among them: the engine must not go on for nobody
            self.close()
            raise
        finally:
            self._left = max(0.0, self._left - (time.monotonic() - since))

    def _named(self, schema: pa.Schema) -> pa.Schema:
        import pyarrow as pa

        if len(self._names) != len(schema):
            return schema
        return pa.schema([column.with_name(name) for column, name in zip(schema, self._names, strict=True)])


def statistics(job: Job, seconds: float) -> QueryStatistics:
    """What the planned files amount to. A store that is mentioned twice is read, and counted, twice."""
    plans = [plan for _use, plan in job.scans]
    return QueryStatistics(
        files=sum(len(plan.files) for plan in plans),
        bytes_scanned=sum(plan.bytes for plan in plans),
        rows_scanned=sum(file.rows for plan in plans for file in plan.files),
        total_files=sum(plan.total_files for plan in plans),
        total_bytes=sum(plan.total_bytes for plan in plans),
        seconds=seconds,
    )


def looks(job: Job) -> tuple[Look, ...]:
    """The stores that a job reads, each as one snapshot."""
    seen = {use.store.id: Look(use.store, plan.snapshot_id, plan.snapshot_time) for use, plan in job.scans}
    return tuple(seen.values())
