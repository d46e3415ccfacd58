"""The queries of a lake that clients started: kept, found and changed as ``TRANSITIONS`` permits.

A change of status happens in one transaction that reads the status first, so of two who change it one is refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import asdict, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    and_,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from trailmere.errors import MaxConcurrentQueries, QueryNotCancellable, QueryNotFound
from trailmere.registry.database import UtcTime, create_tables, reading, utc_now, writing
from trailmere.registry.query_records import (
    ACTIVE,
    TRANSITIONS,
    DeliveryStatus,
    KeptAnswer,
    Query,
    QueryCost,
    QueryStatus,
    SnapshotRead,
)

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, Engine, RowMapping

METADATA = MetaData()
# one column for each field of Query, under its name; the stores are in a table of their own
QUERIES = Table(
    "queries",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("account_id", String(16), nullable=False),
    Column("region", String(32), nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("asked_by_account", String(16), nullable=False),
    Column("statement", Text, nullable=False),
    Column("created", UtcTime, nullable=False),
    Column("status", String(16), nullable=False, index=True),
    Column("alias", String(256)),
    Column("parameters", Text, nullable=False),  # JSON array
    Column("prompt", Text),
    Column("refresh_id", String(20)),
    Column("delivery_uri", Text),
    Column("delivery_status", String(32), index=True),
    Column("started", UtcTime),
    Column("finished", UtcTime),
    Column("attempt", Integer, nullable=False),
    Column("error_message", Text),
    Column("cost", Text, nullable=False),  # JSON of QueryCost
    Column("answer", Text),  # JSON of KeptAnswer
    Column("snapshots", Text, nullable=False),  # JSON array of SnapshotRead
    Index("queries_by_alias", "account_id", "alias", "refresh_id"),
    Index("queries_by_time", "created"),
)
QUERY_STORES = Table(
    "query_stores",
    METADATA,
    Column("query_id", String(36), ForeignKey("queries.id", ondelete="CASCADE"), primary_key=True),
    Column("store_id", String(36), primary_key=True, index=True),
    Column("place", Integer, nullable=False),
)


class QueryRecords:
    """The queries of one lake. ``clock`` gives the time with its zone."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime] = utc_now) -> None:
        self._engine = engine
        self.clock = clock
        create_tables(engine, METADATA)

    def add(self, query: Query, most_at_once: int | None) -> None:
        """Enter a query. Raises MaxConcurrentQueries where the account has as many that have not ended; those of
        dashboards do not count, and are entered without a limit (None)."""
        with writing(self._engine) as connection:
            if most_at_once is not None:
                _check_at_once(connection, query.asked_by_account, most_at_once)
            connection.execute(insert(QUERIES).values(**_row(query)))
            if query.store_ids:
                stores = [
                    {"query_id": query.id, "store_id": store, "place": place}
                    for place, store in enumerate(query.store_ids)
                ]
                connection.execute(insert(QUERY_STORES), stores)

    def get(self, query_id: str) -> Query:
        """The query of this id. Raises QueryNotFound."""
        with reading(self._engine) as connection:
            return _get(connection, query_id)

    def of_alias(self, account_id: str, alias: str, refresh_id: str | None = None) -> Query:
        """The latest query of an alias, or of one refresh of it. Raises QueryNotFound."""
        wanted = (QUERIES.c.account_id == account_id) & (QUERIES.c.alias == alias)
        if refresh_id is not None:
            wanted &= QUERIES.c.refresh_id == refresh_id
        newest = select(QUERIES).where(wanted).order_by(QUERIES.c.created.desc(), QUERIES.c.id).limit(1)
        with reading(self._engine) as connection:
            found = _queries(connection, newest)
        if not found:
            raise QueryNotFound(f"there is no query of the alias {alias}", hint="start it: StartQuery with QueryAlias")
        return found[0]

    def of_refresh(self, account_id: str, aliases: Collection[str], refresh_id: str) -> list[Query]:
        """The queries of one refresh of a dashboard, whose widgets have these aliases."""
        wanted = and_(
            QUERIES.c.account_id == account_id, QUERIES.c.alias.in_(aliases), QUERIES.c.refresh_id == refresh_id
        )
        with reading(self._engine) as connection:
            return _queries(connection, select(QUERIES).where(wanted).order_by(QUERIES.c.created, QUERIES.c.id))

    def of_store(
        self,
        store_id: str,
        *,
        since: datetime,
        until: datetime | None = None,
        status: QueryStatus | None = None,
        after: tuple[datetime, str] | None = None,
        limit: int = 1000,
    ) -> list[Query]:
        """The queries that read a store, newest first, begun between two times, both included.

        ``after``: time and id of the last query of the page before.
        """
        reads_it = select(QUERY_STORES.c.query_id).where(QUERY_STORES.c.store_id == store_id)
        wanted: list[ColumnElement[bool]] = [QUERIES.c.id.in_(reads_it), QUERIES.c.created >= since]
        if until is not None:
            wanted.append(QUERIES.c.created <= until)
        if status is not None:
            wanted.append(QUERIES.c.status == status)
        if after is not None:
            created, id = after
            wanted.append(or_(QUERIES.c.created < created, and_(QUERIES.c.created == created, QUERIES.c.id > id)))
        page = select(QUERIES).where(*wanted).order_by(QUERIES.c.created.desc(), QUERIES.c.id).limit(limit)
        with reading(self._engine) as connection:
            return _queries(connection, page)

    def unfinished(self) -> list[Query]:
        """Queries that have to run or to be delivered, oldest first; those of accounts with the fewest running
        first."""
        waiting = QUERIES.c.status.in_(ACTIVE) | (QUERIES.c.delivery_status == DeliveryStatus.PENDING)
        with reading(self._engine) as connection:
            found = _queries(connection, select(QUERIES).where(waiting).order_by(QUERIES.c.created, QUERIES.c.id))
        running: dict[str, int] = {}
        for query in found:
            if query.status is QueryStatus.RUNNING:
                running[query.asked_by_account] = running.get(query.asked_by_account, 0) + 1
        return sorted(found, key=lambda query: running.get(query.asked_by_account, 0))

    def cancelled(self, query_ids: Collection[str]) -> set[str]:
        """Those of the ids that are not to go on: cancelled, or gone."""
        going_on = select(QUERIES.c.id).where(QUERIES.c.id.in_(query_ids) & QUERIES.c.status.in_(ACTIVE))
        with reading(self._engine) as connection:
            return set(query_ids) - set(connection.scalars(going_on))

    def begin(self, query_id: str) -> Query:
        """Running from now on, also where a server that went away had begun it. Raises QueryNotCancellable, ..."""
        with writing(self._engine) as connection:
            before = _get(connection, query_id)
            _check_transition(before, QueryStatus.RUNNING, restart=True)
            after = replace(before, status=QueryStatus.RUNNING, started=self.clock(), attempt=before.attempt + 1)
            return _changed(connection, after)

    def end(self, query: Query, status: QueryStatus, **found: Any) -> Query:
        """What came of an attempt. Raises QueryNotCancellable where it had ended, or was begun again by others."""
        with writing(self._engine) as connection:
            before = _get(connection, query.id)
            _check_transition(before, status)
            if before.attempt != query.attempt:
                raise QueryNotCancellable(f"query {query.id} was begun again: attempt {before.attempt}")
            finished = None if status in ACTIVE else self.clock()
            return _changed(connection, replace(before, status=status, finished=finished, **found))

    def cancel(self, query_id: str) -> Query:
        """Raises QueryNotFound, QueryNotCancellable."""
        with writing(self._engine) as connection:
            before = _get(connection, query_id)
            _check_transition(before, QueryStatus.CANCELLED)
            delivery = None if before.delivery_status is None else DeliveryStatus.CANCELLED
            return _changed(
                connection,
                replace(before, status=QueryStatus.CANCELLED, finished=self.clock(), delivery_status=delivery),
            )

    def delivered(self, query_id: str, status: DeliveryStatus) -> None:
        """What became of the delivery."""
        with writing(self._engine) as connection:
            connection.execute(update(QUERIES).where(QUERIES.c.id == query_id).values(delivery_status=status))

    def ended_before(self, moment: datetime) -> list[str]:
        """The ids of queries that ended before ``moment``."""
        over = ~QUERIES.c.status.in_(ACTIVE) & (QUERIES.c.finished < moment)
        with reading(self._engine) as connection:
            return list(connection.scalars(select(QUERIES.c.id).where(over)))

    def remove(self, query_id: str) -> None:
        """Forget a query."""
        with writing(self._engine) as connection:
            connection.execute(delete(QUERY_STORES).where(QUERY_STORES.c.query_id == query_id))
            connection.execute(delete(QUERIES).where(QUERIES.c.id == query_id))


def _get(connection: Connection, query_id: str) -> Query:
    found = _queries(connection, select(QUERIES).where(QUERIES.c.id == query_id))
    if not found:
        raise QueryNotFound(
            f"there is no query {query_id}", hint="answers are kept for some days: start the query again"
        )
    return found[0]


def _check_at_once(connection: Connection, account_id: str, most: int) -> None:
    own = (QUERIES.c.asked_by_account == account_id) & QUERIES.c.status.in_(ACTIVE) & QUERIES.c.refresh_id.is_(None)
    running = connection.execute(select(func.count()).select_from(QUERIES).where(own)).scalar_one()
    if running >= most:
        raise MaxConcurrentQueries(
            f"You are already running the maximum number of concurrent queries: {running}.",
            hint="wait until one of them has ended, or cancel one",
        )


def _check_transition(query: Query, status: QueryStatus, *, restart: bool = False) -> None:
    if status not in TRANSITIONS[query.status] and not (restart and query.status is status):
        raise QueryNotCancellable(
            f"query {query.id} is {query.status}, and cannot be {status} any more", hint="start it again"
        )


def _changed(connection: Connection, query: Query) -> Query:
    connection.execute(update(QUERIES).where(QUERIES.c.id == query.id).values(**_row(query)))
    return query


# --- records as rows --------------------------------------------------------------------------------------------------


def _queries(connection: Connection, wanted: Any) -> list[Query]:
    rows = connection.execute(wanted).mappings().all()
    read = select(QUERY_STORES).where(QUERY_STORES.c.query_id.in_([row["id"] for row in rows]))
    stores: dict[str, list[str]] = {}
    for link in connection.execute(read.order_by(QUERY_STORES.c.place)).mappings():
        stores.setdefault(link["query_id"], []).append(link["store_id"])
    return [_query(row, tuple(stores.get(row["id"], ()))) for row in rows]


def _row(query: Query) -> dict[str, Any]:
    values = {column.name: getattr(query, column.name) for column in QUERIES.columns}
    values["parameters"] = json.dumps(query.parameters)
    values["cost"] = json.dumps(asdict(query.cost))
    values["answer"] = None if query.answer is None else json.dumps(asdict(query.answer))
    values["snapshots"] = json.dumps([asdict(one) for one in query.snapshots], default=datetime.isoformat)
    return values


def _query(row: RowMapping, store_ids: tuple[str, ...]) -> Query:
    values: dict[str, Any] = {**row, "store_ids": store_ids}
    values["status"] = QueryStatus(row["status"])
    values["delivery_status"] = row["delivery_status"] and DeliveryStatus(row["delivery_status"])
    values["parameters"] = tuple(json.loads(row["parameters"]))
    values["cost"] = QueryCost(**json.loads(row["cost"]))
    values["answer"] = row["answer"] and KeptAnswer(**json.loads(row["answer"]))
    values["snapshots"] = tuple(_snapshot(one) for one in json.loads(row["snapshots"]))
    return Query(**values)


def _snapshot(values: dict[str, Any]) -> SnapshotRead:
    taken = values["snapshot_time"]
    return SnapshotRead(**{**values, "snapshot_time": taken and datetime.fromisoformat(taken)})
