"""Identities found by their names, and what stands in the way of making or deleting one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Table, column, func, inspect, select, table

from trailmere.access import names
from trailmere.errors import IdentityAlreadyExists, IdentityInUse, IdentityNotFound
from trailmere.registry import identities as records
from trailmere.registry.identities import KEYS, POLICIES, ROLES, USERS, AccessKey, Account, IdentityPolicy, Role, User

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

Named = TypeVar("Named", bound=User | Role)

_TABLES: dict[type, tuple[Table, str]] = {User: (USERS, "user"), Role: (ROLES, "role")}


def account(connection: Connection, account_id: str) -> Account | None:
    """The account of this id."""
    return next(iter(records.rows(connection, Account, records.ACCOUNTS.c.id == account_id)), None)


def named(connection: Connection, kind: type[Named], account_id: str, name: str) -> Named:
    """The user or role of this name. Raises IdentityNotFound."""
    place, word = _TABLES[kind]
    for found in records.rows(connection, kind, place.c.account_id == account_id, place.c.name == name):
        return found
    raise IdentityNotFound(
        f"there is no {word} {name!r} in account {account_id}", hint=f"see them all: trailmere {word} list"
    )


def alive(connection: Connection, one: Named) -> Named:
    """The user or role as it is now. Raises IdentityNotFound when it is gone, though a new one is called the same."""
    place, word = _TABLES[type(one)]
    for found in records.rows(connection, type(one), place.c.id == one.id):
        return found
    raise IdentityNotFound(f"the {word} {one.name} of account {one.account_id} is gone")


def key(connection: Connection, access_key_id: str) -> AccessKey:
    """The access key of this id. Raises IdentityNotFound."""
    for found in records.rows(connection, AccessKey, KEYS.c.id == access_key_id):
        return found
    raise IdentityNotFound(f"there is no access key {access_key_id!r}", hint="see them all: trailmere key list")


def keys(connection: Connection, user: User) -> list[AccessKey]:
    """The access keys of a user, the oldest first."""
    return records.rows(connection, AccessKey, KEYS.c.user_id == user.id)


def policies(connection: Connection, owner: User | Role) -> list[IdentityPolicy]:
    """The policies of a user or role. Raises IdentityNotFound when it is gone."""
    alive(connection, owner)
    return records.rows(connection, IdentityPolicy, POLICIES.c.owner_id == owner.id)


def within(kind: type[User] | type[Role], account_id: str | None) -> list[ColumnElement[bool]]:
    """The condition that a user or role is of an account; none without one."""
    return [] if account_id is None else [_TABLES[kind][0].c.account_id == account_id]


def check_free(connection: Connection, kind: type[User] | type[Role], account: Account, name: str) -> None:
    """Raises InvalidParameter for a bad name, IdentityAlreadyExists for one that is taken, in whichever letter case."""
    place, word = _TABLES[kind]
    names.check(names.USER_NAME, f"a {word}", name)
    taken = (place.c.account_id == account.id, func.lower(place.c.name) == name.lower())
    if connection.execute(select(place.c.id).where(*taken)).first() is not None:
        raise IdentityAlreadyExists(f"there is a {word} {name} in account {account.id}, in this or other letter case")


def check_unused(owner: User | Role, what: str, present: Sequence[str]) -> None:
    """Raises IdentityInUse when something of ``owner`` is present."""
    if present:
        raise IdentityInUse(
            f"cannot delete {owner.name}: there are {what} {', '.join(present)}", hint=f"delete these {what} first"
        )


def tables_with_rows_of(connection: Connection, account_id: str) -> list[str]:
    """The tables of the database that hold anything of an account: whichever has a column ``account_id``."""
    every: Any = inspect(connection).get_multi_columns()
    owned = [name for (_schema, name), columns in every.items() if "account_id" in {one["name"] for one in columns}]
    return sorted(name for name in owned if _has_row(connection, name, account_id))


def _has_row(connection: Connection, name: str, account_id: str) -> bool:
    owned = table(name, column("account_id"))
    return connection.execute(select(owned).where(owned.c.account_id == account_id).limit(1)).first() is not None
