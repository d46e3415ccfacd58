"""The sample queries: a module for each field, one tuple of all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trailmere.ask.library.access import ACCESS
from trailmere.ask.library.activity import ACTIVITY
from trailmere.ask.library.identity import IDENTITY
from trailmere.ask.library.incident import INCIDENT
from trailmere.ask.library.resources import RESOURCES

if TYPE_CHECKING:
    from trailmere.ask.records import Sample

SAMPLES: tuple[Sample, ...] = (*ACTIVITY, *ACCESS, *IDENTITY, *INCIDENT, *RESOURCES)
