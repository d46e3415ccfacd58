"""Imports: logs that are copied from a bucket or a folder into a store. Their records, and what failed in them.

Source: CloudTrail API reference, StartImport, StopImport, GetImport, ListImportFailures; user guide, "Copying trail
events to CloudTrail Lake". The copying itself is ``trailmere.ingest.imports``.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    MetaData,
    String,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
    update,
)

from trailmere.errors import AccountHasOngoingImport, ImportNotFound, InvalidImportStatus, StoreHasOngoingImport
from trailmere.registry.database import UtcTime, create_tables, reading, utc_now, writing

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, RowMapping

    from trailmere.registry.records import EventDataStore


class ImportStatus(StrEnum):
    """The status of an import, as AWS spells it."""

    INITIALIZING = "INITIALIZING"
    IN_PROGRESS = "IN_PROGRESS"
    FAILED = "FAILED"
    STOPPED = "STOPPED"
    COMPLETED = "COMPLETED"


class FailureStatus(StrEnum):
    """The status of what failed: it failed, is being tried again, or succeeded then."""

    FAILED = "FAILED"
    RETRY = "RETRY"
    SUCCEEDED = "SUCCEEDED"


ONGOING = (ImportStatus.INITIALIZING, ImportStatus.IN_PROGRESS)

METADATA = MetaData()
# one column for each field of Import, under its name; the statistics are flat
IMPORTS = Table(
    "imports",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("account_id", String(16), nullable=False),
    Column("region", String(32), nullable=False),
    Column("store_id", String(36), nullable=False, index=True),
    Column("location", Text, nullable=False),
    Column("bucket_region", String(32), nullable=False),
    Column("role_arn", Text, nullable=False),
    Column("start_event_time", UtcTime),
    Column("end_event_time", UtcTime),
    Column("status", String(16), nullable=False),
    Column("stopping", Boolean, nullable=False),
    Column("created", UtcTime, nullable=False),
    Column("updated", UtcTime, nullable=False),
    Column("prefixes_found", BigInteger, nullable=False),
    Column("prefixes_completed", BigInteger, nullable=False),
    Column("files_found", BigInteger, nullable=False),
    Column("files_completed", BigInteger, nullable=False),
    Column("events_completed", BigInteger, nullable=False),
    Column("failed_entries", BigInteger, nullable=False),
)
FAILURES = Table(
    "import_failures",
    METADATA,
    Column("import_id", String(36), ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True),
    Column("location", Text, primary_key=True),
    Column("status", String(16), nullable=False),
    Column("error_type", String(64), nullable=False),
    Column("error_message", Text, nullable=False),
    Column("updated", UtcTime, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Statistics:
    """How far an import is. When it has ended by itself, ``files_found = files_completed + failed_entries``.

    A file that was taken in with records left over (dead letters) counts as failed. ``events_completed`` are those that
    the store keeps.
    """

    prefixes_found: int = 0
    prefixes_completed: int = 0
    files_found: int = 0
    files_completed: int = 0
    events_completed: int = 0
    failed_entries: int = 0


@dataclass(frozen=True, slots=True)
class Import:
    """One import. Times bound the time in the names of files, as AWS does. ``stopping``: somebody asked it to stop."""

    id: str
    account_id: str
    region: str
    store_id: str
    location: str
    bucket_region: str
    role_arn: str
    start_event_time: datetime | None
    end_event_time: datetime | None
    status: ImportStatus
    stopping: bool
    created: datetime
    updated: datetime
    statistics: Statistics = Statistics()

    @property
    def is_ongoing(self) -> bool:
        """Whether it has not ended."""
        return self.status in ONGOING


@dataclass(frozen=True, slots=True)
class ImportFailure:
    """A file (or the whole location) that could not be taken in."""

    location: str
    status: FailureStatus
    error_type: str
    error_message: str
    updated: datetime


class ImportRecords:
    """The imports of a lake."""

    def __init__(self, engine: Engine, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._engine = engine
        self._clock = clock
        create_tables(engine, METADATA)

    def create(
        self,
        account_id: str,
        region: str,
        store_id: str,
        location: str,
        *,
        bucket_region: str = "",
        role_arn: str = "",
        start_event_time: datetime | None = None,
        end_event_time: datetime | None = None,
    ) -> Import:
        """A new import, INITIALIZING. Raises AccountHasOngoingImport: AWS runs one at a time for an account."""
        now = self._clock()
        made = Import(
            id=str(uuid.uuid4()),
            account_id=account_id,
            region=region,
            store_id=store_id,
            location=location,
            bucket_region=bucket_region,
            role_arn=role_arn,
            start_event_time=start_event_time,
            end_event_time=end_event_time,
            status=ImportStatus.INITIALIZING,
            stopping=False,
            created=now,
            updated=now,
        )
        with writing(self._engine) as connection:
            _check_none_ongoing(connection, account_id)
            connection.execute(insert(IMPORTS).values(**_row(made)))
        return made

    def get(self, import_id: str) -> Import:
        """Raises ImportNotFound."""
        with reading(self._engine) as connection:
            return _get(connection, import_id)

    def list(
        self,
        account_id: str,
        region: str,
        *,
        store_id: str | None = None,
        status: ImportStatus | None = None,
    ) -> tuple[Import, ...]:
        """Those of an account and Region, newest first."""
        query = select(IMPORTS).where(IMPORTS.c.account_id == account_id, IMPORTS.c.region == region)
        if store_id is not None:
            query = query.where(IMPORTS.c.store_id == store_id)
        if status is not None:
            query = query.where(IMPORTS.c.status == status)
        query = query.order_by(IMPORTS.c.created.desc(), IMPORTS.c.id)
        with reading(self._engine) as connection:
            return tuple(_import(row) for row in connection.execute(query).mappings())

    def ongoing(self, *, store_id: str | None = None) -> tuple[Import, ...]:
        """Those that have not ended, of all accounts or of one store."""
        query = select(IMPORTS).where(IMPORTS.c.status.in_(ONGOING)).order_by(IMPORTS.c.created)
        if store_id is not None:
            query = query.where(IMPORTS.c.store_id == store_id)
        with reading(self._engine) as connection:
            return tuple(_import(row) for row in connection.execute(query).mappings())

    def check_none(self, store: EventDataStore) -> None:
        """Raises StoreHasOngoingImport."""
        for one in self.ongoing(store_id=store.id):
            raise StoreHasOngoingImport(
                f"the import {one.id} into {store.name} is under way", hint="wait for its end, or stop it"
            )

    def retry(self, import_id: str) -> Import:
        """An import that failed or was stopped, INITIALIZING again; its failures are tried again.

        Raises ImportNotFound, InvalidImportStatus, AccountHasOngoingImport.
        """
        with writing(self._engine) as connection:
            before = _get(connection, import_id)
            if before.status not in (ImportStatus.FAILED, ImportStatus.STOPPED):
                raise InvalidImportStatus(f"expected an import that failed or was stopped, it is {before.status}")
            _check_none_ongoing(connection, before.account_id)
            failed = (FAILURES.c.import_id == before.id) & (FAILURES.c.status == FailureStatus.FAILED)
            connection.execute(update(FAILURES).where(failed).values(status=FailureStatus.RETRY))
            after = replace(before, status=ImportStatus.INITIALIZING, stopping=False, updated=self._clock())
            connection.execute(update(IMPORTS).where(IMPORTS.c.id == after.id).values(**_row(after)))
        return after

    def advance(self, import_id: str, statistics: Statistics) -> Import:
        """Keep how far an ongoing import is. What was seen before does not go back while it is done again."""
        with writing(self._engine) as connection:
            before = _get(connection, import_id)
            most = {name: max(value, getattr(before.statistics, name)) for name, value in asdict(statistics).items()}
            after = replace(
                before, status=ImportStatus.IN_PROGRESS, statistics=Statistics(**most), updated=self._clock()
            )
            connection.execute(update(IMPORTS).where(IMPORTS.c.id == after.id).values(**_row(after)))
        return after

    def end(self, import_id: str, status: ImportStatus, statistics: Statistics | None = None) -> Import:
        """The import has ended; with exact statistics where it came to its end."""
        with writing(self._engine) as connection:
            before = _get(connection, import_id)
            after = replace(before, status=status, statistics=statistics or before.statistics, updated=self._clock())
            connection.execute(update(IMPORTS).where(IMPORTS.c.id == after.id).values(**_row(after)))
        return after

    def ask_to_stop(self, import_id: str) -> Import:
        """Whoever performs it sees it. Raises ImportNotFound, InvalidImportStatus where it has ended."""
        with writing(self._engine) as connection:
            before = _get(connection, import_id)
            if not before.is_ongoing:
                raise InvalidImportStatus(f"expected an import that is under way, it is {before.status}")
            after = replace(before, stopping=True, updated=self._clock())
            connection.execute(update(IMPORTS).where(IMPORTS.c.id == after.id).values(**_row(after)))
        return after

    # -- failures ------------------------------------------------------------------------------------------------------

    def fail(self, import_id: str, failures: Sequence[tuple[str, str, str]]) -> None:
        """Keep failures: location, type and message of each. One place fails once."""
        now = self._clock()
        rows = [
            {
                "import_id": import_id,
                "location": location,
                "status": FailureStatus.FAILED,
                "error_type": error_type,
                "error_message": message,
                "updated": now,
            }
            for location, error_type, message in {one[0]: one for one in failures}.values()
        ]
        if not rows:
            return
        with writing(self._engine) as connection:
            places = [row["location"] for row in rows]
            connection.execute(
                delete(FAILURES).where(FAILURES.c.import_id == import_id, FAILURES.c.location.in_(places))
            )
            connection.execute(insert(FAILURES), rows)

    def succeed(self, import_id: str) -> None:
        """What was being tried again and did not fail again, succeeded."""
        tried = (FAILURES.c.import_id == import_id) & (FAILURES.c.status == FailureStatus.RETRY)
        with writing(self._engine) as connection:
            connection.execute(
                update(FAILURES).where(tried).values(status=FailureStatus.SUCCEEDED, updated=self._clock())
            )

    def failures(self, import_id: str, *, after: str = "", limit: int = 1000) -> tuple[ImportFailure, ...]:
        """Failures by location, from the one after ``after`` on. Raises ImportNotFound."""
        wanted = (FAILURES.c.import_id == import_id) & (FAILURES.c.location > after)
        with reading(self._engine) as connection:
            _get(connection, import_id)
            rows = connection.execute(select(FAILURES).where(wanted).order_by(FAILURES.c.location).limit(limit))
            return tuple(
                ImportFailure(row.location, FailureStatus(row.status), row.error_type, row.error_message, row.updated)
                for row in rows
            )


def _check_none_ongoing(connection: Connection, account_id: str) -> None:
    ongoing = (IMPORTS.c.account_id == account_id) & IMPORTS.c.status.in_(ONGOING)
    if connection.scalar(select(func.count()).where(ongoing)):
        raise AccountHasOngoingImport(
            f"account {account_id} has an import under way", hint="wait for its end, or stop it"
        )


def _get(connection: Connection, import_id: str) -> Import:
    row = connection.execute(select(IMPORTS).where(IMPORTS.c.id == import_id.lower())).mappings().first()
    if row is None:
        raise ImportNotFound(f"no import has the id {import_id}")
    return _import(row)


_COUNTS = tuple(Statistics.__dataclass_fields__)


def _row(record: Import) -> dict[str, Any]:
    flat = {name: getattr(record, name) for name in Import.__slots__ if name != "statistics"}
    return flat | asdict(record.statistics)


def _import(row: RowMapping) -> Import:
    values: dict[str, Any] = dict(row)
    statistics = Statistics(**{name: values.pop(name) for name in _COUNTS})
    values["status"] = ImportStatus(values["status"])
    return Import(**values, statistics=statistics)
