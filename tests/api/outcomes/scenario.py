"""What a scenario is: a call of an operation, by whom, and what comes of it. Its input may name things: ``<store>``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from trailmere.api.model import CLOUDTRAIL, CLOUDTRAIL_DATA, Operation, operations
from trailmere.api.operations import OPERATIONS

if TYPE_CHECKING:
    from botocore.model import Shape

REGION = "us-east-1"
ADMINISTRATOR = "administrator"

ALL: Mapping[str, Operation] = {**operations(CLOUDTRAIL), **operations(CLOUDTRAIL_DATA)}
SERVED: Mapping[str, Operation] = {name: one for name, one in ALL.items() if (one.service, name) in OPERATIONS}

_THING = re.compile(r"<(\w+)>")


@dataclass(frozen=True, slots=True)
class Valid:
    """A call that succeeds. ``keeps`` names members of the answer (``Widgets.0.QueryAlias``) as things for later calls;
    where the answer is to become something, the call is repeated ``until`` it has these members."""

    operation: str
    members: Mapping[str, Any] = field(default_factory=dict)
    keeps: Mapping[str, str] = field(default_factory=dict)
    until: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Deed:
    """What happens between two calls, and no call of this API does: ``worlds`` knows how."""

    name: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A call that ends with the error ``code``. ``who`` asks, in ``region``, of the server of a ``world``."""

    operation: str
    code: str
    members: Mapping[str, Any] = field(default_factory=dict)
    who: str = ADMINISTRATOR
    region: str = REGION
    world: str = "settled"


def filled(value: Any, things: Mapping[str, str]) -> Any:
    """``value`` with each ``<name>`` inside of it replaced by that thing."""
    if isinstance(value, str):
        return _THING.sub(lambda found: things[found[1]], value)
    if isinstance(value, Mapping):
        return {key: filled(one, things) for key, one in value.items()}
    return [filled(one, things) for one in value] if isinstance(value, list | tuple) else value


def members_of(operation: Operation) -> list[str]:
    """Every member of an input, those inside too: ``TagsList[].Key``."""
    return [] if operation.input is None else list(_declared(operation.input, ""))


def members_in(members: Mapping[str, Any]) -> set[str]:
    """The members that an input gives, spelled as by ``members_of``."""
    return set(_given(members, ""))


def _declared(shape: Shape, place: str) -> Iterator[str]:
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            yield f"{place}{name}"
            yield from _declared(member, f"{place}{name}.")
    elif shape.type_name == "list":
        yield from _declared(shape.member, f"{place.removesuffix('.')}[].")


def _given(value: Any, place: str) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, member in value.items():
            yield f"{place}{name}"
            yield from _given(member, f"{place}{name}.")
    elif isinstance(value, list):
        for one in value:
            yield from _given(one, f"{place.removesuffix('.')}[].")
