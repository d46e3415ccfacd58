"""The threads that run queries in the background, and the one that keeps watch over them.

A runner takes the first query that nobody holds, holds it with a claim that dies with its process, and has it run and
delivered (``query.runner``). The keeper ends what was cancelled through another server, finds what a server that went
away has left, and forgets queries past their days. What clients do with queries is ``query.jobs``.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from trailmere.errors import QueryNotCancellable, QueryNotFound
from trailmere.query.engine import Cancellation
from trailmere.registry.query_records import DeliveryStatus

if TYPE_CHECKING:
    from trailmere.lake.vault import Lake
    from trailmere.query.kept import KeptAnswers
    from trailmere.query.runner import Runner
    from trailmere.registry.queries import QueryRecords

LOOK_SECONDS = 1.0  # how often the keeper looks for cancelled queries, and for queries without a holder
SWEEP_SECONDS = 600.0
STOP_SECONDS = 30.0
CLAIMS = "query-"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class JobLimits:
    """``runners``: queries that run at once in this process; ``at_once``: of one account, those that wait included;
    ``days``: how long answers are kept, 0 for ever."""

    runners: int = 4
    at_once: int = 10
    days: float = 7.0


class QueryCrew:
    """Runs the queries of a lake from ``resume`` until ``close``. Safe to use from several threads."""

    def __init__(
        self, lake: Lake, records: QueryRecords, answers: KeptAnswers, runner: Runner, limits: JobLimits
    ) -> None:
        self._lake = lake
        self._records = records
        self._answers = answers
        self._runner = runner
        self._limits = limits
        self._changed = threading.Condition()
        self._running: dict[str, Cancellation] = {}
        self._threads: list[threading.Thread] = []
        self._hints = 0
        self._stopping = False

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
        self.hint()

    def hint(self) -> None:
        """Something may have to be done."""
        with self._changed:
            self._hints += 1
            self._changed.notify_all()

    def end(self, query_id: str) -> None:
        """Stop a query that runs here; nothing where it does not."""
        with self._changed:
            cancellation = self._running.get(query_id)
        if cancellation is not None:
            cancellation.cancel()

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
        self._lake.tidy_claims(CLAIMS, {_claim(query.id) for query in self._records.unfinished()})
        if self._limits.days == 0:
            return 0
        over = self._records.ended_before(self._records.clock() - timedelta(days=self._limits.days))
        for query_id in over:
            self._answers.remove(query_id)
            self._records.remove(query_id)
        return len(over)

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
                    self.hint()
                if time.monotonic() - swept > SWEEP_SECONDS:
                    swept = time.monotonic()
                    self.sweep()
            except Exception:
                logger.exception("the keeper of queries could not look; it looks again")


def _claim(query_id: str) -> str:
    return f"{CLAIMS}{query_id}"
