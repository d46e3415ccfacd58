"""Columns of events as people name them, and what they are in SQL: by the family of the store.

A path is what stands in the URL: ``eventName``, ``userIdentity.sessionContext.sessionIssuer.arn``, a key of a map
(``requestParameters.bucketName``), a member of each resource (``resources.arn``), or one of ``OWN``. Only paths that
end at a declared column become SQL, and values only as literals. What a family does not have is NULL there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from trailmere.events.columns import COLUMNS
from trailmere.events.types import BOOLEAN, VARCHAR, Array, Map, Row, Scalar, Type
from trailmere.query.quoting import literal

CLOUDTRAIL = "cloudtrail"
LONGEST_PATH = 300  # characters
_PLAIN_KEY = re.compile(r"[\w :/@-]+", re.ASCII)  # that a path into JSON can name

_ID = "useridentity"
_ISSUER = f"{_ID}.sessioncontext.sessionissuer"
_SESSION_AT = f"strpos({_ID}.principalid, ':')"
# what one asks for that no single column tells, family -> SQL
OWN: Mapping[str, Mapping[str, str]] = {
    "principal": {
        CLOUDTRAIL: (
            f"COALESCE(CASE WHEN {_ID}.type = 'Root' THEN 'root' END, {_ID}.username, {_ISSUER}.username, "
            f"{_ID}.invokedby, {_ID}.onbehalfof.userid, {_ID}.arn, {_ID}.principalid, {_ID}.accountid)"
        ),
        "activityauditlog": "eventdata.useridentity.principalid",
        "evidence": "eventdata.iamid",
    },
    "session": {
        CLOUDTRAIL: (
            f"CASE WHEN {_ID}.type = 'AssumedRole' AND {_SESSION_AT} > 0 "
            f"THEN substr({_ID}.principalid, {_SESSION_AT} + 1) END"
        ),
    },
}
OWN_MEANING = {
    "principal": "User, role, root or service that acted, without its session.",
    "session": "Name of the role's session.",
}
# columns that another family has under another name
_ELSEWHERE: Mapping[str, Mapping[str, str]] = {
    "insight": {
        "eventname": "insighteventname",
        "eventsource": "insighteventsource",
        "errorcode": "insighterrorcode",
    },
    "activityauditlog": {
        name: f"eventdata.{name}"
        for name in (
            "eventname",
            "eventsource",
            "useragent",
            "errorcode",
            "errormessage",
            "sourceipaddress",
            "requestparameters",
            "responseelements",
            "additionaleventdata",
            "useridentity",
        )
    },
    "evidence": {"eventname": "eventdata.eventname", "eventsource": "eventdata.eventsource"},
    "configurationitem": {"eventname": "eventdata.resourcetype"},
}
LABELS: Mapping[str, str] = {
    "eventTime": "Time",
    "eventName": "Event",
    "eventSource": "Service",
    "principal": "Principal",
    "session": "Session",
    "recipientAccountId": "Account",
    "awsRegion": "Region",
    "sourceIPAddress": "From",
    "errorCode": "Error",
    "userIdentity.accessKeyId": "Access key",
    "userIdentity.arn": "Principal ARN",
    "userIdentity.type": "Kind of principal",
    "userAgent": "User agent",
    "readOnly": "Reads or writes",
    "resources.arn": "Resource",
    "sharedEventID": "Shared event",
}
# operators of a filter, the longer one first
OPERATORS = ("!=", "=", "~")


@dataclass(frozen=True, slots=True)
class Reached:
    """Where a path leads in a family: ``sql`` is the column, ``rest`` the parts that are left: a key, a member."""

    sql: str
    type: Type
    rest: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Offered:
    """A column that can be chosen."""

    path: str
    meaning: str


def label(path: str) -> str:
    """What a column is called."""
    return LABELS.get(path, path)


def expression(path: str, family: str) -> str:
    """The column as text, in SQL; NULL where the family has none."""
    own = OWN.get(path)
    if own is not None:
        return own.get(family, "CAST(NULL AS varchar)")
    found = reach(path, family)
    return "CAST(NULL AS varchar)" if found is None else _as_text(found)


def condition(path: str, operator: str, value: str, family: str) -> str:
    """A filter as a condition. No value asks whether there is none."""
    found = reach(path, family)
    if path in OWN:
        sql = expression(path, family)
    elif found is None:
        return "TRUE" if (operator == "=") == (value == "") and operator != "~" else "FALSE"
    elif value and isinstance(found.type, Array) and found.rest:
        return _of_any(found, operator, value)
    elif value in ("true", "false") and found.type == BOOLEAN:
        sql, literal = found.sql, value
        return f"{sql} = {literal}" if operator == "=" else f"({sql} IS NULL OR {sql} <> {literal})"
    else:
        sql = _as_text(found)
    return _compared(sql, operator, value)


def reach(path: str, family: str) -> Reached | None:
    """Where a path leads; None for nowhere."""
    first, *rest = path[:LONGEST_PATH].split(".")
    columns = _columns(family)
    name = first.lower()
    if name not in columns:
        elsewhere = _ELSEWHERE.get(family, {}).get(name)
        return None if elsewhere is None else reach(".".join([elsewhere, *rest]), family)
    return _descend(name, columns[name], tuple(rest))


def offered(families: frozenset[str]) -> list[Offered]:
    """All columns of some families, and the members of their rows."""
    found = {path: Offered(path, meaning) for path, meaning in OWN_MEANING.items()}
    for family in sorted(families, key=lambda one: one != CLOUDTRAIL):
        for column in COLUMNS[family]:
            if column.name not in ("eventjson", "eventtime"):
                for path in _paths(column.key or column.name, column.type):
                    found.setdefault(path, Offered(path, column.meaning))
    return list(found.values())


def _paths(path: str, type: Type) -> Iterator[str]:
    yield path
    if isinstance(type, Row):
        for member in type.fields:
            yield from _paths(f"{path}.{member.key}", member.type)
    elif isinstance(type, Array) and isinstance(type.element, Row):
        yield from (f"{path}.{member.key}" for member in type.element.fields if member.type == VARCHAR)


@cache
def _columns(family: str) -> Mapping[str, Type]:
    return {column.name: column.type for column in COLUMNS[family]}


def _descend(sql: str, type: Type, rest: tuple[str, ...]) -> Reached | None:
    if isinstance(type, Row) and rest:
        name = rest[0].lower()
        member = next((one for one in type.fields if name in (one.name, one.key.lower())), None)
        return None if member is None else _descend(f"{sql}.{member.name}", member.type, rest[1:])
    if isinstance(type, Array) and rest:
        members = type.element.fields if isinstance(type.element, Row) else ()
        known = any(one.name == rest[0].lower() and one.type == VARCHAR for one in members)
        return Reached(sql, type, (rest[0].lower(),)) if known and len(rest) == 1 else None
    if isinstance(type, Scalar) and rest:
        return None
    return Reached(sql, type, rest)


def _as_text(found: Reached) -> str:
    sql, rest = found.sql, found.rest
    if found.type == VARCHAR:
        return sql
    if isinstance(found.type, Scalar):
        return f"CAST({sql} AS varchar)"
    if isinstance(found.type, Map) and rest:
        whole = f"element_at({sql}, {literal('.'.join(rest))})"
        if len(rest) == 1 or not all(_PLAIN_KEY.fullmatch(part) for part in rest[1:]):
            return whole
        within = "".join(f"[{part}]" if part.isdecimal() else f'["{part}"]' for part in rest[1:])
        return f"COALESCE({whole}, json_extract_scalar(element_at({sql}, {literal(rest[0])}), {literal('$' + within)}))"
    if isinstance(found.type, Array) and rest:
        return f"array_join(transform({sql}, one -> one.{rest[0]}), ' ')"
    return f"json_format(CAST({sql} AS json))"


def _of_any(found: Reached, operator: str, value: str) -> str:
    member = f"one.{found.rest[0]}"
    if operator == "~":
        return f"any_match({found.sql}, one -> {_compared(member, '~', value)})"
    has = f"any_match({found.sql}, one -> {member} = {literal(value)})"
    return has if operator == "=" else f"NOT COALESCE({has}, FALSE)"


def _compared(sql: str, operator: str, value: str) -> str:
    if operator == "~":
        return f"strpos(lower({sql}), {literal(value.lower())}) > 0"
    if not value:
        return f"{sql} IS NULL" if operator == "=" else f"{sql} IS NOT NULL"
    return f"{sql} = {literal(value)}" if operator == "=" else f"({sql} IS NULL OR {sql} <> {literal(value)})"
