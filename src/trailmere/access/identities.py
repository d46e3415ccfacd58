"""Accounts, users, roles and access keys of our own: made, listed, changed, deleted, as IAM would.

What is changed here counts for the next call, to whichever process. Secrets are given out once, when they are made.
Source: IAM API reference; IAM user guide, "IAM and AWS STS quotas". There are no paths, groups and
permissions boundaries. Inline policies of users may be as long as those of roles: nobody can write managed ones.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from trailmere.access import lookup, names
from trailmere.access.directory import Directory, purpose
from trailmere.access.managed import MANAGED
from trailmere.access.policies import parse_policy
from trailmere.access.records import Identity, Kind
from trailmere.access.sessions import SessionDesk
from trailmere.access.statements import PolicyKind
from trailmere.errors import (
    IdentityAlreadyExists,
    IdentityInUse,
    IdentityLimitExceeded,
    IdentityNotFound,
    InvalidParameter,
)
from trailmere.registry import identities as records
from trailmere.registry.database import reading, utc_now
from trailmere.registry.identities import AccessKey, Account, IdentityPolicy, Role, User, changing

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from trailmere.registry.secretbox import SecretBox

__all__ = ["AccessKey", "Account", "Identities", "Identity", "IdentityPolicy", "Kind", "NewKey", "Role", "User"]

MAXIMUM_KEYS = 2  # of a user
MAXIMUM_ATTACHED = 10  # managed policies of a user or role
MAXIMUM_INLINE = 10_240  # characters of all inline policies of a user or role, white space not counted
SESSION_SECONDS = range(3_600, 43_200 + 1)  # that the sessions of a role may last at most
ADMINISTRATOR = "admin"
ADMINISTRATOR_POLICY = "AdministratorAccess"


@dataclass(frozen=True, slots=True)
class NewKey:
    """An access key with its secret, which nobody can ask for again."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    user: User
    created: datetime


class Identities:
    """The identities of a lake. ``home`` is the account that is there without being made."""

    def __init__(
        self,
        engine: Engine,
        box: SecretBox,
        *,
        home: str = "000000000000",
        partition: str = "aws",
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._engine = engine
        self._box = box
        self._home = home
        self._partition = partition
        self._clock = clock
        records.prepare(engine)
        self.directory = Directory(engine, box, partition)
        self.assume_role = SessionDesk(engine, box, self.directory, partition, clock).assume

    def create_account(self, name: str, account_id: str | None = None) -> Account:
        """A new account, with an id of its own where none is given. Raises InvalidParameter, IdentityAlreadyExists."""
        names.check(names.ACCOUNT_NAME, "an account", name)
        id = names.new_account_id() if account_id is None else names.check_account_id(account_id)
        with changing(self._engine) as connection:
            if records.rows(connection, Account, records.ACCOUNTS.c.id == id):
                raise IdentityAlreadyExists(f"there is an account {id}")
            return self._new_account(connection, id, name)

    def accounts(self) -> tuple[Account, ...]:
        """All accounts."""
        with reading(self._engine) as connection:
            return tuple(records.rows(connection, Account))

    def delete_account(self, account_id: str) -> None:
        """Raises IdentityNotFound, and IdentityInUse while anything in the lake belongs to it."""
        with changing(self._engine) as connection:
            account = self._account(connection, account_id)
            if owned := lookup.tables_with_rows_of(connection, account_id):
                raise IdentityInUse(
                    f"cannot delete account {account_id}: rows of {', '.join(owned)} belong to it",
                    hint="delete them first",
                )
            records.remove(connection, account)

    def create_user(self, account_id: str, name: str) -> User:
        """A new user, who may do nothing yet. Raises InvalidParameter, IdentityNotFound, IdentityAlreadyExists."""
        with changing(self._engine) as connection:
            return self._new_user(connection, self._account(connection, account_id), name)

    def users(self, account_id: str | None = None) -> tuple[User, ...]:
        """The users of an account, or all."""
        with reading(self._engine) as connection:
            return tuple(records.rows(connection, User, *lookup.within(User, account_id)))

    def user(self, account_id: str, name: str) -> User:
        """The user of this name. Raises IdentityNotFound."""
        with reading(self._engine) as connection:
            return lookup.named(connection, User, account_id, name)

    def set_user_enabled(self, account_id: str, name: str, enabled: bool) -> User:
        """A user who is not enabled can sign nothing. Raises IdentityNotFound."""
        with changing(self._engine) as connection:
            user = replace(lookup.named(connection, User, account_id, name), enabled=enabled)
            records.change(connection, user)
        return user

    def delete_user(self, account_id: str, name: str) -> None:
        """Raises IdentityNotFound, and IdentityInUse while the user has access keys or policies."""
        with changing(self._engine) as connection:
            user = lookup.named(connection, User, account_id, name)
            lookup.check_unused(user, "access keys", [key.id for key in lookup.keys(connection, user)])
            lookup.check_unused(user, "policies", [one.name for one in lookup.policies(connection, user)])
            records.remove(connection, user)

    def create_role(self, account_id: str, name: str, trust_policy: str, *, session_seconds: int = 3_600) -> Role:
        """A new role, that whom ``trust_policy`` (JSON text) names may assume for up to ``session_seconds``.

        Raises InvalidParameter, MalformedPolicy, IdentityNotFound, IdentityAlreadyExists.
        """
        parse_policy(trust_policy, PolicyKind.TRUST)
        if session_seconds not in SESSION_SECONDS:
            raise InvalidParameter(f"expected sessions of 3600 to 43200 seconds, got {session_seconds}")
        with changing(self._engine) as connection:
            account = self._account(connection, account_id)
            lookup.check_free(connection, Role, account, name)
            role = Role(names.unique_id("AROA"), account_id, name, trust_policy, session_seconds, self._clock())
            records.add(connection, role)
        return role

    def roles(self, account_id: str | None = None) -> tuple[Role, ...]:
        """The roles of an account, or all."""
        with reading(self._engine) as connection:
            return tuple(records.rows(connection, Role, *lookup.within(Role, account_id)))

    def role(self, account_id: str, name: str) -> Role:
        """The role of this name. Raises IdentityNotFound."""
        with reading(self._engine) as connection:
            return lookup.named(connection, Role, account_id, name)

    def delete_role(self, account_id: str, name: str) -> None:
        """Its sessions end. Raises IdentityNotFound, and IdentityInUse while the role has policies."""
        with changing(self._engine) as connection:
            role = lookup.named(connection, Role, account_id, name)
            lookup.check_unused(role, "policies", [one.name for one in lookup.policies(connection, role)])
            records.remove(connection, role)

    def create_key(self, user: User) -> NewKey:
        """A new access key, with its secret. Raises IdentityNotFound, and IdentityLimitExceeded at the third."""
        with changing(self._engine) as connection:
            return self._new_key(connection, lookup.alive(connection, user))

    def keys(self, user: User) -> tuple[AccessKey, ...]:
        """The access keys of a user, the oldest first."""
        with reading(self._engine) as connection:
            return tuple(lookup.keys(connection, user))

    def set_key_active(self, access_key_id: str, active: bool) -> AccessKey:
        """Nothing can be signed with a key that is not active. Raises IdentityNotFound."""
        with changing(self._engine) as connection:
            key = replace(lookup.key(connection, access_key_id), active=active)
            records.change(connection, key)
        return key

    def delete_key(self, access_key_id: str) -> None:
        """Raises IdentityNotFound."""
        with changing(self._engine) as connection:
            records.remove(connection, lookup.key(connection, access_key_id))

    def secret_of(self, access_key_id: str, session_token: str | None) -> tuple[str, Identity] | None:
        """The secret of an access key and whose it is; None where nobody may sign with it (now, with this token)."""
        credentials = self.directory.credentials(access_key_id)
        valid = credentials.accepts(session_token) and not credentials.expired(self._clock())
        if credentials.identity is None or not valid:
            return None
        return self.directory.secret(credentials).decode(), credentials.identity

    def put_policy(self, owner: User | Role, name: str, document: str) -> None:
        """Give a user or role an inline policy (JSON text), in the place of one of the same name.

        Raises InvalidParameter, MalformedPolicy, IdentityNotFound, IdentityLimitExceeded.
        """
        names.check(names.POLICY_NAME, "a policy", name)
        parse_policy(document, PolicyKind.IDENTITY)
        with changing(self._engine) as connection:
            others = [one for one in lookup.policies(connection, owner) if one.name != name]
            inline = (document, *(one.document for one in others if one.document is not None))
            if (length := sum(len("".join(one.split())) for one in inline)) > MAXIMUM_INLINE:
                raise IdentityLimitExceeded(
                    f"expected at most {MAXIMUM_INLINE:,} characters in all inline policies of {owner.name}, white "
                    f"space not counted; there would be {length:,}"
                )
            records.put(connection, IdentityPolicy(owner.id, name, document))

    def attach_policy(self, owner: User | Role, name: str) -> None:
        """Give a user or role a managed policy. Raises IdentityNotFound, IdentityLimitExceeded."""
        if name not in MANAGED:
            raise IdentityNotFound(f"there is no managed policy {name!r}", hint=f"there are {', '.join(MANAGED)}")
        with changing(self._engine) as connection:
            attached = {one.name for one in lookup.policies(connection, owner) if one.document is None}
            if len(attached | {name}) > MAXIMUM_ATTACHED:
                raise IdentityLimitExceeded(f"expected at most {MAXIMUM_ATTACHED} managed policies of {owner.name}")
            records.put(connection, IdentityPolicy(owner.id, name, None))

    def delete_policy(self, owner: User | Role, name: str) -> None:
        """Take an inline policy away, or detach a managed one. Raises IdentityNotFound."""
        with changing(self._engine) as connection:
            for one in lookup.policies(connection, owner):
                if one.name == name:
                    return records.remove(connection, one)
        raise IdentityNotFound(f"{owner.name} has no policy {name!r}")

    def policies(self, owner: User | Role) -> tuple[IdentityPolicy, ...]:
        """The policies of a user or role. Raises IdentityNotFound."""
        with reading(self._engine) as connection:
            return tuple(lookup.policies(connection, owner))

    def arn_of(self, owner: User | Role) -> str:
        """``arn:aws:iam::ACCOUNT:user/NAME``, or ``role/NAME``."""
        kind = "user" if isinstance(owner, User) else "role"
        return names.arn(self._partition, owner.account_id, kind, owner.name)

    def root(self, account_id: str) -> Identity:
        """The account itself: whoever runs commands on the lake. It has no access key."""
        arn = f"arn:{self._partition}:iam::{account_id}:root"
        return Identity(account_id, Kind.ROOT, "root", arn, principal_id=account_id)

    def policies_of(self, identity: Identity) -> tuple[str, ...]:
        """The documents of all policies of whoever signed: of the user, or of the role whose session it is."""
        return self.directory.policies_of(identity)

    def first_administrator(self) -> NewKey | None:
        """A key of a new user ``admin`` of the home account, who may do everything; None when there is any user."""
        with reading(self._engine) as connection:
            if records.rows(connection, User):
                return None
        with changing(self._engine) as connection:
            if records.rows(connection, User):  # another process was faster
                return None
            user = self._new_user(connection, self._account(connection, self._home), ADMINISTRATOR)
            records.put(connection, IdentityPolicy(user.id, ADMINISTRATOR_POLICY, None))
            return self._new_key(connection, user)

    def _account(self, connection: Connection, account_id: str) -> Account:
        found = lookup.account(connection, account_id)
        if found is None and account_id == self._home:
            return self._new_account(connection, account_id, "home")
        if found is None:
            raise IdentityNotFound(f"there is no account {account_id}", hint="see them all: trailmere account list")
        return found

    def _new_account(self, connection: Connection, id: str, name: str) -> Account:
        account = Account(id, name, self._clock())
        records.add(connection, account)
        return account

    def _new_user(self, connection: Connection, account: Account, name: str) -> User:
        lookup.check_free(connection, User, account, name)
        user = User(names.unique_id("AIDA"), account.id, name, True, self._clock())
        records.add(connection, user)
        return user

    def _new_key(self, connection: Connection, user: User) -> NewKey:
        present = lookup.keys(connection, user)
        if len(present) >= MAXIMUM_KEYS:
            raise IdentityLimitExceeded(
                f"expected at most {MAXIMUM_KEYS} access keys of {user.name}, there are {len(present)}",
                hint=f"delete one: trailmere key delete {present[0].id}",
            )
        id, secret, now = names.unique_id("AKIA", 20), names.new_secret(), self._clock()
        sealed = self._box.seal(secret.encode(), purpose(id))
        records.add(connection, AccessKey(id, user.id, now, True, sealed))
        return NewKey(id, secret, user, now)
