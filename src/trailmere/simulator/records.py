"""What leaves the simulator, and the one way it writes a record: AWS's member order, compact JSON.

Source of the order and the members: CloudTrail user guide, "CloudTrail record contents".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

FileKind = Literal["log", "insight", "digest", "config"]

MEMBER_ORDER = (
    "eventVersion",
    "userIdentity",
    "eventTime",
    "eventSource",
    "eventName",
    "awsRegion",
    "sourceIPAddress",
    "userAgent",
    "errorCode",
    "errorMessage",
    "requestParameters",
    "responseElements",
    "additionalEventData",
    "requestID",
    "eventID",
    "readOnly",
    "resources",
    "eventType",
    "apiVersion",
    "managementEvent",
    "recipientAccountId",
    "sharedEventID",
    "vpcEndpointId",
    "vpcEndpointAccountId",
    "serviceEventDetails",
    "insightDetails",
    "eventCategory",
    "eventContext",
    "tlsDetails",
    "sessionCredentialFromConsole",
)
# AWS writes these two as null when they are empty; it leaves out every other empty member.
ALWAYS_WRITTEN = frozenset({"requestParameters", "responseElements"})


@dataclass(frozen=True, slots=True)
class SimulatedFile:
    """One object as it lies in the bucket.

    ``content`` is the stored (gzip) form, ``events`` the records in it. ``distinct`` counts, by (recipient account, day
    of eventTime as YYYY-MM-DD), the events that no earlier file held. ``redelivery``: the same bytes came before.
    ``due`` is the time in the name, UTC; ``sha256_content`` is over the uncompressed bytes, "" where no digest lists
    it.
    """

    key: str
    content: bytes
    events: int
    due: datetime
    account: str
    region: str
    kind: FileKind = "log"
    redelivery: bool = False
    content_bytes: int = 0
    sha256_content: str = ""
    distinct: Mapping[tuple[str, str], int] = field(default_factory=dict)


@dataclass(slots=True)
class Summary:
    """The truth about what was delivered, counted while it was made.

    ``events`` are distinct events in log files; ``copies`` further copies of them in files with other bytes (a second
    trail); ``insights`` distinct Insight events. ``redelivered`` files repeat the bytes of an earlier one and
    count in ``files`` too; ``other_files`` are digests and Config files. Sizes in bytes.
    """

    files: int = 0
    redelivered: int = 0
    insight_files: int = 0
    other_files: int = 0
    events: int = 0
    copies: int = 0
    insights: int = 0
    stored_bytes: int = 0
    content_bytes: int = 0
    by_account_and_day: dict[tuple[str, str], int] = field(default_factory=dict)

    def add(self, file: SimulatedFile) -> None:
        """Count one file."""
        distinct = sum(file.distinct.values())
        if file.kind in ("digest", "config"):
            self.other_files += 1
        elif file.kind == "insight":
            self.insight_files += 1
            self.insights += distinct
        else:
            self.files += 1
            self.redelivered += file.redelivery
            self.events += distinct
            self.copies += 0 if file.redelivery else file.events - distinct
            self.stored_bytes += len(file.content)
            self.content_bytes += file.content_bytes
            for place, count in file.distinct.items():
                self.by_account_and_day[place] = self.by_account_and_day.get(place, 0) + count


def compact(value: object) -> str:
    """JSON without blanks, as CloudTrail writes it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def render(members: Mapping[str, object]) -> str:
    """The text of one record: ``members`` in AWS's order, empty ones left out as AWS does."""
    return compact(
        {name: members.get(name) for name in MEMBER_ORDER if name in ALWAYS_WRITTEN or members.get(name) is not None}
    )


def envelope(texts: list[str]) -> bytes:
    """The content of a delivered file: the ``Records`` array of the record texts."""
    return ('{"Records":[' + ",".join(texts) + "]}").encode()
