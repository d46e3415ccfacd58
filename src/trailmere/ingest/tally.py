"""Adding up a run, outcome by outcome and commit by commit, into its account."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from trailmere.ingest.account import Account

if TYPE_CHECKING:
    from trailmere.ingest.records import Outcome
    from trailmere.lake.records import DeliveryEntry

_SUMMED = ("parsed", "kept", "filtered", "duplicate", "dead", "conflicting_events")


class Tally:
    """Mutable sums; ``account`` freezes them."""

    def __init__(self, *, dry_run: bool, known_fields: frozenset[str] = frozenset()) -> None:
        self._began = time.monotonic()
        self._dry_run = dry_run
        self._known_fields = known_fields
        self._counts: Counter[str] = Counter()
        self._foreign: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()
        self._fields: dict[str, None] = {}
        self.left_alone: Counter[str] = Counter()
        self.out_of_scope = 0
        self.commits = 0
        self.recovered = 0
        self.interrupted = False

    @property
    def parsed(self) -> int:
        """Records so far, those of workers still at it not included."""
        return self._counts["parsed"]

    def add(self, outcomes: Sequence[Outcome], entries: Sequence[DeliveryEntry]) -> None:
        """Outcomes as the workers told them, and their deliveries as they were entered (or, dry, would be)."""
        told = [entry for outcome in outcomes for entry in outcome.entries]
        for before, entry in zip(told, entries, strict=True):
            self._add_entry(before, entry)
        taken = {entry.id for entry in entries if entry.status != "known"}
        for outcome in outcomes:
            self._counts["known_rejected"] += outcome.known_rejected
            self._counts["content_bytes"] += outcome.content_bytes
            self._foreign.update(outcome.foreign)
            self._reasons.update(letter.reason for letter in outcome.dead_letters if letter.delivery_id in taken)
            self._fields.update((field.path, None) for field in outcome.fields if field.delivery_id in taken)

    def _add_entry(self, before: DeliveryEntry, entry: DeliveryEntry) -> None:
        counts = self._counts
        counts["deliveries_seen"] += 1
        counts[f"deliveries_{entry.status}"] += 1
        if before.status == "rejected" and entry.status == "known":
            counts["known_rejected"] += 1
        if entry.status == "taken":
            counts["stored_bytes"] += entry.size
        if entry.conflict:
            counts["conflicting_places"] += 1
        for name in _SUMMED:
            counts[name] += getattr(entry, name)

    def account(self) -> Account:
        """The sums as they are now."""
        return Account(
            **self._counts,
            left_alone=dict(sorted(self.left_alone.items())),
            foreign=dict(sorted(self._foreign.items())),
            reasons=dict(sorted(self._reasons.items())),
            out_of_scope=self.out_of_scope,
            new_fields=tuple(sorted(set(self._fields) - self._known_fields)),
            commits=self.commits,
            recovered=self.recovered,
            seconds=time.monotonic() - self._began,
            dry_run=self._dry_run,
            interrupted=self.interrupted,
        )
