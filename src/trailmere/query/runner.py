"""One query from its beginning to its end: the engine's rows into a file, the outcome into the record.

``OUTCOMES`` says which status and words an error becomes; the words of limits are those that CloudTrail Lake's clients
look for. Threads, claims and queues are ``query.jobs``; the delivery of an answer is ``query.delivery``.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from trailmere.errors import QueryCancelled, QueryError, QueryLimitExceeded, StoreError, TrailmereError
from trailmere.registry.query_records import DeliveryStatus, Query, QueryCost, QueryStatus, SnapshotRead

if TYPE_CHECKING:
    from trailmere.query.delivery import Courier
    from trailmere.query.engine import Cancellation
    from trailmere.query.kept import AnswerWriter, KeptAnswers
    from trailmere.query.records import Catalog, ResultSet, StoreEntry
    from trailmere.query.service import QueryService
    from trailmere.registry.queries import QueryRecords
    from trailmere.registry.query_records import KeptAnswer

# the limit -> the status, and what CloudTrail Lake says
OUTCOMES = {
    "query_seconds": (QueryStatus.TIMED_OUT, "Query timed out"),
    "query_memory_bytes": (QueryStatus.FAILED, "Query exhausted resources at this scale factor"),
    "query_scan_bytes": (QueryStatus.FAILED, "Query exhausted resources at this scale factor"),
    "query_answer_bytes": (QueryStatus.FAILED, "Query response is too large"),
}
MOST_ATTEMPTS = 5  # a query that ends its server each time must not do so for ever
LONGEST_MESSAGE = 1000  # ErrorMessage of DescribeQuery
INTERRUPTED = "The query was interrupted"
BEGUN_TOO_OFTEN = "Query exhausted resources at this scale factor: the server ended each time that it was begun"
UNREADABLE = "The query could not be run: the event data store cannot be read now"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended."""

    status: QueryStatus
    message: str | None = None


@dataclass(frozen=True, slots=True)
class RecordedCatalog:
    """The stores that a query was allowed to read when it was started, and no others."""

    stores: tuple[StoreEntry, ...]

    def find(self, name: str) -> StoreEntry | None:
        """By id, ARN or name."""
        lowered = name.lower()
        by_id = next((one for one in self.stores if lowered in (one.id, one.arn.lower())), None)
        return by_id or next((one for one in self.stores if one.name == name), None)

    def names(self) -> tuple[str, ...]:
        """All names."""
        return tuple(store.name for store in self.stores)


class Runner:
    """Runs queries, one at a time in each thread that calls it."""

    def __init__(
        self,
        service: QueryService,
        records: QueryRecords,
        answers: KeptAnswers,
        catalog: Catalog,
        courier: Courier,
    ) -> None:
        """``catalog``: all stores of the lake, by id."""
        self._service = service
        self._records = records
        self._answers = answers
        self._catalog = catalog
        self._courier = courier

    def check_destination(self, uri: str) -> None:
        """Raises DestinationError where nothing can be delivered to ``uri``."""
        self._courier.check(uri)

    def run(self, query: Query, cancellation: Cancellation, stopping: Callable[[], bool]) -> Query:
        """Run a query that has begun; the record as it is then. Queued again where the server is stopping.

        Raises QueryNotCancellable where somebody cancelled it meanwhile.
        """
        if query.attempt > MOST_ATTEMPTS:
            return self._records.end(query, QueryStatus.FAILED, error_message=BEGUN_TOO_OFTEN)
        attempt = _Attempt(self._service, self._answers, query, self._allowed, cancellation)
        outcome, kept = attempt.answer(), None
        try:
            if outcome.status is QueryStatus.CANCELLED:
                if stopping():
                    return self._records.end(query, QueryStatus.QUEUED)
                if (cancelled := self._records.get(query.id)).ended:
                    return cancelled
                outcome = Outcome(QueryStatus.FAILED, INTERRUPTED)
            if outcome.status in (QueryStatus.FINISHED, QueryStatus.TIMED_OUT):
                kept = attempt.keep()
        except TrailmereError as error:
            outcome = _outcome(error)
        finally:
            attempt.discard()
        delivery = query.delivery_status
        if outcome.status is not QueryStatus.FINISHED and delivery is not None:
            delivery = DeliveryStatus.CANCELLED  # partial answers are not delivered
        return self._records.end(
            query,
            outcome.status,
            error_message=outcome.message,
            answer=kept,
            cost=attempt.cost(),
            snapshots=attempt.snapshots(),
            delivery_status=delivery,
        )

    def deliver(self, query: Query) -> None:
        """Deliver the answer of a finished query, and record what became of it."""
        self._records.delivered(query.id, self._courier.deliver(query))

    def _allowed(self, query: Query) -> Catalog:
        entries = (self._catalog.find(store_id) for store_id in query.store_ids)
        return RecordedCatalog(tuple(entry for entry in entries if entry is not None))


class _Attempt:
    """One run of a query, and what is known of it so far."""

    def __init__(
        self,
        service: QueryService,
        answers: KeptAnswers,
        query: Query,
        catalog: Callable[[Query], Catalog],
        cancellation: Cancellation,
    ) -> None:
        self._service = service
        self._answers = answers
        self._query = query
        self._catalog = catalog
        self._cancellation = cancellation
        self._started = time.monotonic()
        self._result: ResultSet | None = None
        self._writer: AnswerWriter | None = None

    def answer(self) -> Outcome:
        """Write the rows as they come. Never raises: an error is an outcome."""
        try:
            self._result = self._service.run(
                self._query.statement, cancellation=self._cancellation, catalog=self._catalog(self._query)
            )
            self._writer = self._answers.writer(self._query.id, self._query.attempt, self._result.schema)
            for batch in self._result.batches:
                self._writer.add(batch)
            return Outcome(QueryStatus.FINISHED)
        except TrailmereError as error:
            return _outcome(error)
        except Exception:  # a fault of ours must end this query, and not the thread
            logger.exception("query %s failed by a fault of Trailmere", self._query.id)
            return Outcome(QueryStatus.FAILED, "The query failed by an internal error")
        finally:
            if self._result is not None:
                self._result.close()

    def keep(self) -> KeptAnswer | None:
        """Keep what was written, complete or not; None where not even the columns are known."""
        return None if self._writer is None else self._writer.close()

    def discard(self) -> None:
        """Leave nothing of what is not kept."""
        if self._writer is not None:
            self._writer.discard()

    def cost(self) -> QueryCost:
        """What it took so far."""
        milliseconds = round((time.monotonic() - self._started) * 1000)
        if self._result is None:
            return QueryCost(milliseconds=milliseconds)
        taken = self._result.statistics
        rows = 0 if self._writer is None else self._writer.rows
        return QueryCost(rows, taken.rows_scanned, taken.bytes_scanned, milliseconds)

    def snapshots(self) -> tuple[SnapshotRead, ...]:
        """What was read of each store."""
        looks = () if self._result is None else self._result.looks
        return tuple(SnapshotRead(look.store.arn, look.snapshot_id, _utc(look.snapshot_time)) for look in looks)


def _utc(moment: datetime | None) -> datetime | None:
    """The lake gives times without their zone."""
    return None if moment is None else moment.replace(tzinfo=UTC)


def _outcome(error: TrailmereError) -> Outcome:
    match error:
        case QueryCancelled():
            return Outcome(QueryStatus.CANCELLED)
        case QueryLimitExceeded() if error.limit in OUTCOMES:
            status, words = OUTCOMES[error.limit]
            return Outcome(status, f"{words}: {error.message}"[:LONGEST_MESSAGE])
        case QueryError() | StoreError():
            return Outcome(QueryStatus.FAILED, error.message[:LONGEST_MESSAGE])
    logger.error("a query failed: %s", error.message)  # it may name files of this machine: not for the client
    return Outcome(QueryStatus.FAILED, UNREADABLE)
