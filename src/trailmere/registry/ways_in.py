"""Rows of the ways in beside passwords: passkeys, who a user is to an OpenID provider, sign-ins that were begun.

The tables stand in ``registry.console``. What is checked of them, and who may, is decided in ``trailmere.access``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, insert, select, update

from trailmere.errors import InvalidParameter
from trailmere.registry.console import BEGUN, METADATA, PASSKEYS, SUBJECTS
from trailmere.registry.database import create_tables, reading, writing
from trailmere.registry.identities import USERS

if TYPE_CHECKING:
    from sqlalchemy import Engine

MOST_BEGUN = 10_000  # that wait for their end at once


@dataclass(frozen=True, slots=True)
class Passkey:
    """What an authenticator of a user signs with. ``id`` is base64url; ``origin`` is where it was made, and works;
    ``sign_count`` how often it says it signed, where it counts."""

    id: str
    user_id: str
    name: str
    origin: str
    public_key: bytes
    sign_count: int
    created: datetime
    used: datetime | None = None


class WaysIn:
    """The rows."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        create_tables(engine, METADATA)

    # -- passkeys ------------------------------------------------------------------------------------------------------

    def passkeys(self, user_id: str) -> list[Passkey]:
        """Those of a user, the oldest first."""
        query = select(PASSKEYS).where(PASSKEYS.c.user_id == user_id).order_by(PASSKEYS.c.created, PASSKEYS.c.id)
        with reading(self._engine) as connection:
            return [Passkey(**row) for row in connection.execute(query).mappings()]

    def passkey(self, passkey_id: str) -> Passkey | None:
        """One of them."""
        with reading(self._engine) as connection:
            row = connection.execute(select(PASSKEYS).where(PASSKEYS.c.id == passkey_id)).mappings().first()
        return None if row is None else Passkey(**row)

    def add_passkey(self, passkey: Passkey, most: int) -> None:
        """Keep it. Raises InvalidParameter where it is kept already, or its user has ``most``."""
        mine = select(func.count()).select_from(PASSKEYS).where(PASSKEYS.c.user_id == passkey.user_id)
        known = select(PASSKEYS.c.id).where(PASSKEYS.c.id == passkey.id)
        with writing(self._engine) as connection:
            if connection.scalar(known) is not None:
                raise InvalidParameter("This passkey is there already.")
            if (connection.scalar(mine) or 0) >= most:
                raise InvalidParameter(f"expected at most {most} passkeys of one user: remove one first")
            connection.execute(insert(PASSKEYS).values(**asdict(passkey)))

    def use_passkey(self, passkey: Passkey, sign_count: int, when: datetime) -> bool:
        """It signed; False where it is gone, or was used since it was read."""
        as_read = (PASSKEYS.c.id == passkey.id) & (PASSKEYS.c.sign_count == passkey.sign_count)
        with writing(self._engine) as connection:
            done = connection.execute(update(PASSKEYS).where(as_read).values(sign_count=sign_count, used=when))
        return done.rowcount == 1

    def remove_passkey(self, user_id: str, passkey_id: str) -> Passkey | None:
        """It opens nothing any more; gives what it was, None where the user had no such one."""
        its = (PASSKEYS.c.id == passkey_id) & (PASSKEYS.c.user_id == user_id)
        with writing(self._engine) as connection:
            row = connection.execute(select(PASSKEYS).where(its)).mappings().first()
            connection.execute(delete(PASSKEYS).where(its))
        return None if row is None else Passkey(**row)

    # -- who a user is to a provider -----------------------------------------------------------------------------------

    def is_subject(self, user_id: str, issuer: str, subject: str) -> bool:
        """Whether a user is whom a provider means. The first who comes for a user is, if they were nobody else."""
        ours = (SUBJECTS.c.user_id == user_id) & (SUBJECTS.c.issuer == issuer)
        theirs = (SUBJECTS.c.issuer == issuer) & (SUBJECTS.c.subject == subject)
        with writing(self._engine) as connection:
            connection.execute(delete(SUBJECTS).where(SUBJECTS.c.user_id.not_in(select(USERS.c.id))))
            known = connection.execute(select(SUBJECTS.c.user_id, SUBJECTS.c.subject).where(ours | theirs)).all()
            if not known:
                connection.execute(insert(SUBJECTS).values(user_id=user_id, issuer=issuer, subject=subject))
        return not known or [(user_id, subject)] == [tuple(one) for one in known]

    def subjects(self, user_id: str) -> Mapping[str, str]:
        """Who a user is, by issuer."""
        query = select(SUBJECTS.c.issuer, SUBJECTS.c.subject).where(SUBJECTS.c.user_id == user_id)
        with reading(self._engine) as connection:
            return {row.issuer: row.subject for row in connection.execute(query)}

    def forget(self, user_id: str) -> None:
        """All passkeys of a user, and who they are to any provider."""
        with writing(self._engine) as connection:
            for table in (PASSKEYS, SUBJECTS):
                connection.execute(delete(table).where(table.c.user_id == user_id))

    # -- sign-ins that were begun --------------------------------------------------------------------------------------

    def begin(self, token_hash: str, kind: str, data: str, now: datetime, expires: datetime) -> bool:
        """Keep what the end of a sign-in needs; what is too old goes. False where too many wait."""
        with writing(self._engine) as connection:
            connection.execute(delete(BEGUN).where(BEGUN.c.expires <= now))
            if (connection.scalar(select(func.count()).select_from(BEGUN)) or 0) >= MOST_BEGUN:
                return False
            connection.execute(insert(BEGUN).values(token_hash=token_hash, kind=kind, data=data, expires=expires))
        return True

    def take(self, token_hash: str, kind: str, now: datetime) -> str | None:
        """What was kept, once."""
        its = (BEGUN.c.token_hash == token_hash) & (BEGUN.c.kind == kind)
        with writing(self._engine) as connection:
            data = connection.scalar(select(BEGUN.c.data).where(its, BEGUN.c.expires > now))
            connection.execute(delete(BEGUN).where(its))
        return data
