"""Starting over when the key of a lake's secrets is lost: what it sealed is of no use to anybody any more.

Access keys and sessions go, because nothing can be checked with them. The keys that signed results stay, so that those
can be verified, and end now: the next result has a new one.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select, update

from trailmere.registry import identities, signing_keys
from trailmere.registry.database import create_tables
from trailmere.registry.secretbox import forget_key

if TYPE_CHECKING:
    from sqlalchemy import Engine


def forget_secrets(engine: Engine, now: datetime) -> int:
    """Forget what the lost key sealed, and which key that was; all of it or nothing. The number of access keys."""
    identities.prepare(engine)
    create_tables(engine, signing_keys.METADATA)
    with identities.changing(engine) as connection:
        keys = connection.scalar(select(func.count()).select_from(identities.KEYS)) or 0
        connection.execute(delete(identities.KEYS))
        connection.execute(delete(identities.SESSIONS))
        ends = signing_keys.KEYS.c.valid_until
        connection.execute(update(signing_keys.KEYS).where(ends > now).values(valid_until=now))
        forget_key(connection)
    return keys
