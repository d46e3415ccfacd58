"""The users of an account as people see them: with a role each, who can sign in, and who may not be locked out.

A role is a managed policy: four of them are offered, whatever else a user has is left alone. What would leave an
account without an administrator who can sign in is refused, in the transaction that would do it. Whoever runs commands
on the lake is not bound by that: they can make another administrator.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from sqlalchemy import select

from trailmere.access import lookup
from trailmere.access.identities import ADMINISTRATOR_POLICY
from trailmere.errors import IdentityInUse, InvalidParameter
from trailmere.registry import identities as records
from trailmere.registry.console import PASSWORDS
from trailmere.registry.identities import KEYS, POLICIES, USERS, AccessKey, IdentityPolicy, User, changing

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from trailmere.access.console import ConsoleDesk
    from trailmere.access.identities import Identities

ROLES: Mapping[str, str] = MappingProxyType(
    {
        "Viewer": "TrailmereViewer",
        "Analyst": "TrailmereAnalyst",
        "Responder": "TrailmereResponder",
        "Administrator": ADMINISTRATOR_POLICY,
    }
)


@dataclass(frozen=True, slots=True)
class Member:
    """A user with what an administrator wants to know. ``role`` is a key of ROLES or empty; ``others`` are the names of
    all further policies."""

    user: User
    role: str
    others: tuple[str, ...]
    keys: tuple[AccessKey, ...]
    has_password: bool
    sessions: int


@dataclass(frozen=True, slots=True)
class RoleChange:
    """The managed policies that a change of role took away and gave."""

    detached: tuple[str, ...]
    attached: tuple[str, ...]


class People:
    """The users of a lake's accounts. Safe to use from several threads and processes."""

    def __init__(self, engine: Engine, identities: Identities, desk: ConsoleDesk) -> None:
        self._engine = engine
        self._identities = identities
        self._desk = desk

    def members(self, account_id: str) -> list[Member]:
        """The users of an account, by name."""
        can = self._desk.can_sign_in()
        sessions = [one.user_id for one in self._desk.sessions()]
        users = self._identities.users(account_id)
        return [self._member(user, user.id in can, sessions.count(user.id)) for user in users]

    def member(self, account_id: str, name: str) -> Member:
        """One of them. Raises IdentityNotFound."""
        user = self._identities.user(account_id, name)
        return self._member(user, user.id in self._desk.can_sign_in(), len(self._desk.sessions(user)))

    def create(self, account_id: str, name: str, role: str) -> User:
        """A new user with a role. Raises InvalidParameter, IdentityNotFound, IdentityAlreadyExists."""
        policy = _policy(role)
        user = self._identities.create_user(account_id, name)
        if policy:
            self._identities.attach_policy(user, policy)
        return user

    def set_role(self, user: User, role: str) -> RoleChange:
        """Give a user a role in the place of the one they have; "" for none.

        Raises InvalidParameter, IdentityNotFound, IdentityInUse for the last administrator.
        """
        wanted = {_policy(role)} - {""}
        with self._changing(user) as connection:
            present = {one.name for one in lookup.policies(connection, user) if one.document is None}
            detached = (present & set(ROLES.values())) - wanted
            for name in detached:
                records.remove(connection, IdentityPolicy(user.id, name, None))
            for name in wanted - present:
                records.add(connection, IdentityPolicy(user.id, name, None))
        return RoleChange(tuple(sorted(detached)), tuple(sorted(wanted - present)))

    def set_enabled(self, user: User, enabled: bool) -> User:
        """A user who is not enabled can neither sign in nor sign anything; sessions end for good.

        Raises IdentityNotFound, IdentityInUse for the last administrator.
        """
        with self._changing(user) as connection:
            changed = replace(lookup.alive(connection, user), enabled=enabled)
            records.change(connection, changed)
        if not enabled:
            self._desk.end_sessions(user)
        return changed

    def delete(self, user: User) -> None:
        """With access keys, policies, password and sessions. Raises IdentityNotFound, IdentityInUse for the last
        administrator."""
        with self._changing(user) as connection:
            present = lookup.alive(connection, user)
            for key in lookup.keys(connection, user):
                records.remove(connection, key)
            for policy in lookup.policies(connection, user):
                records.remove(connection, policy)
            records.remove(connection, present)
        self._desk.set_password(user, None)

    @contextlib.contextmanager
    def _changing(self, user: User) -> Iterator[Connection]:
        """A transaction that is undone where it leaves the user's account without the administrators that it had."""
        with changing(self._engine) as connection:
            before = _administrators(connection, user.account_id)
            yield connection
            if before and not _administrators(connection, user.account_id):
                raise IdentityInUse(
                    f"{user.name} is the last administrator of account {user.account_id} who can sign in",
                    hint="make another administrator first, and wait until they have chosen a password",
                )

    def _member(self, user: User, has_password: bool, sessions: int) -> Member:
        names = {one.name for one in self._identities.policies(user)}
        role = next((role for role in reversed(tuple(ROLES)) if ROLES[role] in names), "")
        others = tuple(sorted(names - {ROLES.get(role, "")}))
        return Member(user, role, others, self._identities.keys(user), has_password, sessions)


def _policy(role: str) -> str:
    if role and role not in ROLES:
        raise InvalidParameter(f"expected one of {', '.join(ROLES)} as a role, got {role[:40]!r}")
    return ROLES.get(role, "")


def _administrators(connection: Connection, account_id: str) -> set[str]:
    """The ids of an account's administrators who can sign in, or sign."""
    capable = USERS.c.id.in_(select(PASSWORDS.c.user_id)) | USERS.c.id.in_(select(KEYS.c.user_id).where(KEYS.c.active))
    administrators = select(POLICIES.c.owner_id).where(
        POLICIES.c.name == ADMINISTRATOR_POLICY, POLICIES.c.document.is_(None)
    )
    found = select(USERS.c.id).where(
        USERS.c.account_id == account_id, USERS.c.enabled, capable, USERS.c.id.in_(administrators)
    )
    return set(connection.scalars(found))
