"""Inputs made from the service model: the least that an operation takes, and each of its bounds broken once."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from trailmere.api.checks import violations

if TYPE_CHECKING:
    from botocore.model import Shape

    from trailmere.api.model import Operation

# some of these fit every pattern of the models
TEXTS = (
    "abc",
    "1234567890",
    "123456789012",
    "abcdef01-2345-6789-abcd-ef0123456789",
    "12:30",
    "s3://bucket/prefix",
    "ec2.amazonaws.com",
    "arn:aws:cloudtrail:us-east-1:123456789012:channel/abcdef01-2345-6789-abcd-ef0123456789",
    "arn:aws:iam::123456789012:role/reader",
)
ODD = "\u00a4 \u2603"  # fits no pattern but those that take anything
MOMENT = datetime(2026, 5, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Broken:
    """An input that breaks one bound of the model; ``what`` says which, ``member`` is the outermost one."""

    member: str
    what: str
    members: Mapping[str, Any]


def least(shape: Shape) -> Any:
    """The smallest value of a shape: required members only."""
    kind, bounds = shape.type_name, shape.metadata
    if kind == "structure":
        return {name: least(shape.members[name]) for name in shape.required_members}
    if kind == "list":
        return [least(shape.member) for _ in range(max(1, bounds.get("min", 0)))]
    if kind == "map":
        return {least(shape.key): least(shape.value)}
    if kind == "string":
        return text(shape)
    simple = {"boolean": True, "timestamp": MOMENT, "blob": b"x", "float": 1.0, "double": 1.0}
    return simple.get(kind, bounds.get("min", 1))


def text(shape: Shape) -> str:
    """A string that a shape takes."""
    if enum := shape.metadata.get("enum"):
        return str(enum[0])
    return next(one for one in TEXTS if not list(violations(shape, one, "")))


def broken(operation: Operation) -> Iterator[Broken]:
    """Every bound of the input, broken once."""
    if operation.input is None:
        return
    whole = least(operation.input)
    for name in operation.input.required_members:
        yield Broken(name, f"{name} is missing", {key: value for key, value in whole.items() if key != name})
    for name, member in operation.input.members.items():
        for what, value in wrong(member, name):
            yield Broken(name, what, {**whole, name: value})


def wrong(shape: Shape, place: str) -> Iterator[tuple[str, Any]]:
    """Values of a shape that break one bound each, at whatever depth."""
    kind, bounds = shape.type_name, shape.metadata
    if kind in ("integer", "long"):
        yield from _outside(bounds, place, lambda number: number)
    elif kind == "string":
        yield from _wrong_texts(shape, place)
    elif kind == "list":
        yield from _outside(bounds, place, lambda count: [least(shape.member)] * count)
        yield from ((what, [value]) for what, value in wrong(shape.member, f"{place}[]"))
    elif kind == "map":
        yield from ((what, {key: least(shape.value)}) for what, key in wrong(shape.key, f"{place} key"))
        yield from ((what, {least(shape.key): value}) for what, value in wrong(shape.value, f"{place} value"))
    elif kind == "structure":
        whole = least(shape)
        for name in shape.required_members:
            yield f"{place}.{name} is missing", {key: value for key, value in whole.items() if key != name}
        for name, member in shape.members.items():
            yield from ((what, {**whole, name: value}) for what, value in wrong(member, f"{place}.{name}"))


def _wrong_texts(shape: Shape, place: str) -> Iterator[tuple[str, str]]:
    bounds = shape.metadata
    filler = text(shape)[:1]
    yield from _outside(bounds, place, lambda length: filler * length)
    if bounds.get("enum"):
        yield f"{place} is none of its values", "NoSuchValue"
    if "pattern" in bounds:
        filled = "".join(itertools.islice(itertools.cycle(ODD), max(bounds.get("min", 0), len(ODD))))
        yield from ((f"{place} has other characters", one) for one in (filled, filled + "\n") if _is_odd(shape, one))


def _is_odd(shape: Shape, value: str) -> bool:
    return any("pattern" in str(one) for one in violations(shape, value, ""))


def _outside(bounds: Mapping[str, Any], place: str, make: Any) -> Iterator[tuple[str, Any]]:
    if bounds.get("min", 0) > 0:
        yield f"{place} is below {bounds['min']}", make(bounds["min"] - 1)
    if "max" in bounds:
        yield f"{place} is above {bounds['max']}", make(bounds["max"] + 1)
