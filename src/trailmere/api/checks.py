"""What the service model demands of an input: required members, lengths, ranges, patterns, enums.

The walk is written once, for all operations; bounds come from the model and nowhere else. What only AWS's prose tells
is checked by the room that keeps it. Messages are AWS's: ``1 validation error detected: Value '2000' at 'maxResults'
failed to satisfy constraint: Member must have value less than or equal to 1000``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from trailmere.api.errors import Fault, declared
from trailmere.api.model import lower_camel

if TYPE_CHECKING:
    from botocore.model import Shape

    from trailmere.api.model import Operation

SHOWN_CHARACTERS = 256  # of a value that is refused
MOST_TOLD = 5  # violations in one message

# member of the input -> the error of its own, where the operation declares it; else it is a parameter like others
MEMBER_ERRORS: Mapping[str, tuple[str, ...]] = {
    "AdvancedEventSelectors": ("InvalidEventSelectorsException",),
    "Channel": ("ChannelARNInvalidException",),
    "CloudWatchLogsLogGroupArn": ("InvalidCloudWatchLogsLogGroupArnException",),
    "CloudWatchLogsRoleArn": ("InvalidCloudWatchLogsRoleArnException",),
    "DeliveryS3Uri": ("InvalidS3BucketNameException",),
    "Destination": ("EventDataStoreARNInvalidException",),
    "Destinations": ("EventDataStoreARNInvalidException",),
    "EventCategory": ("InvalidEventCategoryException",),
    "EventDataStore": ("EventDataStoreARNInvalidException",),
    "EventDataStores": ("EventDataStoreARNInvalidException",),
    "EventSelectors": ("InvalidEventSelectorsException",),
    "ImportSource": ("InvalidImportSourceException",),
    "InsightSelectors": ("InvalidInsightSelectorsException",),
    "KmsKeyId": ("InvalidKmsKeyIdException",),
    "LookupAttributes": ("InvalidLookupAttributesException",),
    "MaxQueryResults": ("InvalidMaxResultsException",),
    "MaxResults": ("InvalidMaxResultsException",),
    "Name": ("InvalidTrailNameException",),
    "NextToken": ("InvalidNextTokenException", "InvalidTokenException"),
    "QueryStatement": ("InvalidQueryStatementException",),
    "QueryStatus": ("InvalidQueryStatusException",),
    "ResourceArn": ("ResourceARNNotValidException",),
    "ResourceId": ("CloudTrailARNInvalidException",),
    "ResourceIdList": ("CloudTrailARNInvalidException",),
    "ResourcePolicy": ("ResourcePolicyNotValidException",),
    "S3BucketName": ("InvalidS3BucketNameException",),
    "S3KeyPrefix": ("InvalidS3PrefixException",),
    "SnsTopicName": ("InvalidSnsTopicNameException",),
    "Source": ("InvalidSourceException",),
    "Tags": ("InvalidTagParameterException",),
    "TagsList": ("InvalidTagParameterException",),
    "TrailName": ("InvalidTrailNameException",),
    "channelArn": ("InvalidChannelARN",),
    "trailNameList": ("InvalidTrailNameException",),
}


@dataclass(frozen=True, slots=True)
class Violation:
    """A value that breaks a bound. ``place`` as AWS writes it: ``tagsList.1.member.key``."""

    place: str
    value: Any
    constraint: str

    def __str__(self) -> str:
        shown = "null" if self.value is None else f"'{_shown(self.value)}'"
        return f"Value {shown} at '{self.place}' failed to satisfy constraint: {self.constraint}"


def check(operation: Operation, members: Mapping[str, Any]) -> None:
    """Raise Fault where ``members``, read by the input shape, break bounds of the model; the first says which error."""
    if operation.input is None:
        return
    broken = ((name, one) for name, found in _by_member(operation.input, members) for one in found)
    told = list(islice(broken, MOST_TOLD))
    if told:
        choices = (*MEMBER_ERRORS.get(told[0][0], ()), "InvalidParameterException")
        raise Fault(declared(choices, operation), _message([violation for _name, violation in told]))


def _message(violations: list[Violation]) -> str:
    count = len(violations)
    words = "1 validation error" if count == 1 else f"{count} validation errors"
    return f"{words} detected: {'; '.join(map(str, violations))}"


def _by_member(shape: Shape, members: Mapping[str, Any], place: str = "") -> Iterator[tuple[str, Iterator[Violation]]]:
    for name, member in shape.members.items():
        inner = f"{place}.{lower_camel(name)}" if place else lower_camel(name)
        if name in members:
            yield name, violations(member, members[name], inner)
        elif name in shape.required_members:
            yield name, iter((Violation(inner, None, "Member must not be null"),))


def violations(shape: Shape, value: Any, place: str) -> Iterator[Violation]:
    """Every bound of ``shape`` and of what is inside it that ``value`` breaks."""
    for constraint in _broken(shape, value):
        yield Violation(place, value, constraint)
    if shape.type_name == "structure":
        yield from chain.from_iterable(inner for _name, inner in _by_member(shape, value, place))
    elif shape.type_name == "list":
        yield from _in_list(shape, value, place)
    elif shape.type_name == "map":
        yield from _in_map(shape, value, place)


def _in_list(shape: Shape, value: list[Any], place: str) -> Iterator[Violation]:
    if _is_nested(shape.member):
        for number, one in enumerate(value, 1):
            yield from violations(shape.member, one, f"{place}.{number}.member")
    elif broken := next((found for one in value if (found := list(_broken(shape.member, one)))), None):
        yield Violation(place, value, f"Member must satisfy constraint: [{', '.join(broken)}]")


def _in_map(shape: Shape, value: dict[str, Any], place: str) -> Iterator[Violation]:
    for key, one in value.items():
        if broken := list(_broken(shape.key, key)):
            yield Violation(place, value, f"Map keys must satisfy constraint: [{', '.join(broken)}]")
            return
        if broken := list(_broken(shape.value, one)):
            yield Violation(place, value, f"Map value must satisfy constraint: [{', '.join(broken)}]")
            return


def _is_nested(shape: Shape) -> bool:
    return shape.type_name in ("structure", "list", "map")


def _broken(shape: Shape, value: Any) -> Iterator[str]:
    """The bounds of this shape itself that ``value`` breaks, in AWS's words."""
    bounds = shape.metadata
    if shape.type_name in ("integer", "long", "float", "double"):
        measure, words = value, "value"
    elif shape.type_name in ("string", "blob", "list", "map"):
        measure, words = len(value), "length"
    else:
        return
    if measure < bounds.get("min", measure):
        yield f"Member must have {words} greater than or equal to {bounds['min']}"
    if measure > bounds.get("max", measure):
        yield f"Member must have {words} less than or equal to {bounds['max']}"
        return  # a pattern is not tried on what is too long
    if "pattern" in bounds and not pattern(bounds["pattern"]).fullmatch(value):
        yield f"Member must satisfy regular expression pattern: {bounds['pattern']}"
    if bounds.get("enum") and value not in bounds["enum"]:
        yield f"Member must satisfy enum value set: [{', '.join(bounds['enum'])}]"


@cache
def pattern(java: str) -> re.Pattern[str]:
    r"""A pattern of the model for Python. They are Java's: ``\d`` and ``\w`` are ASCII, and a character beyond U+FFFF
    is written as its two surrogates."""
    return re.compile(_SURROGATES.sub(_one_character, java), re.ASCII)


_SURROGATES = re.compile(r"\\u(D[89AB][0-9A-F]{2})\\u(D[C-F][0-9A-F]{2})")


def _one_character(pair: re.Match[str]) -> str:
    high, low = (int(half, 16) for half in pair.groups())
    return f"\\U{0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00):08X}"


def _shown(value: Any) -> str:
    """As Java prints it, shortened."""
    if isinstance(value, list):
        text = f"[{', '.join(map(_shown, value[:SHOWN_CHARACTERS]))}]"
    elif isinstance(value, dict):
        text = f"{{{', '.join(f'{key}={_shown(one)}' for key, one in list(value.items())[:SHOWN_CHARACTERS])}}}"
    else:
        text = str(value)
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}..."
