"""Row seals: a column with a hash over the row's own values, so that a bit that flipped in the database is found.

SQLite has no checksums of its pages. A seal protects against accidents; whoever can write the database can seal. Which
columns a seal covers is declared with the table: all but those marked UNSEALED, in the order of declaration. Nulls at
the end do not count, so that seals made before a column was added still hold: add columns last, and nullable.
"""

from __future__ import annotations

from functools import cache
from hashlib import blake2b
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Column, bindparam, select, update

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import ColumnElement, Connection, Table

SEAL = "seal"
UNSEALED = {"sealed": False}  # for the ``info`` of a column: a state that is a word, or what has a hash of its own
_BITS_64 = 8


def seal_column() -> Column[int]:
    """The column that holds the seal; null in rows written before there were seals."""
    return Column(SEAL, BigInteger, info=UNSEALED)


def seal_of(table: Table, values: Mapping[str, Any]) -> int:
    """The seal of a row with these values (None where one is not given): 64 bits, signed."""
    sealed = [values.get(name) for name in sealed_columns(table)]
    while sealed and sealed[-1] is None:
        del sealed[-1]
    text = f"{table.name}{sealed!r}".encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(text, digest_size=_BITS_64).digest(), "big", signed=True)


def sealed(table: Table, values: dict[str, Any]) -> dict[str, Any]:
    """The values with their seal."""
    return values | {SEAL: seal_of(table, values)}


def reseal(
    connection: Connection,
    table: Table,
    rows: ColumnElement[bool],
    changes: Mapping[str, Any],
    *,
    add: Mapping[str, int] = MappingProxyType({}),
) -> int:
    """Change rows, add to numbers of theirs, and seal them anew; returns how many. Within a writing transaction.

    A seal that was broken stays broken: a change must not hide what happened before.
    """
    keys = [column.name for column in table.primary_key]
    wanted = [table.c[name] for name in dict.fromkeys((*keys, *sealed_columns(table), SEAL))]
    found = [dict(row._mapping) for row in connection.execute(select(*wanted).where(rows))]
    if found:
        renewed = [
            _renewed(table, row, keys, {**changes, **{name: row[name] + add[name] for name in add}}) for row in found
        ]
        its = [table.c[key] == bindparam(f"its_{key}") for key in keys]
        new: dict[str, Any] = {name: bindparam(f"new_{name}") for name in (*changes, *add, SEAL)}
        connection.execute(update(table).where(*its).values(new), renewed)
    return len(found)


def _renewed(table: Table, row: dict[str, Any], keys: list[str], changes: dict[str, Any]) -> dict[str, Any]:
    sound = row[SEAL] == seal_of(table, row)
    new = changes | {SEAL: seal_of(table, row | changes) if sound else row[SEAL]}
    return {f"its_{key}": row[key] for key in keys} | {f"new_{name}": value for name, value in new.items()}


def broken(connection: Connection, table: Table) -> Iterator[tuple[dict[str, Any], bool]]:
    """Rows whose seal is not theirs: key and sealed values, and whether they have a seal at all."""
    keys = [column.name for column in table.primary_key]
    wanted = [table.c[name] for name in dict.fromkeys((*keys, *sealed_columns(table), SEAL))]
    for row in connection.execution_options(yield_per=1000).execute(select(*wanted)).mappings():
        values = dict(row)
        if values[SEAL] != seal_of(table, values):
            yield values, values[SEAL] is not None


@cache
def sealed_columns(table: Table) -> tuple[str, ...]:
    """The names of the columns that the seal covers. A number that the database gives is known too late for it."""
    numbered = {column.name for column in table.primary_key if column.autoincrement is True}
    return tuple(column.name for column in table.c if column.info.get("sealed", True) and column.name not in numbered)
