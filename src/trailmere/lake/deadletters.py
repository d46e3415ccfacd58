"""Dead letters: bytes that could not be taken in, kept with their place and reason until they can.

A row of the database each. Small content lies in the row; larger in a file named by its SHA-256, under
``<home>/deadletters/<two digits>/``. Rows are entered *pending* before such a file is written, and opened when their
batch is done; a batch that is abandoned leaves none. So a file whose hash no row has is needed by nobody.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    and_,
    delete,
    func,
    insert,
    select,
    update,
)

from trailmere.errors import InvalidParameter, LakeDamaged
from trailmere.lake import inventory
from trailmere.lake.disk import make_folder, remove_files, write_file
from trailmere.lake.inventory import FileRecord
from trailmere.lake.ledger import as_time, metadata, now_us
from trailmere.lake.records import DeadLetter, StoredDeadLetter
from trailmere.registry.database import reading, writing
from trailmere.registry.seals import UNSEALED, reseal, seal_column, sealed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sqlalchemy import Connection, Engine, Row

    from trailmere.lake.records import DeliveryEntry

INLINE_BYTES = 64 << 10
PAGE_ROWS = 500

deadletters = Table(
    "lake_deadletters",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("store_id", String(40), nullable=False),
    Column("batch_id", String(40), nullable=False),
    Column("delivery_id", String(32), nullable=False),
    Column("uri", Text, nullable=False),
    Column("ordinal", BigInteger),
    Column("place", Text, nullable=False),
    Column("reason", String(64), nullable=False),
    Column("message", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("kept", String(6), nullable=False),  # where the bytes are: inline, file, nowhere
    Column("content", LargeBinary, info=UNSEALED),  # sha256 covers it
    Column("state", String(10), nullable=False, info=UNSEALED),  # pending, open, replayed
    Column("added_us", BigInteger, nullable=False),
    Column("replayed_us", BigInteger),
    seal_column(),
    Index("lake_deadletters_batch", "batch_id"),
    Index("lake_deadletters_store", "store_id", "state"),
    sqlite_autoincrement=True,  # an id never names another letter later
)

_LISTED = [column for column in deadletters.c if column.name != "content"]


def content_path(home: Path, sha256: str) -> Path:
    """Where the bytes of a large dead letter lie."""
    return home / "deadletters" / sha256[:2] / sha256


def write_content(home: Path, letters: Sequence[DeadLetter]) -> None:
    """Write the bytes of large letters to their files, synced. After their rows, before their batch is prepared."""
    for path, letter in _large(home, letters).items():
        assert letter.content is not None
        if not (path.exists() and path.stat().st_size == len(letter.content)):
            make_folder(path.parent)
            write_file(path, letter.content)


def trim(engine: Engine, home: Path, *, dropped: bool = False) -> None:
    """Remove what nobody needs: drafts of dead writers, bytes of letters that were dropped with their batch.

    With ``dropped`` of those too that were open once, and went with their store: rows that were lost by other means
    must not take their bytes with them. Files are marked in the transaction that finds no row for them: whoever brings
    the same bytes later enters a row, and takes the mark away (``inventory.remove_marked``).
    """
    drafts = list((home / "deadletters").glob("*/*.draft"))  # before the rows are read: later ones are left alone
    needed = select(deadletters.c.sha256).where(deadletters.c.kept == "file")
    with reading(engine) as connection:
        being_written = set(connection.execute(needed.where(deadletters.c.state == "pending")).scalars())
        unneeded = inventory.letters_but(connection, needed, live=dropped)
    remove_files([path for path in drafts if path.name.partition(".")[0] not in being_written])
    if unneeded:
        with writing(engine) as connection:
            unneeded = inventory.letters_but(connection, needed, live=dropped)
            inventory.mark_removing(connection, unneeded)
        inventory.remove_marked(engine, home, unneeded)


def _large(home: Path, letters: Sequence[DeadLetter]) -> dict[Path, DeadLetter]:
    return {content_path(home, letter.sha256): letter for letter in letters if _in_file(letter)}


def _in_file(letter: DeadLetter) -> bool:
    return letter.content is not None and len(letter.content) > INLINE_BYTES


def add_pending(
    connection: Connection, home: Path, store_id: str, batch_id: str, letters: Sequence[DeadLetter]
) -> None:
    """Enter the letters of a batch, one at least, and the names of the files that their bytes go to."""
    now = now_us()
    rows = [sealed(deadletters, _values(letter, store_id, batch_id, now)) for letter in letters]
    connection.execute(insert(deadletters), rows)
    files = _large(home, letters).items()
    records = [FileRecord(str(path), "dead letter", letter.size, letter.sha256) for path, letter in files]
    inventory.enter_shared(connection, home, records)


def open_pending(connection: Connection, home: Path, batch_id: str) -> None:
    """The batch is done: its letters can be seen, and their files are the lake's."""
    pending = deadletters.c.batch_id == batch_id, deadletters.c.state == "pending"
    in_files = connection.execute(select(deadletters.c.sha256).where(*pending, deadletters.c.kept == "file")).scalars()
    inventory.publish(connection, [inventory.relative(home, content_path(home, sha256)) for sha256 in in_files])
    connection.execute(update(deadletters).where(*pending).values(state="open"))


def close_read(connection: Connection, store_id: str, deliveries: Sequence[DeliveryEntry]) -> None:
    """Letters that said that a place could not be read are answered when its bytes have been."""
    unread = and_(
        deadletters.c.store_id == store_id,
        deadletters.c.state == "open",
        deadletters.c.ordinal.is_(None),
        deadletters.c.sha256 == "",
    )
    read = {entry.uri for entry in deliveries if entry.sha256_stored}
    waiting = connection.execute(select(deadletters.c.id, deadletters.c.uri).where(unread)).all()
    if answered := [row.id for row in waiting if row.uri in read]:
        mark_replayed(connection, answered)


def drop_pending(connection: Connection, batch_id: str) -> None:
    """The batch is abandoned: its letters will come again with the deliveries."""
    connection.execute(delete(deadletters).where(deadletters.c.batch_id == batch_id, deadletters.c.state == "pending"))


def page(
    connection: Connection, store_id: str | None, *, state: str | None, reason: str | None, after: int
) -> list[StoredDeadLetter]:
    """Letters by id, without their bytes; ``after`` goes on from an id."""
    query = select(*_LISTED).where(deadletters.c.id > after, deadletters.c.state != "pending")
    for column, value in (
        (deadletters.c.store_id, store_id),
        (deadletters.c.state, state),
        (deadletters.c.reason, reason),
    ):
        if value is not None:
            query = query.where(column == value)
    return [_stored(row, None) for row in connection.execute(query.order_by(deadletters.c.id).limit(PAGE_ROWS))]


def get(connection: Connection, home: Path, id: int) -> StoredDeadLetter:
    """One letter with its bytes.

    Raises InvalidParameter where there is none with this id, LakeDamaged where the file with its bytes is missing or
    holds others.
    """
    row = connection.execute(
        select(deadletters).where(deadletters.c.id == id, deadletters.c.state != "pending")
    ).one_or_none()
    if row is None:
        raise InvalidParameter(f"there is no dead letter {id}", hint="see: trailmere deadletters list")
    return _stored(row, _file_content(home, row) if row.kept == "file" else row.content)


def mark_replayed(connection: Connection, ids: Sequence[int]) -> int:
    """Mark open letters replayed; returns how many were open."""
    waiting = and_(deadletters.c.id.in_(ids), deadletters.c.state == "open")
    return reseal(connection, deadletters, waiting, {"state": "replayed", "replayed_us": now_us()})


def count_open(connection: Connection, store_id: str) -> int:
    """Letters of a store that wait."""
    return int(
        connection.execute(
            select(func.count()).where(deadletters.c.store_id == store_id, deadletters.c.state == "open")
        ).scalar_one()
    )


def forget_store(connection: Connection, store_id: str) -> None:
    """Remove a store's letters; ``trim`` removes the files that no other letter needs."""
    connection.execute(delete(deadletters).where(deadletters.c.store_id == store_id))


def _values(letter: DeadLetter, store_id: str, batch_id: str, now: int) -> dict[str, Any]:
    inline = letter.content is not None and not _in_file(letter)
    kept = "nowhere" if letter.content is None else "inline" if inline else "file"
    return {
        "store_id": store_id,
        "batch_id": batch_id,
        "delivery_id": letter.delivery_id,
        "uri": letter.uri,
        "ordinal": letter.ordinal,
        "place": letter.place,
        "reason": letter.reason,
        "message": letter.message,
        "sha256": letter.sha256,
        "size": letter.size,
        "kept": kept,
        "content": letter.content if inline else None,
        "state": "pending",
        "added_us": now,
    }


def _stored(row: Row[Any], content: bytes | None) -> StoredDeadLetter:
    letter = DeadLetter(
        delivery_id=row.delivery_id,
        uri=row.uri,
        ordinal=row.ordinal,
        place=row.place,
        reason=row.reason,
        message=row.message,
        sha256=row.sha256,
        size=row.size,
        content=content,
    )
    return StoredDeadLetter(
        id=row.id,
        store_id=row.store_id,
        letter=letter,
        state=row.state,
        added_at=as_time(row.added_us),
        replayed_at=None if row.replayed_us is None else as_time(row.replayed_us),
    )


def _file_content(home: Path, row: Row[Any]) -> bytes:
    path = content_path(home, row.sha256)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        content = b""
    if hashlib.sha256(content).hexdigest() != row.sha256:
        raise LakeDamaged(
            f"the bytes of dead letter {row.id} are not what was written: {path}",
            hint="restore the file from a copy of the lake",
        )
    return content
