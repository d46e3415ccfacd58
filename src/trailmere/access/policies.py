"""IAM policies: JSON text in, checked statements out. What is not understood is refused here, when it is written.

Source: IAM user guide, "Grammar of the IAM JSON policy language" and "IAM JSON policy element reference". What one kind
of policy may say and another may not stands in ``kinds``; whether a policy allows something is decided in ``evaluate``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from typing import TypeVar

from trailmere.access import actions
from trailmere.access.conditions import Condition, ConditionError, read_condition, read_operator
from trailmere.access.documents import Document, Scalar, read_document
from trailmere.access.kinds import KINDS, as_meant, check_statement
from trailmere.access.patterns import ArnPattern, Pattern, PatternError, Wild, read, read_arn
from trailmere.access.principals import Principal, PrincipalError, Whom, read_principal
from trailmere.access.statements import Effect, Policy, PolicyKind, Statement
from trailmere.errors import MalformedPolicy

__all__ = ["Policy", "PolicyKind", "parse_policy"]

VARIABLES_SINCE = "2012-10-17"  # in earlier policies ${...} is text
VERSIONS = (VARIABLES_SINCE, "2008-10-17")
_DEFAULT_VERSION = "2008-10-17"  # of a policy that does not say
_POLICY = ("Version", "Id", "Statement")
_STATEMENT = (
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
)
_SID = re.compile(r"[0-9A-Za-z]*")
_RESOURCE_SERVICES = ("cloudtrail", "iam")  # iam: roles, which sts:AssumeRole is about

Members = dict[str, Document]
Found = TypeVar("Found")


@lru_cache(maxsize=1_024)
def parse_policy(text: str, kind: PolicyKind) -> Policy:
    """The policy that ``text`` is. Raises MalformedPolicy, which names the place.

    What was read is remembered, so that a call that is checked against a policy does not read it again.
    """
    members = read_document(text, KINDS[kind].characters)
    _check_members("", members, _POLICY)
    version = _version(members)
    written = members.get("Statement")
    places: list[tuple[str, Document]] = (
        [(f"Statement[{number}]", one) for number, one in enumerate(written)]
        if isinstance(written, list)
        else [("Statement", written)]
    )
    most = KINDS[kind].statements
    if not places or (most is not None and len(places) > most):
        expected = f"1 to {most} statements" if most is not None else "at least one statement"
        raise MalformedPolicy(f"expected {expected}, got {len(places)}", place="Statement")
    reader = _Reader(kind, variables=version == VARIABLES_SINCE)
    statements = tuple(reader.statement(place, one) for place, one in places)
    _check_sids(statements)
    return Policy(kind, version, statements)


class _Reader:
    """Reads the statements of one policy."""

    def __init__(self, kind: PolicyKind, *, variables: bool) -> None:
        self._kind = kind
        self._variables = variables

    def statement(self, place: str, written: Document) -> Statement:
        """One statement, checked."""
        if not isinstance(written, dict):
            raise MalformedPolicy(f"expected a statement, which is a JSON object, got {_shown(written)}", place=place)
        _check_members(place, written, _STATEMENT)
        not_principals, principals = self._principals(place, written)
        not_actions, found_actions = self._either(place, written, "Action", _action)
        not_resources, resources = self._resources(place, written)
        statement = Statement(
            place=place,
            sid=_sid(place, written),
            effect=_effect(place, written),
            principals=principals,
            not_principals=not_principals,
            actions=found_actions,
            not_actions=not_actions,
            resources=resources,
            not_resources=not_resources,
            conditions=tuple(self._conditions(f"{place}.Condition", written)),
        )
        check_statement(self._kind, statement)
        return as_meant(self._kind, statement)

    def _either(
        self, place: str, written: Members, name: str, read_one: Callable[[str], Found]
    ) -> tuple[bool, tuple[Found, ...]]:
        """The member ``name`` or its opposite, and which of them it is."""
        negated = _which(place, written, name)
        member = f"Not{name}" if negated else name
        texts = _texts(f"{place}.{member}", written[member])
        return negated, tuple(_read(f"{place}.{member}", read_one, text) for text in texts)

    def _resources(self, place: str, written: Members) -> tuple[bool, tuple[ArnPattern, ...]]:
        if KINDS[self._kind].resources:
            return self._either(place, written, "Resource", self._resource)
        _check_absent(place, written, ("Resource", "NotResource"), f"a {self._kind} policy is about its own role")
        return False, ()

    def _resource(self, text: str) -> ArnPattern:
        found = read_arn(text, variables=self._variables)
        if found.parts is not None and found.parts[2].pieces not in [(name,) for name in _RESOURCE_SERVICES]:
            raise PatternError(f"expected an ARN of {' or '.join(_RESOURCE_SERVICES)}, got {text[:200]!r}")
        return found

    def _principals(self, place: str, written: Members) -> tuple[bool, tuple[Principal, ...]]:
        if not KINDS[self._kind].principals:
            _check_absent(
                place, written, ("Principal", "NotPrincipal"), f"whose {self._kind} policy it is says whom it is about"
            )
            return False, ()
        negated = _which(place, written, "Principal")
        member = "NotPrincipal" if negated else "Principal"
        return negated, tuple(_principals(f"{place}.{member}", written[member]))

    def _conditions(self, place: str, written: Members) -> Iterator[Condition]:
        operators = written.get("Condition", {})
        for operator, keys in _members(place, operators):
            _read(place, read_operator, operator)
            for key, values in _members(f"{place}.{operator}", keys):
                at = f"{place}.{operator}.{key[:100]}"
                texts = _texts(at, values)
                try:
                    yield read_condition(operator, key, texts, variables=self._variables)
                except ConditionError as error:
                    raise MalformedPolicy(str(error), place=at) from error


def _version(members: Members) -> str:
    version = members.get("Version", _DEFAULT_VERSION)
    if version not in VERSIONS:
        raise MalformedPolicy(f"expected {' or '.join(VERSIONS)}, got {_shown(version)}", place="Version")
    if not isinstance(members.get("Id", ""), str):
        raise MalformedPolicy(f"expected text, got {_shown(members['Id'])}", place="Id")
    return str(version)


def _effect(place: str, written: Members) -> Effect:
    effect = written.get("Effect")
    if effect not in set(Effect):
        raise MalformedPolicy(f"expected Allow or Deny, got {_shown(effect)}", place=f"{place}.Effect")
    return Effect(str(effect))


def _sid(place: str, written: Members) -> str | None:
    sid = written.get("Sid")
    if sid is not None and not (isinstance(sid, str) and _SID.fullmatch(sid)):
        raise MalformedPolicy(f"expected letters and digits, got {_shown(sid)}", place=f"{place}.Sid")
    return sid or None


def _check_sids(statements: tuple[Statement, ...]) -> None:
    seen: set[str] = set()
    for statement in statements:
        if statement.sid in seen:
            raise MalformedPolicy(f"expected each Sid once, got {statement.sid} again", place=f"{statement.place}.Sid")
        if statement.sid is not None:
            seen.add(statement.sid)


@lru_cache(maxsize=1_024)
def _action(text: str) -> Pattern:
    """A pattern of actions, which fits one at least: in small letters, because actions count without their case."""
    found = read(text, variables=False)
    lowered = read(text.lower(), variables=False)
    if not any(lowered.matches(action, {}) for action in actions.lowered()):
        services = actions.services()
        if not any(isinstance(piece, Wild) for piece in found.pieces) and (meant := actions.closest(text)):
            raise PatternError(f"there is no action {text[:100]!r}; do you mean {meant}?")
        raise PatternError(f"no action of {', '.join(services)} is {text[:100]!r}; other services are not asked here")
    return Pattern(text, lowered.pieces)


def _principals(place: str, written: Document) -> Iterator[Principal]:
    if written == "*":
        yield Principal(Whom.ANYONE, "*")
        return
    types = _members(place, written, 'the text "*" or an object of AWS and Service')
    if not types:
        raise MalformedPolicy("expected a principal, got none", place=place)
    for type, values in types:
        if type not in ("AWS", "Service"):
            raise MalformedPolicy(
                f"expected AWS or Service, got {type[:100]!r}: there is no federation here", place=place
            )
        for text in _texts(f"{place}.{type}", values):
            yield _read(f"{place}.{type}", partial(read_principal, type), text)


def _read(place: str, read_one: Callable[[str], Found], text: str) -> Found:
    try:
        return read_one(text)
    except (PatternError, PrincipalError, ConditionError) as error:
        raise MalformedPolicy(str(error), place=place) from error


def _which(place: str, written: Members, name: str) -> bool:
    """Whether the opposite of the member ``name`` is there; one of them has to be."""
    if (name in written) == (f"Not{name}" in written):
        given = "both" if name in written else "neither"
        raise MalformedPolicy(f"expected {name} or Not{name}, got {given}", place=place)
    return name not in written


def _texts(place: str, written: Document) -> tuple[str, ...]:
    """One text, or a list of some."""
    texts = written if isinstance(written, list) else [written]
    if not texts or not all(isinstance(text, str) for text in texts):
        raise MalformedPolicy(f"expected text or a list of texts, got {_shown(written)}", place=place)
    if ".Condition." not in place and any(isinstance(text, Scalar) for text in texts):
        raise MalformedPolicy(f"expected text or a list of texts, got {_shown(written)} without quotes", place=place)
    return tuple(str(text) for text in texts)


def _members(place: str, written: Document, expected: str = "a JSON object") -> list[tuple[str, Document]]:
    if not isinstance(written, dict):
        raise MalformedPolicy(f"expected {expected}, got {_shown(written)}", place=place)
    return list(written.items())


def _check_members(place: str, written: Members, known: tuple[str, ...]) -> None:
    for name in written:
        if name not in known:
            raise MalformedPolicy(f"expected {', '.join(known)}, got a member {name[:100]!r}", place=place or None)


def _check_absent(place: str, written: Members, names: tuple[str, ...], reason: str) -> None:
    for name in names:
        if name in written:
            raise MalformedPolicy(f"it does not belong here: {reason}", place=f"{place}.{name}")


def _shown(value: Document) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, list | dict):
        return f"{'a list' if isinstance(value, list) else 'an object'} of {len(value)}"
    return repr(str(value)[:100])
