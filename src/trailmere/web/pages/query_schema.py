"""What the editor completes: stores, columns with their members, functions with their signatures, keys of maps.

Stores, columns and functions are facts that are declared elsewhere; keys are those of a sample of events.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from trailmere.errors import TrailmereError
from trailmere.events.columns import COLUMNS, Column
from trailmere.events.hot import HOT_KEYS
from trailmere.events.types import Array, Map, Row, Scalar, Type

if TYPE_CHECKING:
    from trailmere.query.dialect.functions.signature import Function
    from trailmere.web.visit import Visit

SAMPLED = 20_000  # events that are looked at for the keys of a map
MOST_KEYS = 200
_WORDS = {
    "s": "varchar",
    "i": "bigint",
    "n": "number",
    "t": "timestamp",
    "b": "boolean",
    "j": "json",
    "a": "array",
    "m": "map",
    "x": "varbinary",
    "p": "ipaddress",
    ".": "any",
}


def schema(visit: Visit) -> dict[str, Any]:
    """All of it but the keys of the data, for one person."""
    stores = visit.stores()
    families = {store.family for store in stores} or {"cloudtrail"}
    return {
        "stores": [{"name": f'"{store.name}"', "detail": store.id} for store in stores]
        + [{"name": store.id, "detail": store.name} for store in stores],
        "columns": [one for family in sorted(families) for one in columns_of(family)],
        "keys": {_spelled(column): list(keys) for one in HOT_KEYS.values() for column, keys in one.items()},
        "functions": functions(),
    }


@cache
def columns_of(family: str) -> list[dict[str, Any]]:
    """The columns of a family as the editor shows them."""
    return [
        {
            "name": column.key or column.name,
            "detail": _short(column.type),
            "info": column.meaning,
            "members": list(_members(column.type)),
        }
        for column in COLUMNS[family]
    ]


@cache
def paths_of(family: str) -> dict[str, str]:
    """Every column and member of a row, in small letters -> as people write it."""
    found = {}
    for column in COLUMNS[family]:
        name = column.key or column.name
        found[name.lower()] = name
        if isinstance(column.type, Row):
            found |= {f"{name}.{member}".lower(): f"{name}.{member}" for member in _members(column.type)}
    return found


@cache
def functions() -> list[dict[str, str]]:
    """Every function with its signature."""
    from trailmere.query.dialect import FUNCTIONS

    return [{"name": one.name, "detail": signature(one)} for one in FUNCTIONS.values()]


def signature(function: Function) -> str:
    """``(varchar, varchar [, bigint]) → varchar``."""
    required, _, optional = function.parameters.partition("?")
    words = [_WORDS[letter] for letter in required.rstrip("*")]
    more = "".join(f" [, {_WORDS[letter]}]" if words else f"[{_WORDS[letter]}]" for letter in optional.rstrip("*"))
    text = f"({', '.join(words)}{more}{', ...' if function.parameters.endswith('*') else ''})"
    return f"{text} → {function.returns}" if isinstance(function.returns, Scalar | Array | Map) else text


def map_columns(family: str) -> list[str]:
    """The columns that are maps."""
    return [column.key or column.name for column in COLUMNS[family] if isinstance(column.type, Map)]


def sampled_keys(visit: Visit, store: str, column: str) -> list[str]:
    """The keys of a map column in some events of the page's range, the most frequent first; none where they cannot be
    read."""
    found = next((one for one in visit.stores() if store in (one.id, one.name)), None)
    name = next((one for one in map_columns(found.family) if one.lower() == column.lower()), None) if found else None
    if found is None or name is None:
        return []
    statement = (
        f"SELECT key, count(*) AS events FROM (SELECT {name} AS members FROM {found.id} "  # noqa: S608 - of our own
        f"WHERE {visit.range.condition()} AND {name} IS NOT NULL LIMIT {SAMPLED}) "
        f"CROSS JOIN UNNEST(map_keys(members)) AS t(key) GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {MOST_KEYS}"
    )
    try:
        answer = visit.run(statement, rows=MOST_KEYS)
        return [str(key) for batch in answer.batches for key in batch.column(0).to_pylist()]
    except TrailmereError:
        return []


def _members(type: Type) -> Iterator[str]:
    if not isinstance(type, Row):
        return
    for field in type.fields:
        yield field.key
        yield from (f"{field.key}.{member}" for member in _members(field.type))


def _short(type: Type) -> str:
    return {Row: "row", Map: "map", Array: "array"}.get(type.__class__, str(type))


def _spelled(name: str) -> str:
    columns: tuple[Column, ...] = COLUMNS["cloudtrail"]
    return next((column.key for column in columns if column.name == name), name)
