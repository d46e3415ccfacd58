"""The Highlights dashboard: what is worth a look in all event data stores of an account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trailmere.dashboards.records import Widget

HIGHLIGHTS_ID = "AWSCloudTrail-Highlights"


@dataclass(frozen=True, slots=True)
class HighlightStore:
    """An event data store that is looked at."""

    id: str
    family: str


def highlights(stores: Sequence[HighlightStore]) -> tuple[Widget, ...]:
    """The widgets over these stores."""
    return ()
