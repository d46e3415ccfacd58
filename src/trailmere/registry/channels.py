"""Channels: what brings events from outside of AWS, and into which stores. Their records and how they may change.

Source: CloudTrail API reference, CreateChannel and UpdateChannel; user guide, "Create an integration with an event
source outside of AWS" and "Quotas". That a store exists and takes events in is the caller's to know.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, MetaData, String, Table, Text, UniqueConstraint, delete, func, insert, select, update

from trailmere.errors import (
    ChannelAlreadyExists,
    ChannelLimitExceeded,
    ChannelNotFound,
    InvalidParameter,
    InvalidSource,
    InvalidStoreCategory,
    StoreHasChannel,
)
from trailmere.registry.bounds import ChangeTags, check_name, check_tags
from trailmere.registry.database import UtcTime, create_tables, reading, utc_now, writing
from trailmere.registry.records import partition

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, RowMapping

    from trailmere.registry.records import EventDataStore

MAXIMUM_CHANNELS = 25  # in a Region: CloudTrail's quota
MAXIMUM_DESTINATIONS = 200
NOTED_EVERY = timedelta(seconds=1)  # so seldom at most is the ingestion status of a channel written
FAMILY = "activityauditlog"  # of the stores that channels bring events into
CUSTOM = "Custom"
# Partners, as CreateChannel spells them (user guide, "Additional information about integration partners").
SOURCES = (
    CUSTOM,
    "CloudStorageSecurityConsole",
    "Clumio",
    "CrowdStrike",
    "CyberArk",
    "GitHub",
    "IBMMulticloud",
    "KongGatewayEnterprise",
    "LaunchDarkly",
    "MontyCloud",
    "NetskopeCloudExchange",
    "OktaSystemLogEvents",
    "OneLogin",
    "Shoreline",
    "Snyk",
    "WizAuditLogs",
)

METADATA = MetaData()
CHANNELS = Table(
    "channels",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("account_id", String(16), nullable=False),
    Column("region", String(32), nullable=False),
    Column("name", String(128), nullable=False),
    Column("source", String(256), nullable=False),
    Column("destinations", Text, nullable=False),  # JSON list of ids of event data stores
    Column("tags", Text, nullable=False),  # JSON object
    Column("created", UtcTime, nullable=False),
    Column("updated", UtcTime, nullable=False),
    Column("success_time", UtcTime),
    Column("success_event", String(128)),
    Column("attempt_time", UtcTime),
    Column("attempt_event", String(128)),
    Column("error_code", String(128)),
    UniqueConstraint("account_id", "region", "name"),
    UniqueConstraint("account_id", "region", "source"),
)


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel. ``destinations`` are ids of event data stores. The last five fields are its ingestion status: the
    latest attempt, the latest that succeeded, and why the latest that failed did (a code of PutAuditEvents)."""

    id: str
    account_id: str
    region: str
    name: str
    source: str
    destinations: tuple[str, ...]
    tags: Mapping[str, str]
    created: datetime
    updated: datetime
    success_time: datetime | None = None
    success_event: str | None = None
    attempt_time: datetime | None = None
    attempt_event: str | None = None
    error_code: str | None = None

    @property
    def arn(self) -> str:
        """``arn:aws:cloudtrail:REGION:ACCOUNT:channel/ID``."""
        return f"arn:{partition(self.region)}:cloudtrail:{self.region}:{self.account_id}:channel/{self.id}"


class ChannelRegistry:
    """The channels of a lake. Those of an account and Region know nothing of the others."""

    def __init__(self, engine: Engine, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._engine = engine
        self._clock = clock
        self._guard = threading.Lock()
        self._noted: dict[str, datetime] = {}  # when the ingestion status of a channel was last written
        self._unwritten: dict[str, dict[str, Any]] = {}
        create_tables(engine, METADATA)

    def create(
        self,
        account_id: str,
        region: str,
        name: str,
        source: str,
        destinations: Sequence[str],
        tags: Mapping[str, str] | None = None,
    ) -> Channel:
        """A new channel. Raises InvalidParameter, InvalidSource, ChannelAlreadyExists (its name, or another one of its
        source: AWS has one a source), ChannelLimitExceeded."""
        if source not in SOURCES:
            raise InvalidSource(f"expected one of {', '.join(SOURCES)} as the source of a channel, got {source!r}")
        now = self._clock()
        channel = Channel(
            id=str(uuid.uuid4()),
            account_id=account_id,
            region=region,
            name=check_name(name),
            source=source,
            destinations=_checked(destinations),
            tags=check_tags(tags or {}),
            created=now,
            updated=now,
        )
        with writing(self._engine) as connection:
            _check_free(connection, channel)
            here = select(func.count()).where(_within(account_id, region))
            if (connection.scalar(here) or 0) >= MAXIMUM_CHANNELS:
                raise ChannelLimitExceeded(f"expected at most {MAXIMUM_CHANNELS} channels in {region}")
            connection.execute(insert(CHANNELS).values(**_row(channel)))
        return channel

    def get(self, name: str) -> Channel:
        """The channel of this ARN, or id. Raises ChannelNotFound."""
        with reading(self._engine) as connection:
            found = _get(connection, name)
        with self._guard:
            return replace(found, **self._unwritten.get(found.id, {}))

    def list(self, account_id: str, region: str) -> tuple[Channel, ...]:
        """All of an account and Region, sorted by name."""
        query = select(CHANNELS).where(_within(account_id, region)).order_by(CHANNELS.c.name)
        with reading(self._engine) as connection:
            return tuple(_channel(row) for row in connection.execute(query).mappings())

    def of_destination(self, store_id: str) -> tuple[Channel, ...]:
        """Those that bring events into a store."""
        query = select(CHANNELS).where(CHANNELS.c.destinations.contains(f'"{store_id}"', autoescape=True))
        with reading(self._engine) as connection:
            return tuple(_channel(row) for row in connection.execute(query).mappings())

    def check_none(self, store: EventDataStore) -> None:
        """Raises StoreHasChannel."""
        for channel in self.of_destination(store.id):
            raise StoreHasChannel(
                f"the channel {channel.name} brings events into {store.name}",
                hint="delete the channel first, or give it other destinations",
            )

    def update(self, name: str, *, new_name: str | None = None, destinations: Sequence[str] | None = None) -> Channel:
        """The channel with what is given changed. Raises ChannelNotFound and the errors of ``create``."""
        if new_name is None and destinations is None:
            raise InvalidParameter("expected a new name or new destinations, got neither")
        with writing(self._engine) as connection:
            before = _get(connection, name)
            after = replace(
                before,
                name=before.name if new_name is None else check_name(new_name),
                destinations=before.destinations if destinations is None else _checked(destinations),
                updated=self._clock(),
            )
            _check_free(connection, after)
            connection.execute(update(CHANNELS).where(CHANNELS.c.id == after.id).values(**_row(after)))
        return after

    def change_tags(self, name: str, change: ChangeTags) -> Channel:
        """The channel with what ``change`` makes of its tags. Raises ChannelNotFound, InvalidParameter."""
        with writing(self._engine) as connection:
            before = _get(connection, name)
            after = replace(before, tags=check_tags(change(before.tags)))
            connection.execute(update(CHANNELS).where(CHANNELS.c.id == after.id).values(tags=_row(after)["tags"]))
        return after

    def note_ingestion(
        self, channel: Channel, *, attempt: str | None, success: str | None, error_code: str | None
    ) -> None:
        """Keep what the latest PutAuditEvents came to: the last id tried, the last that succeeded, the last error.

        It is written once in ``NOTED_EVERY``; what came since is told by ``get`` of this process, and written with the
        next: a burst of calls must not cost a transaction each.
        """
        now = self._clock()
        values: dict[str, Any] = {"attempt_time": now, "attempt_event": attempt}
        if success is not None:
            values |= {"success_time": now, "success_event": success}
        if error_code is not None:
            values["error_code"] = error_code
        with self._guard:
            values = self._unwritten.pop(channel.id, {}) | values
            if channel.id in self._noted and now - self._noted[channel.id] < NOTED_EVERY:
                self._unwritten[channel.id] = values
                return
            self._noted[channel.id] = now
        with writing(self._engine) as connection:
            connection.execute(update(CHANNELS).where(CHANNELS.c.id == channel.id).values(**values))

    def delete(self, name: str) -> None:
        """Raises ChannelNotFound."""
        with writing(self._engine) as connection:
            found = _get(connection, name)
            connection.execute(delete(CHANNELS).where(CHANNELS.c.id == found.id))
        with self._guard:
            self._noted.pop(found.id, None)
            self._unwritten.pop(found.id, None)


def check_destination(store: EventDataStore) -> EventDataStore:
    """``store``, if a channel may bring events into it. Raises InvalidStoreCategory, InvalidParameter."""
    if store.family != FAMILY:
        raise InvalidStoreCategory(f"{store.name} does not hold events from outside of AWS (ActivityAuditLog)")
    if store.multi_region or store.organization:
        raise InvalidParameter(f"expected a store of one Region and one account, {store.name} is not")
    return store


def _checked(destinations: Sequence[str]) -> tuple[str, ...]:
    if not 1 <= len(destinations) <= MAXIMUM_DESTINATIONS:
        raise InvalidParameter(f"expected 1 to {MAXIMUM_DESTINATIONS} destinations, got {len(destinations)}")
    if len(set(destinations)) != len(destinations):
        raise InvalidParameter("expected each destination once, one is given twice")
    return tuple(destinations)


def _check_free(connection: Connection, channel: Channel) -> None:
    others = select(CHANNELS).where(_within(channel.account_id, channel.region), CHANNELS.c.id != channel.id)
    for row in connection.execute(others).mappings():
        if row["name"] == channel.name:
            raise ChannelAlreadyExists(f"a channel named {channel.name} exists")
        if row["source"] == channel.source:
            raise ChannelAlreadyExists(
                f"the channel {row['name']} has the source {channel.source} already, and a source has one channel"
            )


def _within(account_id: str, region: str) -> Any:
    return (CHANNELS.c.account_id == account_id) & (CHANNELS.c.region == region)


def _get(connection: Connection, name: str) -> Channel:
    id = name.lower().rpartition(":channel/")[2]
    row = connection.execute(select(CHANNELS).where(CHANNELS.c.id == id)).mappings().first()
    channel = None if row is None else _channel(row)
    if channel is None or name.lower() not in (channel.id, channel.arn.lower()):
        raise ChannelNotFound(f"no channel has the ARN or id {name}")
    return channel


def _row(channel: Channel) -> dict[str, Any]:
    values = {column.name: getattr(channel, column.name) for column in CHANNELS.columns}
    values["destinations"] = json.dumps(channel.destinations)
    values["tags"] = json.dumps(dict(channel.tags), ensure_ascii=False)
    return values


def _channel(row: RowMapping) -> Channel:
    values: dict[str, Any] = dict(row)
    values["destinations"] = tuple(json.loads(values["destinations"]))
    values["tags"] = json.loads(values["tags"])
    return Channel(**values)
