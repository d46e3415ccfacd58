"""What the room's parts give each other: a sample query."""

from __future__ import annotations

from dataclasses import dataclass

WINDOW = ":window"  # in a sample's SQL: the condition on eventTime, and whatever else a question asks for
STORE = "$EDS_ID"  # in a sample's SQL: the event data store, as AWS's samples write it


@dataclass(frozen=True, slots=True)
class Sample:
    """A query that is ready to be run, or to be made more special.

    ``sql`` names the store as ``$EDS_ID``, and holds ``:window`` in its WHERE clause and ``:limit`` where it gives the
    top of something. ``about`` holds further words by which it is asked for. ``fixed`` names the details (keys of
    ``details.DETAILS``) that its own conditions settle, so that a question's cannot be added.
    """

    name: str
    description: str
    about: str
    sql: str
    fixed: frozenset[str] = frozenset()
