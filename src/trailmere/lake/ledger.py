"""The ledger: which deliveries were seen, in which batch, with what outcome. Kept for ever, for it is what makes a
delivery that comes again a year later a known one.

Tables and the small reads and writes over them; every function takes a connection, so that the caller draws the bounds
of the transaction. What the numbers mean is told in ``lake.records``; when they are written, in ``lake.append``.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, cast

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    and_,
    any_,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal_column,
    select,
    update,
)

from trailmere.lake.records import DeliveryEntry, KnownField, NewField, as_row
from trailmere.registry.seals import SEAL, UNSEALED, reseal, seal_column, seal_of, sealed, sealed_columns

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from sqlalchemy import ColumnElement, Connection

BatchState = Literal["open", "prepared", "done", "abandoned"]
CHUNK = 500  # lines of one page, values in one IN list

metadata = MetaData()

batches = Table(
    "lake_batches",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("store_id", String(40), nullable=False),
    Column("owner", Text, nullable=False),  # host and process id, for people
    Column("state", String(12), nullable=False, info=UNSEALED),
    Column("opened_us", BigInteger, nullable=False),
    Column("settled_us", BigInteger),
    Column("prepared", LargeBinary, info=UNSEALED),  # what the ledger will hold; emptied when the batch is settled
    Column("snapshot_id", BigInteger),
    seal_column(),
    Index("lake_batches_unsettled", "store_id", "state"),
)

deliveries = Table(
    "lake_deliveries",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("store_id", String(40), nullable=False),
    Column("id", String(32), nullable=False),
    Column("batch_id", String(40), nullable=False),
    Column("uri", Text, nullable=False),
    Column("version", Text),
    Column("etag", Text),
    Column("size", BigInteger, nullable=False),
    Column("sha256_stored", String(64), nullable=False),
    Column("sha256_content", String(64), nullable=False),
    Column("status", String(10), nullable=False),
    Column("format", Text, nullable=False),
    Column("same_as", String(32)),
    Column("conflict", Boolean, nullable=False),
    Column("parsed", BigInteger, nullable=False),
    Column("kept", BigInteger, nullable=False),
    Column("filtered", BigInteger, nullable=False),
    Column("duplicate", BigInteger, nullable=False),
    Column("dead", BigInteger, nullable=False),
    Column("conflicting_events", BigInteger, nullable=False),
    Column("sightings", BigInteger, nullable=False),
    Column("first_seen_us", BigInteger, nullable=False),
    Column("last_seen_us", BigInteger, nullable=False),
    seal_column(),
    Index("lake_deliveries_id", "store_id", "id", unique=True),
    Index("lake_deliveries_stored", "store_id", "sha256_stored"),
    Index("lake_deliveries_content", "store_id", "sha256_content"),
    Index("lake_deliveries_uri", "store_id", "uri"),
)

fields = Table(
    "lake_fields",
    metadata,
    Column("store_id", String(40), primary_key=True),
    Column("path", Text, primary_key=True),
    Column("delivery_id", String(32), nullable=False),
    Column("uri", Text, nullable=False),
    Column("ordinal", BigInteger, nullable=False),
    Column("first_seen_us", BigInteger, nullable=False),
    Column("count", BigInteger, nullable=False),
    seal_column(),
)

# The store of a delivery as no index has it. SQLite would go through all lines by an index that begins with the store,
# and look each up in the table, where those that are asked for lie one after the other.
unindexed_store = deliveries.c.store_id.concat(literal_column("''"))
LOOKED_UP_COSTS = 5  # times what a line costs that is met where it lies

_ENTRY_COLUMNS = [deliveries.c[name] for name in DeliveryEntry.__dataclass_fields__]


def now_us() -> int:
    """Now, in microseconds since 1970."""
    return int(datetime.now(UTC).timestamp() * 1_000_000)


def as_time(microseconds: int) -> datetime:
    """Naive UTC, as everywhere in the lake."""
    return datetime.fromtimestamp(microseconds / 1_000_000, UTC).replace(tzinfo=None)


# -- batches -----------------------------------------------------------------------------------------------------------


def open_batch(connection: Connection, batch_id: str, store_id: str, owner: str) -> None:
    """Write the intent."""
    row = {"id": batch_id, "store_id": store_id, "owner": owner, "state": "open", "opened_us": now_us()}
    connection.execute(insert(batches).values(**sealed(batches, row)))


def prepare_batch(connection: Connection, batch_id: str, prepared: bytes) -> bool:
    """Mark an open batch prepared; False where it is not open any more."""
    found = connection.execute(
        update(batches)
        .where(batches.c.id == batch_id, batches.c.state == "open")
        .values(state="prepared", prepared=prepared)
    )
    return bool(found.rowcount)


def settle_batch(connection: Connection, batch_id: str, state: BatchState, snapshot_id: int | None) -> bool:
    """Mark a batch done or abandoned, once; False where somebody did before."""
    unsettled = and_(batches.c.id == batch_id, batches.c.state.in_(("open", "prepared")))
    changes = {"state": state, "prepared": None, "snapshot_id": snapshot_id, "settled_us": now_us()}
    return bool(reseal(connection, batches, unsettled, changes))


def unsettled_batches(
    connection: Connection, store_id: str | None, states: Sequence[BatchState] = ("open", "prepared")
) -> list[str]:
    """Ids of batches that are open or prepared, oldest first; of all stores where none is given."""
    query = select(batches.c.id).where(batches.c.state.in_(states))
    if store_id is not None:
        query = query.where(batches.c.store_id == store_id)
    return list(connection.execute(query.order_by(batches.c.opened_us)).scalars())


def batch_state(connection: Connection, batch_id: str) -> tuple[BatchState, bytes | None] | None:
    """State and prepared intent of a batch; None where there is no such batch."""
    found = connection.execute(
        select(batches.c.state, batches.c.prepared).where(batches.c.id == batch_id)
    ).one_or_none()
    return None if found is None else (cast("BatchState", found.state), found.prepared)


# -- deliveries --------------------------------------------------------------------------------------------------------


def by_stored(connection: Connection, store_id: str, hashes: Collection[str]) -> dict[str, DeliveryEntry]:
    """For each hash of stored bytes that the ledger has: the delivery that had them, a taken one before a rejected.
    "" (the bytes could not be read) is no hash."""
    hashes = [found for found in hashes if found]
    return _by_hash(connection, store_id, deliveries.c.sha256_stored, hashes, ("taken", "rejected"))


def by_content(connection: Connection, store_id: str, hashes: Collection[str]) -> dict[str, DeliveryEntry]:
    """For each hash of uncompressed content that was taken: the delivery that had it. "" is no hash."""
    hashes = [found for found in hashes if found]
    return _by_hash(connection, store_id, deliveries.c.sha256_content, hashes, ("taken",))


def _by_hash(
    connection: Connection,
    store_id: str,
    column: Column[Any],
    hashes: Collection[str],
    statuses: tuple[str, ...],
) -> dict[str, DeliveryEntry]:
    found: dict[str, DeliveryEntry] = {}
    for line in _lines_with(connection, _ENTRY_COLUMNS, store_id, column, hashes):
        entry, its_hash = DeliveryEntry(*line), line._mapping[column.name]
        known = found.get(its_hash)
        if entry.status in statuses and (known is None or (known.status == "rejected" and entry.status == "taken")):
            found[its_hash] = entry
    return found


def by_place(connection: Connection, store_id: str, uris: Collection[str]) -> dict[str, list[DeliveryEntry]]:
    """Every delivery that lay at one of these places, oldest first."""
    found: dict[str, list[DeliveryEntry]] = {}
    for line in _lines_with(connection, _ENTRY_COLUMNS, store_id, deliveries.c.uri, uris):
        found.setdefault(line.uri, []).append(DeliveryEntry(*line))
    return found


def by_id(connection: Connection, store_id: str, id: str) -> DeliveryEntry | None:
    """The delivery with this id, or None."""
    lines = _lines_with(connection, _ENTRY_COLUMNS, store_id, deliveries.c.id, [id])
    return next((DeliveryEntry(*line) for line in lines), None)


def _lines_with(
    connection: Connection, columns: Sequence[Column[Any]], store_id: str, column: Column[Any], values: Collection[str]
) -> Iterator[Any]:
    """The store's lines that have one of these values in a column, in the order they were entered.

    The values go as one parameter: a list of thousands, spelled out, takes longer to write than to look up.
    """
    if values:
        wanted, parameter = _AMONG[connection.dialect.name](column, values)
        query = select(*columns).where(deliveries.c.store_id == store_id, wanted).order_by(deliveries.c.number)
        yield from connection.execute(query, {"among": parameter})


def _among_sqlite(column: Column[Any], values: Collection[str]) -> tuple[ColumnElement[bool], Any]:
    listed = func.json_each(bindparam("among", type_=Text)).table_valued("value")
    return column.in_(select(listed.c.value)), json.dumps(list(values))


def _among_postgresql(column: Column[Any], values: Collection[str]) -> tuple[ColumnElement[bool], Any]:
    return column == any_(bindparam("among", type_=ARRAY(Text))), list(values)


_AMONG = {"sqlite": _among_sqlite, "postgresql": _among_postgresql}


def enter(connection: Connection, store_id: str, batch_id: str, entries: Sequence[DeliveryEntry]) -> None:
    """Enter deliveries: a new line for one never seen, one more sighting for one that is here.

    A rejected delivery that is taken at last (a replay) changes its line instead.
    """
    lines = _lines(connection, store_id, [entry.id for entry in entries])
    now = now_us()
    for entry in entries:
        line = lines.get(entry.id)
        if line is None:
            lines[entry.id] = _values(entry, store_id, batch_id, now)
        elif entry.status == "taken" and line["status"] != "taken":
            line.update(as_row(entry), batch_id=batch_id, last_seen_us=now)
        else:
            line["sightings"] += 1
            line["last_seen_us"] = now
    _write(connection, [line if SEAL in line else sealed(deliveries, line) for line in lines.values()])


def _lines(connection: Connection, store_id: str, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The lines of those that were entered before, with their numbers; with the seal too where it is broken."""
    columns = [deliveries.c[name] for name in ("number", *sealed_columns(deliveries), SEAL)]
    rows = _lines_with(connection, columns, store_id, deliveries.c.id, ids)
    found = {row.id: dict(row._mapping) for row in rows}
    for line in found.values():
        if line[SEAL] == seal_of(deliveries, line):
            del line[SEAL]
    return found


def _values(entry: DeliveryEntry, store_id: str, batch_id: str, now: int) -> dict[str, Any]:
    return as_row(entry) | {
        "store_id": store_id,
        "batch_id": batch_id,
        "sightings": 1,
        "first_seen_us": now,
        "last_seen_us": now,
    }


def _write(connection: Connection, lines: Sequence[dict[str, Any]]) -> None:
    """Lines with a number replace the one they had."""
    new = [line for line in lines if "number" not in line]
    changed = [{"its_number": line["number"]} | line for line in lines if "number" in line]
    if new:
        _insert(connection, new)
    if changed:
        values: dict[str, Any] = {name: bindparam(name) for name in (*sealed_columns(deliveries), SEAL)}
        connection.execute(
            update(deliveries).where(deliveries.c.number == bindparam("its_number")).values(values), changed
        )


def _insert(connection: Connection, lines: Sequence[dict[str, Any]]) -> None:
    """Lines that all have the same columns, handed to the driver as they are: SQLAlchemy would look at each value."""
    names, values = list(lines[0]), [tuple(line.values()) for line in lines]
    mark = _MARKS[connection.dialect.name]
    marks = ", ".join([mark] * len(names))
    connection.exec_driver_sql(f"INSERT INTO {deliveries.name} ({', '.join(names)}) VALUES ({marks})", values)  # noqa: S608


_MARKS = {"sqlite": "?", "postgresql": "%s"}  # for a parameter, in the driver's own words


def walk(
    connection: Connection, store_id: str, *, status: str | None = None, conflict: bool | None = None, after: int = 0
) -> list[tuple[int, DeliveryEntry]]:
    """A page of deliveries in the order they were entered, each with its number; ``after`` goes on from a number."""
    query = select(deliveries.c.number, *_ENTRY_COLUMNS).where(
        deliveries.c.store_id == store_id, deliveries.c.number > after
    )
    if status is not None:
        query = query.where(deliveries.c.status == status)
    if conflict is not None:
        query = query.where(deliveries.c.conflict.is_(conflict))
    rows = connection.execute(query.order_by(deliveries.c.number).limit(CHUNK))
    return [(number, DeliveryEntry(*entry)) for number, *entry in rows]


def _how_many(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _rejections() -> ColumnElement[int]:
    # Bytes that could not be read are equal to no others: each sighting of them is a rejection of its own.
    unread = deliveries.c.sha256_stored == ""
    return case((deliveries.c.status != "rejected", 0), (unread, deliveries.c.sightings), else_=1)


_SUMMED = ("parsed", "kept", "filtered", "duplicate", "dead", "conflicting_events")


def sums(connection: Connection, store_id: str) -> dict[str, int]:
    """Sums over the store's deliveries, under the names of ``records.Totals``."""
    mine = deliveries.c.store_id == store_id
    many = connection.scalar(select(func.count()).where(mine)) or 0
    newest = connection.scalar(select(func.max(deliveries.c.number))) or 0
    row = connection.execute(
        select(
            func.coalesce(func.sum(deliveries.c.sightings), 0).label("deliveries_seen"),
            _how_many(deliveries.c.status == "taken").label("deliveries_taken"),
            func.coalesce(func.sum(_rejections()), 0).label("deliveries_rejected"),
            _how_many(deliveries.c.conflict).label("conflicting_places"),
            *(func.coalesce(func.sum(deliveries.c[name]), 0).label(name) for name in _SUMMED),
        ).where(mine if many * LOOKED_UP_COSTS < newest else unindexed_store == store_id)
    ).one()
    found = {name: int(value) for name, value in row._mapping.items()}
    known = found["deliveries_seen"] - found["deliveries_taken"] - found["deliveries_rejected"]
    return found | {"deliveries_known": known}


# -- fields ------------------------------------------------------------------------------------------------------------


def note_fields(connection: Connection, store_id: str, seen: Iterable[NewField]) -> None:
    """Count fields that no column is declared for; the first place of each is kept."""
    merged: dict[str, NewField] = {}
    for field in seen:
        known = merged.get(field.path)
        merged[field.path] = field if known is None else replace(known, count=known.count + field.count)
    for field in merged.values():
        row = and_(fields.c.store_id == store_id, fields.c.path == field.path)
        if not reseal(connection, fields, row, {}, add={"count": field.count}):
            values = as_row(field) | {"store_id": store_id, "first_seen_us": now_us()}
            connection.execute(insert(fields).values(**sealed(fields, values)))


def known_fields(connection: Connection, store_id: str) -> list[KnownField]:
    """Fields that no column is declared for, by path."""
    rows = connection.execute(select(fields).where(fields.c.store_id == store_id).order_by(fields.c.path))
    return [
        KnownField(
            path=row.path,
            delivery_id=row.delivery_id,
            uri=row.uri,
            ordinal=row.ordinal,
            first_seen=as_time(row.first_seen_us),
            count=row._mapping["count"],
        )
        for row in rows
    ]


def forget_store(connection: Connection, store_id: str) -> None:
    """Remove what is known of a store whose table is gone: with it, everything would seem to be taken already."""
    for table in (batches, deliveries, fields):
        connection.execute(delete(table).where(table.c.store_id == store_id))
