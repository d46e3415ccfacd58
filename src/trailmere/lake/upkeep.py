"""The books of maintenance: what retention removed (kept for ever, so that sums still balance), and who is at it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, Column, Index, String, Table, Text, delete, func, insert, select

from trailmere.lake.ledger import as_time, metadata, now_us
from trailmere.lake.records import Removal
from trailmere.registry.seals import seal_column, sealed

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

removals = Table(
    "lake_removals",
    metadata,
    Column("batch_id", String(40), primary_key=True),
    Column("store_id", String(40), nullable=False),
    Column("removed_us", BigInteger, nullable=False),
    Column("cutoff_us", BigInteger, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("files", BigInteger, nullable=False),
    seal_column(),
    Index("lake_removals_store", "store_id"),
)

# Who maintains a store, or did last: for people. Whether somebody does now is told by a lock alone.
turns = Table(
    "lake_maintenance",
    metadata,
    Column("store_id", String(40), primary_key=True),
    Column("owner", Text, nullable=False),  # host and process id
    Column("began_us", BigInteger, nullable=False),
)


def begin(connection: Connection, store_id: str, owner: str) -> None:
    """It is this owner's turn."""
    connection.execute(delete(turns).where(turns.c.store_id == store_id))
    connection.execute(insert(turns).values(store_id=store_id, owner=owner, began_us=now_us()))


def turn(connection: Connection, store_id: str) -> tuple[str, datetime] | None:
    """Whose turn it is or was last, and since when (naive UTC)."""
    found = connection.execute(select(turns).where(turns.c.store_id == store_id)).one_or_none()
    return None if found is None else (found.owner, as_time(found.began_us))


def enter(connection: Connection, store_id: str, batch_id: str, cutoff: int, rows: int, files: int) -> None:
    """Rows with an eventTime before ``cutoff`` (microseconds since 1970) went with so many files."""
    values = {
        "batch_id": batch_id,
        "store_id": store_id,
        "removed_us": now_us(),
        "cutoff_us": cutoff,
        "rows": rows,
        "files": files,
    }
    connection.execute(insert(removals).values(**sealed(removals, values)))


def rows_removed(connection: Connection, store_id: str) -> int:
    """All rows that retention ever removed from a store."""
    total = func.coalesce(func.sum(removals.c.rows), 0)
    return int(connection.execute(select(total).where(removals.c.store_id == store_id)).scalar_one())


def of_store(connection: Connection, store_id: str) -> list[Removal]:
    """Every removal from a store, oldest first."""
    rows = connection.execute(
        select(removals).where(removals.c.store_id == store_id).order_by(removals.c.removed_us, removals.c.batch_id)
    )
    return [Removal(row.batch_id, as_time(row.removed_us), as_time(row.cutoff_us), row.rows, row.files) for row in rows]


def forget_store(connection: Connection, store_id: str) -> None:
    """Remove what is known of a store whose table is gone."""
    for table in (removals, turns):
        connection.execute(delete(table).where(table.c.store_id == store_id))
