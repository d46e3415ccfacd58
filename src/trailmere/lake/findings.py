"""What a verification says: findings, the counts around them, and how far it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

FindingKind = Literal[
    "changed",  # other bytes than were recorded
    "missing",
    "extra",  # nothing of the lake wrote it
    "renamed",  # missing, and its bytes lie under another name
    "swapped",  # it holds the bytes of another file of the lake
    "unreadable",  # the system or the format refuses
    "unrecorded",  # the table reaches it, and no hash was recorded
    "damaged",  # a row of the database, or a file that is made anew from others
    "disagrees",  # each part is whole, and they contradict each other
    "derived",  # a file that is made anew from others is gone
]
MILD: frozenset[FindingKind] = frozenset({"derived"})  # nothing is lost, and nobody has to do anything


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it was recorded.

    ``path`` is relative to the lake's folder; for the database ``lake.db`` or its table and row.
    """

    kind: FindingKind
    path: str
    expected: str
    found: str
    store_id: str | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a verification is: bytes to hash."""

    bytes: int
    total_bytes: int
    files: int


Show = Callable[[Progress], None]


@dataclass(slots=True)
class Verification:
    """The account of a verification. ``notes`` are no findings: what is left over, or not settled yet."""

    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    stores: int = 0
    files: int = 0  # live files that were looked at
    hashed: int = 0  # of those, read and hashed
    hashed_bytes: int = 0
    rows: int = 0  # rows of the database whose seal was checked
    adopted: int = 0

    @property
    def grave(self) -> list[Finding]:
        """The findings that somebody has to do something about."""
        return [finding for finding in self.findings if finding.kind not in MILD]

    def told(self, kind: FindingKind, path: str, expected: str, found: str, store_id: str | None = None) -> None:
        """Add a finding, once."""
        finding = Finding(kind, path, expected, found, store_id)
        if finding not in self.findings:
            self.findings.append(finding)
