"""A query as its clients see it: what was asked, where it stands, what came out; and how it may change.

The rows of the answer are not here (``query.kept``), nor is the table (``registry.queries``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class QueryStatus(StrEnum):
    """Statuses as DescribeQuery names them."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    FINISHED = "FINISHED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    TIMED_OUT = "TIMED_OUT"


class DeliveryStatus(StrEnum):
    """What became of an answer that is to be delivered, as DescribeQuery names it."""

    PENDING = "PENDING"
    SUCCESS = "SUCCESS"
    FAILED = "FAILED"
    FAILED_SIGNING_FILE = "FAILED_SIGNING_FILE"
    RESOURCE_NOT_FOUND = "RESOURCE_NOT_FOUND"
    ACCESS_DENIED = "ACCESS_DENIED"
    ACCESS_DENIED_SIGNING_FILE = "ACCESS_DENIED_SIGNING_FILE"
    CANCELLED = "CANCELLED"
    UNKNOWN = "UNKNOWN"


# from -> to. A running query is queued again when the server that ran it went away.
TRANSITIONS: dict[QueryStatus, frozenset[QueryStatus]] = {
    QueryStatus.QUEUED: frozenset({QueryStatus.RUNNING, QueryStatus.CANCELLED}),
    QueryStatus.RUNNING: frozenset(
        {
            QueryStatus.QUEUED,
            QueryStatus.FINISHED,
            QueryStatus.FAILED,
            QueryStatus.CANCELLED,
            QueryStatus.TIMED_OUT,
        }
    ),
    QueryStatus.FINISHED: frozenset(),
    QueryStatus.FAILED: frozenset(),
    QueryStatus.CANCELLED: frozenset(),
    QueryStatus.TIMED_OUT: frozenset(),
}
ACTIVE = tuple(status for status, following in TRANSITIONS.items() if following)


@dataclass(frozen=True, slots=True)
class SnapshotRead:
    """A store as an answer saw it. Without a snapshot it was empty."""

    store_arn: str
    snapshot_id: int | None
    snapshot_time: datetime | None


@dataclass(frozen=True, slots=True)
class QueryCost:
    """What a query took. Events and bytes scanned are those of the planned files; matched: rows of the answer."""

    events_matched: int = 0
    events_scanned: int = 0
    bytes_scanned: int = 0
    milliseconds: int = 0


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """The file that holds the rows of an answer: its name, its SHA-256 in hexadecimal, how many rows."""

    file: str
    sha256: str
    rows: int


@dataclass(frozen=True, slots=True)
class Query:
    """A query. ``account_id`` and ``region`` are those of the stores that it reads; ``asked_by`` is an ARN.

    ``statement`` is complete: nothing is left to be filled in. ``attempt`` counts how often it was begun.
    """

    id: str
    account_id: str
    region: str
    asked_by: str
    asked_by_account: str
    statement: str
    store_ids: tuple[str, ...]
    created: datetime
    status: QueryStatus = QueryStatus.QUEUED
    alias: str | None = None
    parameters: tuple[str, ...] = ()
    prompt: str | None = None
    refresh_id: str | None = None
    delivery_uri: str | None = None
    delivery_status: DeliveryStatus | None = None
    started: datetime | None = None
    finished: datetime | None = None
    attempt: int = 0
    error_message: str | None = None
    cost: QueryCost = QueryCost()
    answer: KeptAnswer | None = None
    snapshots: tuple[SnapshotRead, ...] = ()

    @property
    def ended(self) -> bool:
        """Whether it will not change any more."""
        return self.status not in ACTIVE
