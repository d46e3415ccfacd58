"""The organisation that the lake's accounts form, where somebody has said so: kept as stated, as there is no AWS
Organizations here. It has one management account; all other accounts are members, and some delegated administrators.

Source: CloudTrail API reference, RegisterOrganizationDelegatedAdmin and DeregisterOrganizationDelegatedAdmin; user
guide, "Organization delegated administrator".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlalchemy import Boolean, Column, MetaData, String, Table, delete, insert, select

from trailmere.errors import (
    DelegatedAdminLimitExceeded,
    DelegatedAdminNotRegistered,
    DelegatedAdminRegistered,
    IdentityNotFound,
    ManagementAccountNotDelegable,
    NotManagementAccount,
    OrganizationsNotInUse,
)
from trailmere.registry.database import create_tables, reading, writing

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

MAXIMUM_DELEGATED = 3  # administrators: CloudTrail's quota

METADATA = MetaData()
STANDINGS = Table(
    "organization_accounts",
    METADATA,
    Column("account_id", String(16), primary_key=True),
    Column("management", Boolean, nullable=False),  # else a delegated administrator
)


class Organization:
    """Who manages, and for whom. ``known`` says whether the lake has an account."""

    def __init__(self, engine: Engine, known: Callable[[str], bool]) -> None:
        self._engine = engine
        self._known = known
        create_tables(engine, METADATA)

    def management(self) -> str | None:
        """The management account, None where there is no organisation."""
        with reading(self._engine) as connection:
            return _management(connection)

    def delegated(self) -> tuple[str, ...]:
        """The delegated administrators, in the order of their ids."""
        with reading(self._engine) as connection:
            return _delegated(connection)

    def declare(self, account_id: str) -> None:
        """From now on the lake's accounts are an organisation that this one manages. Raises IdentityNotFound."""
        self._check_known(account_id)
        with writing(self._engine) as connection:
            other = STANDINGS.c.management | (STANDINGS.c.account_id == account_id)
            connection.execute(delete(STANDINGS).where(other))
            connection.execute(insert(STANDINGS).values(account_id=account_id, management=True))

    def dissolve(self) -> None:
        """The lake's accounts are no organisation any more."""
        with writing(self._engine) as connection:
            connection.execute(delete(STANDINGS))

    def check_may_have_resources(self, account_id: str) -> None:
        """Raise OrganizationsNotInUse or NotManagementAccount unless the account may have event data stores and trails
        for the whole organisation: it manages it, or is a delegated administrator."""
        with reading(self._engine) as connection:
            if account_id not in _delegated(connection):
                _check_manages(connection, account_id)

    def register(self, caller: str, member: str) -> None:
        """A delegated administrator. Raises OrganizationsNotInUse, NotManagementAccount, IdentityNotFound,
        ManagementAccountNotDelegable, DelegatedAdminRegistered, DelegatedAdminLimitExceeded."""
        self._check_known(member)
        with writing(self._engine) as connection:
            _check_manages(connection, caller)
            if member == caller:
                raise ManagementAccountNotDelegable(f"{member} is the management account of the organization")
            present = _delegated(connection)
            if member in present:
                raise DelegatedAdminRegistered(f"{member} is a delegated administrator already")
            if len(present) >= MAXIMUM_DELEGATED:
                raise DelegatedAdminLimitExceeded(f"expected at most {MAXIMUM_DELEGATED} delegated administrators")
            connection.execute(insert(STANDINGS).values(account_id=member, management=False))

    def deregister(self, caller: str, member: str) -> None:
        """No delegated administrator any more. Raises OrganizationsNotInUse, NotManagementAccount, IdentityNotFound,
        DelegatedAdminNotRegistered."""
        self._check_known(member)
        with writing(self._engine) as connection:
            _check_manages(connection, caller)
            if member not in _delegated(connection):
                raise DelegatedAdminNotRegistered(f"{member} is no delegated administrator")
            connection.execute(delete(STANDINGS).where(STANDINGS.c.account_id == member))

    def _check_known(self, account_id: str) -> None:
        if not self._known(account_id):
            raise IdentityNotFound(f"there is no account {account_id}")


def _management(connection: Connection) -> str | None:
    found: str | None = connection.scalar(select(STANDINGS.c.account_id).where(STANDINGS.c.management))
    return found


def _delegated(connection: Connection) -> tuple[str, ...]:
    delegated = select(STANDINGS.c.account_id).where(~STANDINGS.c.management).order_by(STANDINGS.c.account_id)
    return tuple(connection.scalars(delegated))


def _check_manages(connection: Connection, account_id: str) -> None:
    management = _management(connection)
    if management is None:
        raise OrganizationsNotInUse(
            "the accounts of this lake are no organization", hint="declare one: trailmere account organization"
        )
    if management != account_id:
        raise NotManagementAccount(f"{account_id} is not the management account of the organization")
