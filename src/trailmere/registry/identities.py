"""The rows of accounts, users, roles, access keys, their policies and sessions. The rules are in ``trailmere.access``.

Whoever changes one does it inside ``changing``, which counts a revision up: ``revision`` is read in some microseconds,
so that a server can hold all of this in memory and still refuse a key in the call after it was taken away, by whichever
process. Secrets are sealed (``registry.secretbox``); of a session's token its hash is kept.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    delete,
    insert,
    select,
    update,
)

from trailmere.registry.database import UtcTime, create_tables, translated, writing

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

METADATA = MetaData()
ACCOUNTS = Table(
    "identity_accounts",
    METADATA,
    Column("id", String(12), primary_key=True),
    Column("name", String(64), nullable=False),
    Column("created", UtcTime, nullable=False),
)
USERS = Table(
    "identity_users",
    METADATA,
    Column("id", String(21), primary_key=True),
    Column("account_id", ForeignKey(ACCOUNTS.c.id), nullable=False),
    Column("name", String(64), nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("created", UtcTime, nullable=False),
    UniqueConstraint("account_id", "name"),
)
ROLES = Table(
    "identity_roles",
    METADATA,
    Column("id", String(21), primary_key=True),
    Column("account_id", ForeignKey(ACCOUNTS.c.id), nullable=False),
    Column("name", String(64), nullable=False),
    Column("trust_policy", Text, nullable=False),
    Column("session_seconds", Integer, nullable=False),
    Column("created", UtcTime, nullable=False),
    UniqueConstraint("account_id", "name"),
)
KEYS = Table(
    "identity_keys",
    METADATA,
    Column("id", String(20), primary_key=True),
    Column("user_id", ForeignKey(USERS.c.id), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("created", UtcTime, nullable=False),
)
POLICIES = Table(
    "identity_policies",
    METADATA,
    Column("owner_id", String(21), primary_key=True),  # of a user or a role
    Column("name", String(128), primary_key=True),
    Column("document", Text),  # None: the managed policy of this name
)
SESSIONS = Table(
    "identity_sessions",
    METADATA,
    Column("id", String(20), primary_key=True),  # its access key id
    Column("role_id", ForeignKey(ROLES.c.id, ondelete="CASCADE"), nullable=False),
    Column("name", String(64), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("token_hash", LargeBinary, nullable=False),
    Column("policy", Text),
    Column("created", UtcTime, nullable=False),
    Column("expires", UtcTime, nullable=False),
)
REVISIONS = Table(
    "identity_revision",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("revision", BigInteger, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Account:
    """An account: 12 digits, and a name for people."""

    id: str
    name: str
    created: datetime


@dataclass(frozen=True, slots=True)
class User:
    """A user. One that is not enabled can sign nothing, whatever keys it has."""

    id: str
    account_id: str
    name: str
    enabled: bool
    created: datetime


@dataclass(frozen=True, slots=True)
class Role:
    """A role. ``session_seconds``: how long a session may last at most."""

    id: str
    account_id: str
    name: str
    trust_policy: str
    session_seconds: int
    created: datetime


@dataclass(frozen=True, slots=True)
class AccessKey:
    """An access key of a user, its secret sealed."""

    id: str
    user_id: str
    created: datetime
    active: bool
    sealed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class IdentityPolicy:
    """A policy of a user or role: JSON text, or None for the managed policy of this name."""

    owner_id: str
    name: str
    document: str | None


@dataclass(frozen=True, slots=True)
class Session:
    """A session of a role: an access key of its own, with a token, for a while."""

    id: str
    role_id: str
    name: str
    sealed: bytes = field(repr=False)
    token_hash: bytes = field(repr=False)
    policy: str | None
    created: datetime
    expires: datetime


Row = TypeVar("Row", bound=Account | User | Role | AccessKey | IdentityPolicy | Session)

_TABLES: dict[type, Table] = {
    Account: ACCOUNTS,
    User: USERS,
    Role: ROLES,
    AccessKey: KEYS,
    IdentityPolicy: POLICIES,
    Session: SESSIONS,
}


def prepare(engine: Engine) -> None:
    """Make the tables where they lack."""
    create_tables(engine, METADATA)
    if revision(engine) is None:
        with writing(engine) as connection:
            if connection.execute(select(REVISIONS)).first() is None:
                connection.execute(insert(REVISIONS).values(id=1, revision=0))


def revision(engine: Engine) -> int | None:
    """A number that was lower before the latest change. Read at each call to a server, so with no ceremony."""
    with translated("cannot read the database"), contextlib.closing(engine.raw_connection()) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT revision FROM identity_revision")
        row = cursor.fetchone()
        cursor.close()
    return None if row is None else int(row[0])


def revision_of(connection: Connection) -> int:
    """The revision of all that is read in the same transaction."""
    return int(connection.execute(select(REVISIONS.c.revision)).scalar_one())


@contextlib.contextmanager
def changing(engine: Engine) -> Iterator[Connection]:
    """``writing``, and the revision counted up with it."""
    with writing(engine) as connection:
        yield connection
        connection.execute(update(REVISIONS).values(revision=REVISIONS.c.revision + 1))


def rows(connection: Connection, kind: type[Row], *where: ColumnElement[bool]) -> list[Row]:
    """All rows of a kind for which everything in ``where`` holds, sorted by their first two columns after the id."""
    table = _TABLES[kind]
    names = [one.name for one in fields(kind)]
    found = select(*(table.c[name] for name in names)).where(*where).order_by(*(table.c[name] for name in names[1:3]))
    return [kind(**row) for row in connection.execute(found).mappings()]


def add(connection: Connection, row: Row) -> None:
    """Put a new row in."""
    table = _TABLES[type(row)]
    connection.execute(insert(table).values(**_values(row)))


def put(connection: Connection, row: Row) -> None:
    """Put a row in the place of the one with its primary key, or in."""
    remove(connection, row)
    add(connection, row)


def change(connection: Connection, row: Row) -> None:
    """Write the row over the one with its primary key."""
    connection.execute(update(_TABLES[type(row)]).where(*_same(row)).values(**_values(row)))


def remove(connection: Connection, row: Row) -> None:
    """Take the row with its primary key out, if it is there."""
    connection.execute(delete(_TABLES[type(row)]).where(*_same(row)))


def _values(row: Row) -> dict[str, Any]:
    return {one.name: getattr(row, one.name) for one in fields(row)}


def _same(row: Row) -> list[ColumnElement[bool]]:
    return [column == getattr(row, column.name) for column in _TABLES[type(row)].primary_key.columns]
