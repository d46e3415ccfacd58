"""Fields that no column declares: what AWS added since, told by dotted path.

Looked for in the record itself and in the rows of userIdentity, tlsDetails and eventContext. Inside maps
(requestParameters ...) and arrays every key is welcome. Nothing is lost by drift: ``eventJson`` holds the whole text.
"""

from __future__ import annotations

from functools import cache, lru_cache

from trailmere.events import scan
from trailmere.events.adapt import AGGREGATED_KEYS
from trailmere.events.columns import COLUMNS
from trailmere.events.structs import row_members
from trailmere.events.types import Row, Type

_KNOWN_ELSEWHERE = {"cloudtrail": AGGREGATED_KEYS, "insight": frozenset({"insightDetails"})}

Paths = tuple[str, ...]
LONGEST_PATH = 256  # characters; what is longer is cut


def unknown_fields(text: bytes, family: str = "cloudtrail") -> list[str]:
    """Dotted paths of members of this record (a JSON object, UTF-8) that the columns of the family do not declare."""
    found: list[str] = []
    _look(text, family, (), found)
    return found


def _look(text: bytes, family: str, path: Paths, found: list[str]) -> None:
    members = scan.mapping(text)
    unknown, rows = _judge(family, path, tuple(members))
    found.extend(unknown)
    for key in rows:
        if members[key].startswith(b"{"):
            _look(members[key], family, (*path, key), found)


@lru_cache(maxsize=4096)
def _judge(family: str, path: Paths, keys: Paths) -> tuple[Paths, Paths]:
    """For the keys of an object at a path: the dotted paths of unknown ones, and which of them are rows to look into.

    Records of one kind have the same keys in the same order, so most answers come from the cache.
    """
    declared = _declared(family)
    unknown = tuple(_shown((*path, key)) for key in keys if (*path, key) not in declared)
    rows = tuple(key for key in keys if declared.get((*path, key)))
    return unknown, rows


def _shown(path: Paths) -> str:
    """The dotted path as a database can hold it and a person can read it: a key is any text, of any length."""
    told = scan.tidy(".".join(path)).replace("\0", "\ufffd")
    return told if len(told) <= LONGEST_PATH else told[: LONGEST_PATH - 1] + "\u2026"


@cache
def _declared(family: str) -> dict[Paths, bool]:
    """Declared paths; the value says whether it is a row, whose members are declared too."""
    declared: dict[Paths, bool] = {(key,): False for key in _KNOWN_ELSEWHERE.get(family, ())}
    pending: list[tuple[Paths, Type]] = [((column.key,), column.type) for column in COLUMNS[family] if column.key]
    while pending:
        path, type = pending.pop()
        declared[path] = isinstance(type, Row)
        if isinstance(type, Row):
            pending += [((*path, key), part) for key, part in row_members(type)]
    return declared
