"""All identities at once, in memory: what a call is checked against. Read again when a revision says that one changed.

Of an access key id that nobody has, as much is known as of any other (``Directory.credentials``), so that whoever
checks a signature does the same work for both.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from trailmere.access import names
from trailmere.access.managed import MANAGED
from trailmere.access.records import Identity, Kind
from trailmere.registry import identities as records
from trailmere.registry.database import reading
from trailmere.registry.identities import AccessKey, IdentityPolicy, Role, Session, User

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from trailmere.registry.secretbox import SecretBox


@dataclass(frozen=True, slots=True, eq=False)  # told apart and hashed by which object it is: at once
class Credentials:
    """What belongs to an access key id. ``identity`` is None where nobody may sign with it: there is no such key, it is
    not active, its user is not enabled. ``token_hash`` and ``expires`` are those of a session's token."""

    identity: Identity | None
    sealed: bytes = field(repr=False)
    purpose: str
    token_hash: bytes | None = field(default=None, repr=False)
    expires: datetime | None = None

    def accepts(self, session_token: str | None) -> bool:
        """Whether the token is the one that it needs: a session's that which was given out, of others none."""
        given = b"" if session_token is None else token_hash(session_token)
        return hmac.compare_digest(given, self.token_hash or b"")

    def expired(self, now: datetime) -> bool:
        """Whether the session is over."""
        return self.expires is not None and self.expires <= now


@dataclass(frozen=True, slots=True)
class _Picture:
    revision: int | None
    credentials: Mapping[str, Credentials]
    policies: Mapping[str, tuple[str, ...]]  # unique id of a user or role -> documents


class Directory:
    """Who has which access key and which policies, as of the latest change."""

    def __init__(self, engine: Engine, box: SecretBox, partition: str) -> None:
        self._engine = engine
        self._partition = partition
        self._box = box
        nobody = "access key of nobody"
        self._nobody = Credentials(None, box.seal(secrets.token_bytes(40), nobody), nobody)
        self._picture = _Picture(None, {}, {})

    def credentials(self, access_key_id: str) -> Credentials:
        """Those of the access key, else those of nobody."""
        return self._now().credentials.get(access_key_id, self._nobody)

    def secret(self, credentials: Credentials) -> bytes:
        """The secret access key. Raises SecretsUnreadable."""
        return self._box.unseal(credentials.sealed, credentials.purpose)

    def policies_of(self, identity: Identity) -> tuple[str, ...]:
        """The policy documents of the user, or of the role of the session."""
        return self._now().policies.get(identity.principal_id.partition(":")[0], ())

    def _now(self) -> _Picture:
        picture = self._picture
        if records.revision(self._engine) != picture.revision:
            with reading(self._engine) as connection:
                picture = self._picture = self._read(connection)
        return picture

    def _read(self, connection: Connection) -> _Picture:
        users = {one.id: one for one in records.rows(connection, User)}
        roles = {one.id: one for one in records.rows(connection, Role)}
        credentials = {one.id: self._of_key(one, users[one.user_id]) for one in records.rows(connection, AccessKey)}
        for session in records.rows(connection, Session):
            credentials[session.id] = self._of_session(session, roles[session.role_id])
        policies: dict[str, tuple[str, ...]] = {}
        for policy in records.rows(connection, IdentityPolicy):
            document = MANAGED[policy.name] if policy.document is None else policy.document
            policies[policy.owner_id] = (*policies.get(policy.owner_id, ()), document)
        return _Picture(records.revision_of(connection), credentials, policies)

    def _of_key(self, key: AccessKey, user: User) -> Credentials:
        identity = Identity(
            account_id=user.account_id,
            kind=Kind.USER,
            name=user.name,
            arn=names.arn(self._partition, user.account_id, "user", user.name),
            principal_id=user.id,
            access_key_id=key.id,
        )
        return Credentials(identity if key.active and user.enabled else None, key.sealed, purpose(key.id))

    def _of_session(self, session: Session, role: Role) -> Credentials:
        identity = Identity(
            account_id=role.account_id,
            kind=Kind.ASSUMED_ROLE,
            name=f"{role.name}/{session.name}",
            arn=names.session_arn(self._partition, role.account_id, role.name, session.name),
            principal_id=f"{role.id}:{session.name}",
            access_key_id=session.id,
            issued=session.created,
            role_arn=names.arn(self._partition, role.account_id, "role", role.name),
            session_policy=session.policy,
        )
        return Credentials(identity, session.sealed, purpose(session.id), session.token_hash, session.expires)


def token_hash(session_token: str) -> bytes:
    """What is kept of a session token: it has 32 random bytes in it, so that nobody finds it from its hash."""
    return hashlib.sha256(session_token.encode()).digest()


def purpose(access_key_id: str) -> str:
    """What the sealed secret of an access key is bound to."""
    return f"secret of access key {access_key_id}"
