"""A small world of deliveries for the vault's tests: events with texts, put into a lake the way ingest does it.

Reading back goes another way than the vault: PyIceberg's own SQL catalog and FileIO on the same database.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from pyiceberg.catalog.sql import SqlCatalog

from trailmere.events.keys import content_key, event_key
from trailmere.lake.files import write_rows
from trailmere.lake.records import DeliveryEntry, delivery_id
from trailmere.registry.database import sqlite_url

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from trailmere.lake.records import Appended, Batch, DeadLetter, NewField, WrittenFile
    from trailmere.lake.vault import Lake

STORE = "11111111-2222-4333-8444-555555555555"
START = datetime(2026, 3, 1, 12)


@dataclass(frozen=True)
class Event:
    """A record: its eventID (None: it has none), its exact text, its time."""

    id: str | None
    text: str
    time: datetime


def event(id: str | None, *, days: float = 0, **members: object) -> Event:
    """An event whose text has its eventID and whatever else is given."""
    content = {"eventID": id, **members} if id is not None else members
    return Event(id, json.dumps(content), START + timedelta(days=days))


@dataclass(frozen=True)
class Parcel:
    """A delivery to be put into the lake."""

    uri: str
    events: tuple[Event, ...]
    version: str | None = None
    wrapping: str = ""  # changes the stored bytes and not the content
    content: str | None = None  # the uncompressed content, where it is not simply the texts
    status: str = "taken"
    dead: int = 0
    filtered: int = 0
    letters: tuple[DeadLetter, ...] = field(default=())

    def entry(self) -> DeliveryEntry:
        content = self.content if self.content is not None else "\n".join(event.text for event in self.events)
        stored = hashlib.sha256((self.wrapping + content).encode()).hexdigest()
        kept = len(self.events)
        return DeliveryEntry(
            id=delivery_id(self.uri, self.version, stored),
            uri=self.uri,
            version=self.version,
            etag=None,
            size=len(content),
            sha256_stored=stored,
            sha256_content=hashlib.sha256(content.encode()).hexdigest(),
            status=self.status,  # type: ignore[arg-type]
            format="records",
            parsed=kept + self.dead + self.filtered,
            kept=kept,
            dead=self.dead,
            filtered=self.filtered,
        )


def parcel(uri: str, *events: Event, **more: object) -> Parcel:
    """A delivery of these events."""
    return Parcel(uri if ":" in uri else f"file:///logs/{uri}", events, **more)  # type: ignore[arg-type]


def written(batch: Batch, parcels: Sequence[Parcel], part: str = "p0") -> list[WrittenFile]:
    """What a worker does: the rows of these parcels as files."""
    events = [
        (at, number, one) for at, one_parcel in enumerate(parcels) for number, one in enumerate(one_parcel.events)
    ]
    if not events:
        return []
    ids = [parcels[at].entry().id for at, _, _ in events]
    table = pa.table(
        {
            "eventid": pa.array([one.id for _, _, one in events], pa.string()),
            "eventtime": pa.array([one.time for _, _, one in events], pa.timestamp("us")),
            "eventjson": [one.text for _, _, one in events],
            "deliveryid": ids,
            "deliveryordinal": pa.array([number for _, number, _ in events], pa.int64()),
        }
    )
    return write_rows(
        batch,
        part,
        table,
        np.array([event_key(one.id) if one.id else 0 for _, _, one in events], np.uint64),
        np.array([content_key(one.text.encode()) for _, _, one in events], np.uint64),
        np.array([at for at, _, _ in events], np.int32),
    )


def put(lake: Lake, *parcels: Parcel, fields: Sequence[NewField] = ()) -> Appended:
    """One batch of these parcels, from intent to done."""
    batch = lake.begin(STORE)
    letters = [letter for one in parcels for letter in one.letters]
    return lake.commit(batch, written(batch, parcels), [one.entry() for one in parcels], letters, fields)


def stored(lake: Lake, *columns: str) -> list[tuple[object, ...]]:
    """Rows of the table as PyIceberg alone reads them, sorted."""
    table = outsider(lake.home).load_table(("stores", STORE))
    rows = table.scan(selected_fields=columns).to_arrow().select(list(columns)).to_pylist()
    return sorted((tuple(row[column] for column in columns) for row in rows), key=repr)


def texts(lake: Lake) -> list[str]:
    """The exact texts in the table, sorted."""
    return [str(text) for (text,) in stored(lake, "eventjson")]


def outsider(home: Path, database_url: str | None = None) -> SqlCatalog:
    """PyIceberg's catalog with nothing of ours."""
    return SqlCatalog("trailmere", uri=database_url or sqlite_url(home), warehouse=str(home / "warehouse"))


def data_files(lake: Lake) -> set[str]:
    """Names of all Parquet files in the table's folder, in a snapshot or not."""
    return {path.name for path in (lake.home / "warehouse").rglob("*.parquet")}


def live_files(lake: Lake) -> set[str]:
    """Names of the data files of the present snapshot."""
    from pathlib import Path

    return {Path(planned.path).name for planned in lake.scan(STORE).files}
