"""The registry's tables, and records as rows. What the values mean is in ``registry.records``."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import Boolean, Column, Integer, MetaData, String, Table, Text, UniqueConstraint

from trailmere.events.selectors import stored_selectors, to_json
from trailmere.registry.database import UtcTime
from trailmere.registry.records import BillingMode, EventDataStore, Status
from trailmere.registry.seals import SEAL, seal_column

if TYPE_CHECKING:
    from sqlalchemy import RowMapping

METADATA = MetaData()

# one column for each field of EventDataStore, under its name, and their seal
STORES = Table(
    "event_data_stores",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("name", String(128), nullable=False),
    Column("account_id", String(16), nullable=False),
    Column("region", String(32), nullable=False),
    Column("status", String(32), nullable=False),
    Column("ingesting", Boolean, nullable=False),
    Column("selectors", Text, nullable=False),  # JSON, as AWS writes it
    Column("family", String(32), nullable=False),
    Column("multi_region", Boolean, nullable=False),
    Column("organization", Boolean, nullable=False),
    Column("retention_days", Integer, nullable=False),
    Column("termination_protection", Boolean, nullable=False),
    Column("billing_mode", String(32), nullable=False),
    Column("kms_key", String(350)),
    Column("tags", Text, nullable=False),  # JSON object
    Column("created", UtcTime, nullable=False),
    Column("updated", UtcTime, nullable=False),
    Column("deletion_requested", UtcTime),
    Column("purging", Boolean, nullable=False),
    seal_column(),
    Column("federation_role", String(125)),
    Column("max_event_size", String(16)),
    Column("context_keys", Text),  # JSON list of [type, [key, ...]]; null where there are none
    UniqueConstraint("account_id", "region", "name"),
)
FORMERLY_UNIQUE = ("name",)  # in the whole lake

_FIELDS = tuple(column.name for column in STORES.columns if column.name != SEAL)


def row_of(store: EventDataStore) -> dict[str, Any]:
    """A record as the column values that a reader will get, without a seal."""
    values = {name: _read_back(getattr(store, name)) for name in _FIELDS}
    values["selectors"] = json.dumps(to_json(store.selectors), ensure_ascii=False)
    values["tags"] = json.dumps(dict(store.tags), ensure_ascii=False)
    values["context_keys"] = json.dumps(store.context_keys, ensure_ascii=False) if store.context_keys else None
    return values


def _read_back(value: Any) -> Any:
    """A value as the database gives it back: a seal is taken over what is read as over what was written."""
    if isinstance(value, StrEnum):
        return value.value
    return value.astimezone(UTC) if isinstance(value, datetime) else value


def store_of(row: RowMapping) -> EventDataStore:
    """A row as a record."""
    values: dict[str, Any] = {name: row[name] for name in _FIELDS}
    values["selectors"] = stored_selectors(values["selectors"])
    values["tags"] = json.loads(values["tags"])
    values["context_keys"] = tuple((kind, tuple(keys)) for kind, keys in json.loads(values["context_keys"] or "[]"))
    values["status"] = Status(values["status"])
    values["billing_mode"] = BillingMode(values["billing_mode"])
    return EventDataStore(**values)
