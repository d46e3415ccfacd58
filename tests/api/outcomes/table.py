"""The table operation x outcome: what each operation is tried with, and the page that shows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from tests.api.inputs import broken
from tests.api.outcomes.refused import refusals
from tests.api.outcomes.scenario import ALL, SERVED, Refused, Valid, members_in, members_of
from tests.api.outcomes.unreached import ERRORS, EVERY, MEMBERS, REASONS
from tests.api.outcomes.valid import STORY

if TYPE_CHECKING:
    from trailmere.api.model import Operation


@dataclass(frozen=True, slots=True)
class Row:
    """One operation. ``unreached`` are declared errors and members that no call has, each with the name of its reason;
    ``untold`` are those that have neither a call nor a reason."""

    operation: Operation
    valid: tuple[Valid, ...]
    bounds: int
    refused: tuple[Refused, ...]
    unreached: Mapping[str, str]
    ungiven: Mapping[str, str]

    @property
    def reached(self) -> frozenset[str]:
        """The declared errors that some call ends with."""
        return frozenset(one.code for one in self.refused)

    @property
    def given(self) -> frozenset[str]:
        """The members of the input that some valid call has."""
        return frozenset(member for one in self.valid for member in members_in(one.members))

    @property
    def untold(self) -> list[str]:
        """Declared errors and members of which nothing is said."""
        errors = self.operation.declared - self.reached - self.unreached.keys()
        members = set(members_of(self.operation)) - self.given - self.ungiven.keys()
        return sorted(errors | members)


@cache
def rows() -> tuple[Row, ...]:
    """The operations that are served, in the order of their names."""
    valid = [one for one in STORY if isinstance(one, Valid)]
    refused = list(refusals())
    return tuple(_row(name, valid, refused) for name in sorted(SERVED))


def _row(name: str, valid: Iterable[Valid], refused: Iterable[Refused]) -> Row:
    operation = SERVED[name]
    mine = tuple(one for one in refused if one.operation == name)
    reached = {one.code for one in mine}
    listed = {code: reason for (of, code), reason in ERRORS.items() if of == EVERY and code not in reached}
    listed |= {code: reason for (of, code), reason in ERRORS.items() if of == name}
    return Row(
        operation,
        tuple(one for one in valid if one.operation == name),
        len(list(broken(operation))),
        mine,
        {code: reason for code, reason in listed.items() if code in operation.declared},
        {member: reason for (of, member), reason in MEMBERS.items() if of == name},
    )


def page() -> str:
    """docs/reference/outcomes.md."""
    parts = [
        "# What every operation is tried with\n\n",
        "`tests/api/test_outcomes.py` makes these calls over HTTP, through boto3: valid ones until every member of ",
        "the input was given, and for each error that the service model declares one that ends with it, or a reason ",
        "why nothing can cause it here. `tests/api/test_bounds.py` breaks each bound of the model once.\n\n",
        f"{_totals()}\n\n",
        "| operation | valid calls | members | bounds | errors reached | not reached |\n|---|---|---|---|---|---|\n",
    ]
    parts += [_line(row) for row in rows()]
    parts.append("\n## Why an error is not reached, or a member not given\n\n| reason | |\n|---|---|\n")
    parts += [f"| {name} | {meaning} |\n" for name, meaning in sorted(REASONS.items(), key=lambda one: one[0].lower())]
    if missing := sorted(ALL.keys() - SERVED.keys()):
        parts.append(f"\nNot served yet: {', '.join(missing)}.\n")
    return "".join(parts)


def _totals() -> str:
    every = rows()
    declared, reached = (
        sum(map(len, counts)) for counts in ([r.operation.declared for r in every], [r.reached for r in every])
    )
    return (
        f"{len(every)} operations, {sum(len(row.valid) for row in every)} valid calls, "
        f"{sum(row.bounds for row in every)} bounds; of {declared} declared errors {reached} are reached, "
        f"by {sum(len(row.refused) for row in every)} calls, and {declared - reached} are not."
    )


def _line(row: Row) -> str:
    members = members_of(row.operation)
    ungiven = "".join(f"; {name}: *{reason}*" for name, reason in sorted(row.ungiven.items()))
    by_reason: dict[str, list[str]] = {}
    for code, reason in sorted(row.unreached.items()):
        by_reason.setdefault(reason, []).append(_short(code))
    unreached = "; ".join(f"{', '.join(codes)}: *{reason}*" for reason, codes in sorted(by_reason.items()))
    return (
        f"| {row.operation.name} | {len(row.valid)} | {len(row.given & set(members))} of {len(members)}{ungiven} "
        f"| {row.bounds} | {', '.join(map(_short, sorted(row.reached)))} | {unreached} |\n"
    )


def _short(code: str) -> str:
    return code.removesuffix("Exception")
