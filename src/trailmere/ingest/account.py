"""The account of a run: what was seen and what became of it. It must balance, or the run has a fault and says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any

from trailmere.errors import LakeDamaged

if TYPE_CHECKING:
    from trailmere.lake.records import Totals

# Counters that other processes can only make larger: the ledger's sums grow by at least what one run entered.
_ONLY_GROWING = ("parsed", "kept", "filtered", "duplicate", "dead")


@dataclass(frozen=True, slots=True)
class Account:
    """Sums over one run. ``deliveries_seen = taken + known + rejected``; ``parsed = kept + filtered + duplicate +
    dead``.

    ``known_rejected``: of the known, those that had been rejected before. ``left_alone``: objects that their name shows
    to be something else, by kind; they are not read and are no deliveries. ``foreign``: deliveries that were read and
    hold something else (a digest, a Config snapshot ...), by kind; they are among the taken, without records.
    ``out_of_scope``: objects outside the accounts, Regions or times asked for. ``stored_bytes`` and
    ``content_bytes``: of the deliveries taken, as stored and inflated. ``conflicting_places``: deliveries at a place
    where other bytes lay before; ``conflicting_events``: events whose eventID came before with other content.
    ``new_fields``: fields that no column is declared for and that the store had not seen. ``commits`` counts batches,
    also those that added no row. A ``dry_run`` looks nothing up among stored events: its ``duplicate`` is 0.
    """

    deliveries_seen: int = 0
    deliveries_taken: int = 0
    deliveries_known: int = 0
    deliveries_rejected: int = 0
    known_rejected: int = 0
    parsed: int = 0
    kept: int = 0
    filtered: int = 0
    duplicate: int = 0
    dead: int = 0
    conflicting_places: int = 0
    conflicting_events: int = 0
    left_alone: Mapping[str, int] = field(default_factory=dict)
    foreign: Mapping[str, int] = field(default_factory=dict)
    reasons: Mapping[str, int] = field(default_factory=dict)
    out_of_scope: int = 0
    stored_bytes: int = 0
    content_bytes: int = 0
    new_fields: tuple[str, ...] = ()
    commits: int = 0
    recovered: int = 0
    seconds: float = 0.0
    dry_run: bool = False
    interrupted: bool = False

    @property
    def records_per_second(self) -> float:
        """Records parsed a second, over the whole run."""
        return self.parsed / self.seconds if self.seconds else 0.0

    def check(self) -> Account:
        """This account. Raises LakeDamaged where it does not balance: something was lost, or counted twice."""
        deliveries = self.deliveries_taken + self.deliveries_known + self.deliveries_rejected
        records = self.kept + self.filtered + self.duplicate + self.dead
        for what, whole, parts in (
            ("deliveries seen", self.deliveries_seen, deliveries),
            ("records parsed", self.parsed, records),
        ):
            if whole != parts:
                raise LakeDamaged(
                    f"the account does not balance: {what} {whole:,}, accounted for {parts:,}",
                    hint="please report this as a bug, with the account; the lake was not changed by the check",
                )
        return self

    def check_against(self, before: Totals, after: Totals) -> Account:
        """This account. Raises LakeDamaged where the ledger did not grow by at least what the run says it entered."""
        for name in _ONLY_GROWING:
            grown = getattr(after, name) - getattr(before, name)
            if grown < getattr(self, name):
                raise LakeDamaged(
                    f"the ledger grew by {grown:,} records {name}, the run entered {getattr(self, name):,}",
                    hint="please report this as a bug, with the account",
                )
        if after.parsed != after.kept + after.filtered + after.duplicate + after.dead:
            raise LakeDamaged("the ledger of the store does not balance", hint="run: trailmere doctor")
        return self

    def as_dict(self) -> dict[str, Any]:
        """All figures by name, the rate included; for JSON."""
        return asdict(self) | {
            "new_fields": list(self.new_fields),
            "seconds": round(self.seconds, 3),
            "records_per_second": round(self.records_per_second, 1),
        }


COUNTERS = tuple(one.name for one in fields(Account) if one.type == "int")
