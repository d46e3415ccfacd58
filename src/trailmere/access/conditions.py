"""The Condition element: read when a policy is written, asked when a call comes.

Operators, their negations, ``IfExists``, ``ForAnyValue:`` and ``ForAllValues:`` as in the IAM user guide, "IAM JSON
policy elements: Condition operators" and "Set operators for multi-valued context keys". An operator stands only over
keys whose values it can compare; a value that could never compare (no number, no time, no address) is refused when it
is written.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from trailmere.access.condition_keys import ConditionKey, KeyType, closest, find
from trailmere.access.patterns import Context, PatternError, fill, read, read_arn

Test = Callable[[str, Context], bool]  # a value of the call, what the call tells -> whether it is what the policy says
Reader = Callable[[str, bool], Test]  # a value of the policy, whether it may hold variables -> its test


class Quantifier(StrEnum):
    """How several values of a call count."""

    ANY = "ForAnyValue"
    ALL = "ForAllValues"


class ConditionError(ValueError):
    """A condition that is not understood; the message says what was expected."""


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator. ``negated``: it holds when no value of the policy is met."""

    name: str
    types: frozenset[KeyType]
    reader: Reader
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Condition:
    """One key under one operator, with the policy's values: any of them will do, and under a negated operator none."""

    operator: Operator
    quantifier: Quantifier | None
    if_exists: bool
    key: str
    values: tuple[str, ...]
    tests: tuple[Test, ...]

    def holds(self, context: Context) -> bool:
        """Whether a call that tells ``context`` meets it."""
        values = context.get(self.key.lower(), ())
        if self.operator.name == NULL:
            return any(test("false" if values else "true", context) for test in self.tests)
        if not values:
            return self.if_exists or self._holds_without_values()
        counted = (self._met(value, context) for value in values)
        return any(counted) if self.quantifier is Quantifier.ANY else all(counted)

    def _holds_without_values(self) -> bool:
        """A call that does not have the key: not like anything, so that negated operators hold."""
        return self.quantifier is Quantifier.ALL or (self.quantifier is None and self.operator.negated)

    def _met(self, value: str, context: Context) -> bool:
        return any(test(value, context) for test in self.tests) != self.operator.negated


def read_condition(operator: str, key: str, values: tuple[str, ...], *, variables: bool) -> Condition:
    """One key of a Condition element. Raises ConditionError."""
    found, quantifier, if_exists = read_operator(operator)
    known = find(key)
    if known is None:
        meant = closest(key)
        raise ConditionError(
            f"no call tells {key[:100]!r}"
            + (f"; do you mean {meant}?" if meant else "; see docs/access.md for the keys")
        )
    _check_stands_over(found, quantifier, known, key)
    try:
        tests = tuple(found.reader(value, variables) for value in values)
    except PatternError as error:
        raise ConditionError(str(error)) from error
    return Condition(found, quantifier, if_exists, key, values, tests)


def read_operator(written: str) -> tuple[Operator, Quantifier | None, bool]:
    """``ForAnyValue:StringLikeIfExists`` taken apart. Raises ConditionError."""
    head, colon, name = written.rpartition(":")
    base = name.removesuffix(IF_EXISTS)
    if base not in OPERATORS or (colon and head not in set(Quantifier)):
        raise ConditionError(
            f"expected one of {', '.join(OPERATORS)}, with ForAnyValue: or ForAllValues: before it and IfExists after "
            f"it where that is meant, got {written[:100]!r}"
        )
    if base == NULL and name != NULL:
        raise ConditionError(f"Null says whether a key exists, so that IfExists adds nothing; got {written!r}")
    if base == NULL and colon:
        raise ConditionError(
            f"Null asks for the key, not for its values, so that nothing stands before it; got {written!r}"
        )
    return OPERATORS[base], Quantifier(head) if colon else None, name != base


def _check_stands_over(operator: Operator, quantifier: Quantifier | None, key: ConditionKey, written: str) -> None:
    if key.type not in operator.types:
        fitting = [name for name, one in OPERATORS.items() if key.type in one.types]
        raise ConditionError(f"{written} is {key.type}, compared by {', '.join(fitting)}; not by {operator.name}")
    if key.multivalued and quantifier is None and operator.name != NULL:
        raise ConditionError(
            f"a call may have several {written}: expected ForAnyValue: or ForAllValues: before the operator"
        )


def _equal(text: str, variables: bool) -> Test:
    return read(text, variables=variables, wildcards=False).matches


def _equal_ignoring_case(text: str, variables: bool) -> Test:
    pieces = read(text, variables=variables, wildcards=False).pieces

    def test(value: str, context: Context) -> bool:
        filled = fill(pieces, context)
        return filled is not None and "".join(map(str, filled)).lower() == value.lower()

    return test


def _like(text: str, variables: bool) -> Test:
    return read(text, variables=variables).matches


def _arn_like(text: str, variables: bool) -> Test:
    return read_arn(text, variables=variables).matches


def _binary(text: str, _variables: bool) -> Test:
    try:
        expected = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ConditionError(f"expected base64, got {text[:100]!r}") from error
    return lambda value, _context: value.encode() == expected


def _bool(text: str, _variables: bool) -> Test:
    expected = text.lower()
    if expected not in ("true", "false"):
        raise ConditionError(f"expected true or false, got {text[:100]!r}")
    return lambda value, _context: value.lower() == expected


def _network(text: str, _variables: bool) -> Test:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise ConditionError(f"expected an IP address or a range such as 203.0.113.0/24, got {text[:100]!r}") from error

    def test(value: str, _context: Context) -> bool:
        address = _address(value)
        return address is not None and address.version == network.version and address in network

    return test


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address  # a server that listens on both sees IPv4 clients as ::ffff:203.0.113.7


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _time(text: str) -> datetime | None:
    """ISO 8601 (a day, or a time with its zone), or seconds since 1970."""
    try:
        if text.isascii() and text.isdigit():
            return datetime.fromtimestamp(int(text), UTC)
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        return None
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC) if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else None
    return moment


def _ordered(read_value: Callable[[str], object], what: str, compare: Callable[[object, object], bool]) -> Reader:
    """An operator that compares numbers or times, with the value of the call on the left."""

    def reader(text: str, _variables: bool) -> Test:
        expected = read_value(text)
        if expected is None:
            raise ConditionError(f"expected {what}, got {text[:100]!r}")

        def test(value: str, _context: Context) -> bool:
            given = read_value(value)
            return given is not None and compare(given, expected)

        return test

    return reader


IF_EXISTS = "IfExists"
NULL = "Null"

_TEXT = frozenset({KeyType.STRING, KeyType.ARN, KeyType.BOOL})
_COMPARISONS: Mapping[str, Callable[..., bool]] = {
    "Equals": lambda given, expected: given == expected,
    "LessThan": lambda given, expected: given < expected,
    "LessThanEquals": lambda given, expected: given <= expected,
    "GreaterThan": lambda given, expected: given > expected,
    "GreaterThanEquals": lambda given, expected: given >= expected,
}


def _comparing(family: str, type: KeyType, read_value: Callable[[str], object], what: str) -> list[Operator]:
    types = frozenset({type, KeyType.EPOCH})
    readers = {name: _ordered(read_value, what, compare) for name, compare in _COMPARISONS.items()}
    found = [Operator(f"{family}{name}", types, reader) for name, reader in readers.items()]
    return [found[0], Operator(f"{family}NotEquals", types, readers["Equals"], negated=True), *found[1:]]


OPERATORS: Mapping[str, Operator] = {
    operator.name: operator
    for operator in (
        Operator("StringEquals", _TEXT, _equal),
        Operator("StringNotEquals", _TEXT, _equal, negated=True),
        Operator("StringEqualsIgnoreCase", _TEXT, _equal_ignoring_case),
        Operator("StringNotEqualsIgnoreCase", _TEXT, _equal_ignoring_case, negated=True),
        Operator("StringLike", _TEXT, _like),
        Operator("StringNotLike", _TEXT, _like, negated=True),
        Operator("ArnEquals", frozenset({KeyType.ARN}), _arn_like),  # AWS: the same as ArnLike
        Operator("ArnNotEquals", frozenset({KeyType.ARN}), _arn_like, negated=True),
        Operator("ArnLike", frozenset({KeyType.ARN}), _arn_like),
        Operator("ArnNotLike", frozenset({KeyType.ARN}), _arn_like, negated=True),
        *_comparing("Numeric", KeyType.NUMERIC, _number, "a number"),
        *_comparing("Date", KeyType.DATE, _time, "a time such as 2026-01-31T12:00:00Z, or seconds since 1970"),
        Operator("Bool", frozenset({KeyType.BOOL}), _bool),
        Operator("BinaryEquals", frozenset({KeyType.STRING}), _binary),
        Operator("IpAddress", frozenset({KeyType.IP}), _network),
        Operator("NotIpAddress", frozenset({KeyType.IP}), _network, negated=True),
        Operator(NULL, frozenset(KeyType), _bool),
    )
}
