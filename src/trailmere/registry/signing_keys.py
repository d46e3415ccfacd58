"""The keys that sign delivered results: their public halves for everybody, their private halves sealed.

Keys are never changed or removed: what one has signed can be verified as long as the lake is there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import Column, LargeBinary, MetaData, String, Table, insert, select

from trailmere.registry.database import UtcTime, create_tables, reading, writing

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

METADATA = MetaData()
KEYS = Table(
    "signing_keys",
    METADATA,
    Column("fingerprint", String(64), primary_key=True),
    Column("public_der", LargeBinary, nullable=False),
    Column("private_sealed", LargeBinary, nullable=False),
    Column("valid_from", UtcTime, nullable=False),
    Column("valid_until", UtcTime, nullable=False),
)


class Box(Protocol):
    """What seals a private key: ``registry.secretbox.SecretBox``."""

    def seal(self, secret: bytes, purpose: str) -> bytes:
        """The secret, sealed for a purpose."""

    def unseal(self, sealed: bytes, purpose: str) -> bytes:
        """The secret again. Raises SecretsUnreadable."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key as it is kept; the private half is sealed."""

    fingerprint: str
    public_der: bytes
    private_sealed: bytes
    valid_from: datetime
    valid_until: datetime


class SigningKeys:
    """The signing keys of a lake."""

    def __init__(self, engine: Engine, box: Callable[[], Box]) -> None:
        """``box`` is asked for when a private key is needed: who only verifies needs none."""
        self._engine = engine
        self._box = box
        create_tables(engine, METADATA)

    def valid(self, since: datetime, until: datetime) -> list[SigningKey]:
        """The keys that were in use at some time between the two, the oldest first."""
        with reading(self._engine) as connection:
            return _keys(connection, (KEYS.c.valid_from <= until) & (KEYS.c.valid_until >= since))

    def every(self) -> list[SigningKey]:
        """All keys, the oldest first."""
        with reading(self._engine) as connection:
            return _keys(connection, KEYS.c.fingerprint.is_not(None))

    def newest(self, at: datetime, lasting: datetime, make: Callable[[], SigningKey]) -> SigningKey:
        """The newest key that is in use at ``at`` and will be at ``lasting``; else the one that ``make`` gives."""
        usable = (KEYS.c.valid_from <= at) & (KEYS.c.valid_until >= lasting)
        with reading(self._engine) as connection:
            found = _keys(connection, usable)
        if found:
            return found[-1]
        made = make()  # takes its time: nobody has to wait for it
        with writing(self._engine) as connection:
            found = _keys(connection, usable)  # another process may have been faster
            if found:
                return found[-1]
            values = {column.name: getattr(made, column.name) for column in KEYS.columns}
            connection.execute(insert(KEYS).values(**values))
        return made

    def sealed(self, private_der: bytes, fingerprint: str) -> bytes:
        """A private key as it is to be kept."""
        return self._box().seal(private_der, _purpose(fingerprint))

    def private_der(self, key: SigningKey) -> bytes:
        """The private half of a key. Raises SecretsUnreadable."""
        return self._box().unseal(key.private_sealed, _purpose(key.fingerprint))


def _purpose(fingerprint: str) -> str:
    return f"signing key {fingerprint}"


def _keys(connection: Connection, wanted: object) -> list[SigningKey]:
    found = select(KEYS).where(wanted).order_by(KEYS.c.valid_from, KEYS.c.fingerprint)  # type: ignore[arg-type]
    return [SigningKey(**row) for row in connection.execute(found).mappings()]
