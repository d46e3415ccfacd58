"""What a policy is, once it has been read: statements, each with whom, what, on what and when.

Nothing here knows JSON (``policies``) or decides anything (``evaluate``).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trailmere.access.conditions import Condition
    from trailmere.access.patterns import ArnPattern, Pattern
    from trailmere.access.principals import Principal


class PolicyKind(StrEnum):
    """What a policy is attached to, which decides what it may say."""

    IDENTITY = "identity"
    TRUST = "trust"  # of a role: who may assume it
    EVENT_DATA_STORE = "event-data-store"
    CHANNEL = "channel"
    DASHBOARD = "dashboard"


class Effect(StrEnum):
    """What a statement does."""

    ALLOW = "Allow"
    DENY = "Deny"


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement. ``place`` is that in its policy, ``Statement[0]``.

    ``principals`` is empty in a policy of an identity, ``resources`` in a trust policy. Where one of the three that
    begin with ``not_`` is true, the statement is about all but what the list holds.
    """

    place: str
    sid: str | None
    effect: Effect
    principals: tuple[Principal, ...]
    not_principals: bool
    actions: tuple[Pattern, ...]
    not_actions: bool
    resources: tuple[ArnPattern, ...]
    not_resources: bool
    conditions: tuple[Condition, ...]

    @property
    def name(self) -> str:
        """How people are told of it."""
        return f"{self.place} ({self.sid})" if self.sid else self.place


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy."""

    kind: PolicyKind
    version: str
    statements: tuple[Statement, ...]
