"""What a prepared batch is about to do, as it lies in its row of the database until it is done.

Whoever settles a batch that broke off needs this and the table, and nothing else.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from typing import Any

from trailmere.lake.records import DeliveryEntry, NewField, as_row


@dataclass(frozen=True, slots=True)
class Intent:
    """``files`` are added to the table, ``gone`` leave it; of those, ``expired`` rows are in no new file, because their
    eventTime is before ``cutoff`` (microseconds since 1970). The rest is what the ledger will hold."""

    files: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    deliveries: tuple[DeliveryEntry, ...] = ()
    fields: tuple[NewField, ...] = ()
    expired: int = 0
    cutoff: int | None = None

    @property
    def needs_snapshot(self) -> bool:
        """Whether it is only done when the table has its snapshot."""
        return bool(self.files or self.gone)


def encode(intent: Intent) -> bytes:
    """For the database."""
    content = {
        "files": intent.files,
        "gone": intent.gone,
        "deliveries": [as_row(entry) for entry in intent.deliveries],
        "fields": [as_row(field) for field in intent.fields],
        "expired": intent.expired,
        "cutoff": intent.cutoff,
    }
    return zlib.compress(json.dumps(content).encode(), 1)


def decode(content: bytes) -> Intent:
    """From the database, also as earlier versions wrote it."""
    found: dict[str, Any] = json.loads(zlib.decompress(content))
    return Intent(
        files=tuple(file if isinstance(file, str) else file["path"] for file in found["files"]),
        gone=tuple(found.get("gone", ())),
        deliveries=tuple(DeliveryEntry(**entry) for entry in found["deliveries"]),
        fields=tuple(NewField(**field) for field in found["fields"]),
        expired=found.get("expired", 0),
        cutoff=found.get("cutoff"),
    )
