"""Queries that go on after the call that started them: queued, run, kept, paged, cancelled, and forgotten in the end.

A query is a row with a status (``registry.queries``) and a claim that dies with its process: whoever serves the lake
takes over what has no holder, so that a query whose server was killed runs again and its client never notices. Several
servers may serve one lake. The threads and claims are ``query.crew``; who may ask is the door's business.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from trailmere.errors import InvalidParameter, InvalidTimeRange
from trailmere.query.crew import JobLimits, QueryCrew
from trailmere.query.encoding import Row, result_row, texts
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

__all__ = ["Asked", "JobLimits", "Page", "QueryJobs"]

LISTED = timedelta(days=7)  # what ListQueries tells of
PAGE_CHARACTERS = 8 << 20  # of one page: a row more than this is given alone


@dataclass(frozen=True, slots=True)
class Asked:
    """A query as a client asks it: a statement, or an alias; ``?`` in it are filled by ``parameters``.

    ``account_id`` and ``region`` are those of the stores; ``asked_by`` is the ARN of who asks. One of a dashboard's
    refresh has both statement and alias, and the refresh's id.
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
        self._service = service
        self._records = records
        self._aliases = aliases
        self._answers = answers
        self._runner = runner
        self._limits = limits
        self._crew = QueryCrew(lake, records, answers, runner, limits)

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
        self._records.add(query, self._limits.at_once if asked.refresh_id is None else None)
        self._crew.resume()
        self._crew.hint()
        return query

    def _statement(self, asked: Asked) -> tuple[str, str | None]:
        if asked.refresh_id is not None:
            return fill(asked.statement or "", asked.parameters), None
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

    def of_refresh(self, account_id: str, aliases: Collection[str], refresh_id: str) -> list[Query]:
        """The queries of a dashboard's refresh; ``aliases`` are those of its widgets."""
        return self._records.of_refresh(account_id, aliases, refresh_id)

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
        self._crew.end(query_id)
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

    def busy(self) -> tuple[int, int]:
        """How many queries run, and how many wait for a runner; of all accounts."""
        statuses = [query.status for query in self._records.unfinished()]
        return statuses.count(QueryStatus.RUNNING), statuses.count(QueryStatus.QUEUED)

    def resume(self) -> None:
        """Run what waits, and take over what other servers left. Harmless when done twice."""
        self._crew.resume()

    def sweep(self) -> int:
        """Forget the queries whose days are over, with their answers; returns how many."""
        return self._crew.sweep()

    def close(self) -> None:
        """Stop. Queries that run are queued again, for the next server."""
        self._crew.close()
