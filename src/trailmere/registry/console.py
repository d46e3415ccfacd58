"""What the console keeps of people: the hashes of their passwords, their sessions, links that work once.

Of tokens only the SHA-256 is kept. What is hashed how, and who may, is decided in ``trailmere.access.console``. Rows of
other ways in are told by ``registry.ways_in``.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, Column, LargeBinary, MetaData, String, Table, Text, delete, insert, select, update

from trailmere.registry.database import UtcTime, create_tables, reading, writing

if TYPE_CHECKING:
    from sqlalchemy import Engine

METADATA = MetaData()
PASSWORDS = Table(
    "console_passwords",
    METADATA,
    Column("user_id", String(21), primary_key=True),
    Column("hash", Text, nullable=False),
    Column("changed", UtcTime, nullable=False),
)
# one column for each field of ConsoleSession, under its name
SESSIONS = Table(
    "console_sessions",
    METADATA,
    Column("token_hash", String(64), primary_key=True),
    Column("user_id", String(21), nullable=False, index=True),
    Column("created", UtcTime, nullable=False),
    Column("seen", UtcTime, nullable=False),
    Column("expires", UtcTime, nullable=False),
    Column("address", String(64), nullable=False),
    Column("agent", String(256), nullable=False),
)
WELCOMES = Table(
    "console_welcomes",
    METADATA,
    Column("token_hash", String(64), primary_key=True),
    Column("user_id", String(21), nullable=False),
    Column("expires", UtcTime, nullable=False),
)
# one column for each field of Passkey, under its name
PASSKEYS = Table(
    "console_passkeys",
    METADATA,
    Column("id", String(1400), primary_key=True),  # base64url of at most 1023 bytes
    Column("user_id", String(21), nullable=False, index=True),
    Column("name", String(64), nullable=False),
    Column("origin", String(300), nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", BigInteger, nullable=False),
    Column("created", UtcTime, nullable=False),
    Column("used", UtcTime),
)
SUBJECTS = Table(  # who a user is to an OpenID provider
    "console_subjects",
    METADATA,
    Column("user_id", String(21), primary_key=True),
    Column("issuer", String(512), primary_key=True),
    Column("subject", String(255), nullable=False),
)
BEGUN = Table(  # sign-ins that take more than one request
    "console_begun",
    METADATA,
    Column("token_hash", String(64), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("data", Text, nullable=False),
    Column("expires", UtcTime, nullable=False),
)


@dataclass(frozen=True, slots=True)
class ConsoleSession:
    """A person who signed in, with a browser: ``seen`` is the latest sign of it, ``expires`` its end."""

    token_hash: str
    user_id: str
    created: datetime
    seen: datetime
    expires: datetime
    address: str
    agent: str


class ConsoleRecords:
    """The rows."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        create_tables(engine, METADATA)

    def password(self, user_id: str) -> str | None:
        """The hash of a user's password."""
        with reading(self._engine) as connection:
            return connection.scalar(select(PASSWORDS.c.hash).where(PASSWORDS.c.user_id == user_id))

    def password_changed(self, user_id: str) -> datetime | None:
        """When a user's password was set."""
        with reading(self._engine) as connection:
            return connection.scalar(select(PASSWORDS.c.changed).where(PASSWORDS.c.user_id == user_id))

    def with_passwords(self) -> set[str]:
        """The ids of users who have one."""
        with reading(self._engine) as connection:
            return set(connection.scalars(select(PASSWORDS.c.user_id)))

    def set_password(self, user_id: str, hash: str | None, when: datetime) -> None:
        """Another password, or none; every session and link of the user ends with the old one. With none, whatever else
        they could sign in by goes, too."""
        others = () if hash is not None else (PASSKEYS, SUBJECTS)
        with writing(self._engine) as connection:
            for table in (PASSWORDS, SESSIONS, WELCOMES, *others):
                connection.execute(delete(table).where(table.c.user_id == user_id))
            if hash is not None:
                connection.execute(insert(PASSWORDS).values(user_id=user_id, hash=hash, changed=when))

    def rehash(self, user_id: str, hash: str) -> None:
        """The same password under another hash."""
        with writing(self._engine) as connection:
            connection.execute(update(PASSWORDS).where(PASSWORDS.c.user_id == user_id).values(hash=hash))

    def add_session(self, session: ConsoleSession) -> None:
        """A person is signed in; sessions that are over go."""
        with writing(self._engine) as connection:
            connection.execute(delete(SESSIONS).where(SESSIONS.c.expires <= session.created))
            connection.execute(insert(SESSIONS).values(**asdict(session)))

    def session(self, token_hash: str) -> ConsoleSession | None:
        """The session of a token."""
        with reading(self._engine) as connection:
            row = connection.execute(select(SESSIONS).where(SESSIONS.c.token_hash == token_hash)).mappings().first()
        return None if row is None else ConsoleSession(**row)

    def sessions(self, user_id: str | None = None) -> list[ConsoleSession]:
        """All, or those of a user, the latest first."""
        query = select(SESSIONS).order_by(SESSIONS.c.seen.desc())
        if user_id is not None:
            query = query.where(SESSIONS.c.user_id == user_id)
        with reading(self._engine) as connection:
            return [ConsoleSession(**row) for row in connection.execute(query).mappings()]

    def see(self, token_hash: str, when: datetime, expires: datetime) -> None:
        """The session goes on."""
        with writing(self._engine) as connection:
            changed = update(SESSIONS).where(SESSIONS.c.token_hash == token_hash)
            connection.execute(changed.values(seen=when, expires=expires))

    def end_sessions(self, *, token_hash: str | None = None, user_id: str | None = None) -> None:
        """The session of a token, or all of a user, are over."""
        with writing(self._engine) as connection:
            if token_hash is not None:
                connection.execute(delete(SESSIONS).where(SESSIONS.c.token_hash == token_hash))
            if user_id is not None:
                connection.execute(delete(SESSIONS).where(SESSIONS.c.user_id == user_id))

    def add_welcome(self, token_hash: str, user_id: str, expires: datetime) -> None:
        """A link that works once; the user's earlier ones work no more."""
        with writing(self._engine) as connection:
            connection.execute(delete(WELCOMES).where(WELCOMES.c.user_id == user_id))
            connection.execute(insert(WELCOMES).values(token_hash=token_hash, user_id=user_id, expires=expires))

    def take_welcome(self, token_hash: str, now: datetime) -> str | None:
        """The user of a link, which does not work again; None for one that does not work."""
        with writing(self._engine) as connection:
            found = select(WELCOMES.c.user_id).where(WELCOMES.c.token_hash == token_hash, WELCOMES.c.expires > now)
            user_id = connection.scalar(found)
            connection.execute(delete(WELCOMES).where(WELCOMES.c.token_hash == token_hash))
        return user_id
