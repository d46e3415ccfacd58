"""What of a source is wanted, told from names alone: other inhabitants of a bucket, and what lies out of scope.

The grammar of keys is ``trailmere.events.layout``; here it is only asked. A name that says nothing (no account, no
Region, no time) is taken in when no scope was given, and is out of scope when one was: what cannot be shown to belong
is left, and counted.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from trailmere.events.layout import LogKey, in_scope, is_log_kind, parse_key

if TYPE_CHECKING:
    from trailmere.sources.delivery import Delivery

# Files that no one delivered: desktop leavings and half-written downloads.
_LEAVINGS = (".ds_store", "thumbs.db", "desktop.ini")
_DRAFTS = (".part", ".partial", ".crdownload", ".tmp", ".swp")


@dataclass(frozen=True, slots=True)
class Scope:
    """What is asked for; empty means all. ``since`` is included, ``until`` is not; both UTC, naive.

    They bound the time in the name, which is when the file was written: its events are up to some minutes older.
    """

    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None

    @property
    def is_all(self) -> bool:
        """Whether nothing is left out."""
        return not (self.accounts or self.regions or self.since or self.until)


@dataclass(slots=True)
class Gate:
    """Lets through what is wanted and counts what is not."""

    scope: Scope
    other: Counter[str] = field(default_factory=Counter)
    out_of_scope: int = 0

    def admits(self, key: str) -> tuple[bool, datetime | None]:
        """Whether the object of this key is wanted, and the time in its name (naive UTC)."""
        if (kind := leaving(key)) is not None:
            self.other[kind] += 1
            return False, None
        parts = parse_key(key)
        if parts is not None and not is_log_kind(parts.kind):
            self.other[parts.kind] += 1
            return False, None
        if not self.scope.is_all and (parts is None or not self._holds(parts)):
            self.out_of_scope += 1
            return False, None
        return True, None if parts is None else parts.time

    def _holds(self, parts: LogKey) -> bool:
        scope = self.scope
        return in_scope(parts, scope.accounts, scope.regions, scope.since, scope.until)


def leaving(key: str) -> str | None:
    """What a file is that nobody delivered (``hidden``, ``draft``), or None."""
    name = key.rpartition("/")[2].lower()
    if name.startswith(".") or name in _LEAVINGS:
        return "hidden"
    return "draft" if name.endswith(_DRAFTS) else None


def in_time_order(found: list[Delivery]) -> list[Delivery]:
    """Deliveries by the time in their name, then by place; those without a time last."""
    return sorted(found, key=lambda one: (one.due is None, one.due or datetime.min, one.uri))
