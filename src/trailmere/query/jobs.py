"""Queries that go on after the call that started them: queued, run, kept, paged, cancelled, and forgotten in the end.

A query is a row with a status (``registry.queries``) and a claim that dies with its process: whoever serves the lake
takes over what has no holder, so that a query whose server was killed runs again and its client never notices. Several
servers may serve one lake. What a runner does with one query is ``query.runner``; who may ask is the door's business.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from trailmere.errors import InvalidParameter, InvalidTimeRange, QueryNotCancellable, QueryNotFound
from trailmere.query.encoding import Row, result_row, texts
from trailmere.query.engine import Cancellation
from trailmere.query.parameters import fill
from trailmere.registry.query_records import DeliveryStatus, Query, QueryStatus

if TYPE_CHECKING:
    from trailmere.lake.vault import Lake
    from trailmere.query.kept import KeptAnswers
    from trailmere.query.records import Catalog
    from trailmere.query.runner import Runner
    from trailmere.query.service import QueryService
    from trailmere.registry.aliases import AliasRecords
    from trailmere.registry.queries import QueryRecords

LOOK_SECONDS = 1.0  # how often the keeper looks for cancelled queries, and for queries without a holder
SWEEP_SECONDS = 600.0
STOP_SECONDS = 30.0
LISTED = timedelta(days=7)  # what ListQueries tells of
PAGE_CHARACTERS = 8 << 20  # of one page: a row more than this is given alone

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class JobLimits:
    """``runners``: queries that run at once in this process; ``at_once``: of one account, those that wait included;
    ``days``: how long answers are kept, 0 for ever."""

    runners: int = 4
    at_once: int = 10
    days: float = 7.0


@dataclass(frozen=True, slots=True)
class Asked:
    """A query as a client asks it: a statement, or an alias; ``?`` in it are filled by ``parameters``.

    ``account_id`` and ``region`` are those of the stores; ``asked_by`` is the ARN of who asks.
    """

    account_id: str
    region: str
    asked_by: str
    asked_by_account: str
    statement: str | None = None
    alias: str | None = None
    parameters: tuple[str, ...] = ()
    delivery_uri: str | None = None
    refresh_id: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of an answer, and the number of the row that the next page begins with; None at the end."""

    rows: list[Row]
    following: int | None


class QueryJobs:
    """The queries of a lake as clients see them. Safe to use from several threads.

    Queries run from ``resume`` on, or from the first ``start``, until ``close``.
    """

    def __init__(
        self,
        lake: Lake,
        service: QueryService,
        records: QueryRecords,
        aliases: AliasRecords,
        answers: KeptAnswers,
        runner: Runner,
        limits: JobLimits,
    ) -> None:
        self._lake = lake
        self._service = service
        self._records = records
        self._aliases = aliases
        self._answers = answers
        self._runner = runner
        self._limits = limits
        self._changed = threading.Condition()
        self._running: dict[str, Cancellation] = {}
        self._threads: list[threading.Thread] = []
        self._hints = 0
        self._stopping = False

    # -- what clients do -----------------------------------------------------------------------------------------------

    def start(
        self, asked: Asked, catalog: Catalog, allow: Callable[[tuple[str, ...]], None] = lambda _store_ids: None
    ) -> Query:
        """Queue a query; it is on disk when this returns. ``catalog``: the stores that can be named.

        ``allow`` is called with the ids of all stores that the statement reads, and raises where that is refused.
        Raises StatementInvalid and its kin, InvalidParameter, MaxConcurrentQueries, DestinationError, and what the
        catalog raises.
        """
        statement, prompt = self._statement(asked)
        checked = self._service.check(statement, catalog)
        store_ids = tuple(dict.fromkeys(use.store.id for use in checked.tables))
        allow(store_ids)
        if asked.delivery_uri is not None:
            self._runner.check_destination(asked.delivery_uri)
        query = Query(
            id=str(uuid.uuid4()),
            account_id=asked.account_id,
            region=asked.region,
            asked_by=asked.asked_by,
            asked_by_account=asked.asked_by_account,
            statement=statement,
            store_ids=store_ids,
            created=self._records.clock(),
            alias=asked.alias,
            parameters=asked.parameters,
            prompt=prompt,
            refresh_id=asked.refresh_id,
            delivery_uri=asked.delivery_uri,
            delivery_status=None if asked.delivery_uri is None else DeliveryStatus.PENDING,
        )
        self._records.add(query, self._limits.at_once)
        self.resume()
        self._hint()
        return query

    def _statement(self, asked: Asked) -> tuple[str, str | None]:
        if (asked.statement is None) == (asked.alias is None):
            raise InvalidParameter("expected a QueryStatement or a QueryAlias, and one of them only")
        if asked.alias is None:
            return fill(asked.statement or "", asked.parameters), None
        named = self._aliases.get(asked.account_id, asked.alias)
        return fill(named.statement, asked.parameters), named.prompt

    def get(self, query_id: str) -> Query:
        """A query as it stands. Raises QueryNotFound."""
        return self._records.get(query_id)

    def of_alias(self, account_id: str, alias: str, refresh_id: str | None = None) -> Query:
        """The latest query of an alias. Raises QueryNotFound."""
        return self._records.of_alias(account_id, alias, refresh_id)

    def of_store(
        self,
        store_id: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        status: QueryStatus | None = None,
        after: tuple[datetime, str] | None = None,
        limit: int = 1000,
    ) -> list[Query]:
        """The queries of the last seven days that read a store, newest first, between two times.

        ``after``: time and id of the last one of the page before. Raises InvalidTimeRange.
        """
        earliest = self._records.clock() - LISTED
        if since is not None and until is not None and until < since:
            raise InvalidTimeRange(f"expected a range that ends after {since.isoformat()}, got {until.isoformat()}")
        return self._records.of_store(
            store_id, since=max(since or earliest, earliest), until=until, status=status, after=after, limit=limit
        )

    def cancel(self, query_id: str) -> Query:
        """End a query now, wherever it runs. Raises QueryNotFound, QueryNotCancellable."""
        query = self._records.cancel(query_id)
        with self._changed:
            cancellation = self._running.get(query_id)
        if cancellation is not None:
            cancellation.cancel()
        return query

    def page(self, query: Query, first: int = 0, limit: int = 1000) -> Page:
        """At most ``limit`` rows of an answer from row number ``first`` on; fewer where they are very large.

        A query that has not ended has a page without rows, and another one after it. Raises LakeDamaged.
        """
        if query.answer is None:
            return Page([], None if query.ended else 0)
        rows: list[Row] = []
        characters = 0
        names: list[str] | None = None
        for batch in self._answers.batches(query.id, query.answer, first):
            names = names or batch.schema.names
            for row in texts(batch.slice(0, limit - len(rows))):
                characters += sum(map(len, row))
                if rows and characters > PAGE_CHARACTERS:
                    return Page(rows, first + len(rows))
                rows.append(result_row(names, row))
            if len(rows) == limit:
                break
        following = first + len(rows)
        return Page(rows, following if following < query.answer.rows else None)

    # -- what goes on behind them --------------------------------------------------------------------------------------

    def resume(self) -> None:
        """Run what waits, and take over what other servers left. Harmless when done twice."""
        with self._changed:
            if self._threads or self._stopping:
                return
            runners = [(self._run_queries, f"query-runner-{number}") for number in range(self._limits.runners)]
            for target, name in [*runners, (self._keep_watch, "query-keeper")]:
                thread = threading.Thread(target=target, name=name, daemon=True)
                self._threads.append(thread)
                thread.start()
        self._hint()

    def close(self) -> None:
        """Stop. Queries that run are queued again, for the next server."""
        with self._changed:
            self._stopping = True
            running = list(self._running.values())
            self._changed.notify_all()
        for cancellation in running:
            cancellation.cancel()
        for thread in self._threads:
            thread.join(STOP_SECONDS)

    def sweep(self) -> int:
        """Forget the queries whose days are over, with their answers; returns how many."""
        if self._limits.days == 0:
            return 0
        over = self._records.ended_before(self._records.clock() - timedelta(days=self._limits.days))
        for query_id in over:
            self._answers.remove(query_id)
            self._records.remove(query_id)
        return len(over)

    def _hint(self) -> None:
        with self._changed:
            self._hints += 1
            self._changed.notify_all()

    def _run_queries(self) -> None:
        seen = -1
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._stopping or self._hints != seen)  # noqa: B023 - called at once
                if self._stopping:
                    return
                seen = self._hints
            while self._run_one():
                pass

    def _run_one(self) -> bool:
        """Run or deliver the first query that nobody holds; False where there is none."""
        try:
            for query in self._records.unfinished():
                if self._stopping:
                    return False
                if self._lake.claim(_claim(query.id)):
                    try:
                        self._work(query.id)
                    finally:
                        self._lake.release(_claim(query.id))
                    return True
        except Exception:  # the thread must live on; the keeper hints again
            logger.exception("a query could not be taken up; it is tried again")
        return False

    def _work(self, query_id: str) -> None:
        """With the claim held: what is to be done for a query, if it has not been done meanwhile."""
        cancellation = Cancellation()
        with self._changed:
            self._running[query_id] = cancellation
            if self._stopping:
                cancellation.cancel()
        try:
            query = self._records.get(query_id)
            if not query.ended:
                query = self._runner.run(self._records.begin(query_id), cancellation, self._is_stopping)
            if query.ended and query.delivery_status is DeliveryStatus.PENDING:
                self._runner.deliver(query)
        except (QueryNotCancellable, QueryNotFound):
            pass  # it was cancelled, or forgotten, a moment ago
        finally:
            with self._changed:
                del self._running[query_id]

    def _is_stopping(self) -> bool:
        return self._stopping

    def _keep_watch(self) -> None:
        """Ends what was cancelled through another server, finds what has no holder, forgets what is past its days."""
        swept = 0.0
        while True:
            with self._changed:
                if self._changed.wait_for(lambda: self._stopping, timeout=LOOK_SECONDS):
                    return
                running = dict(self._running)
            try:
                for query_id in self._records.cancelled(running) if running else ():
                    running[query_id].cancel()
                if {query.id for query in self._records.unfinished()} - running.keys():
                    self._hint()
                if time.monotonic() - swept > SWEEP_SECONDS:
                    swept = time.monotonic()
                    self.sweep()
            except Exception:
                logger.exception("the keeper of queries could not look; it looks again")


def _claim(query_id: str) -> str:
    return f"query-{query_id}"
