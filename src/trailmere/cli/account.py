"""``trailmere account``: the accounts of a lake. A thin door: the rules are in ``trailmere.access.identities``."""

from __future__ import annotations

from typing import Annotated

from cyclopts import App as CommandApp
from cyclopts import Parameter

from trailmere.cli.common import LakeOption, OutputOption, open_app, open_lake
from trailmere.cli.identities import account_json, write_many, write_one
from trailmere.errors import InvalidParameter

account = CommandApp(
    name="account", help="Accounts: create, list and delete them.", help_format="plaintext", version_flags=[]
)
AccountArgument = Annotated[str, Parameter(help="Id of the account, 12 digits.")]


@account.command
def create(
    name: Annotated[str, Parameter(help="What people call it.")],
    *,
    id: Annotated[str | None, Parameter(help="Its id, 12 digits. Default: one of its own.")] = None,
    lake: LakeOption = None,
    output: OutputOption = "table",
) -> None:
    """Create an account. Its users see its own stores, trails and channels, and no others'."""
    with open_app(lake) as app:
        created = app.identities.create_account(name, id)
    write_one(account_json(created), output)


@account.command(name="list")
def list_accounts(*, lake: LakeOption = None, output: OutputOption = "table") -> None:
    """All accounts. That of TRAILMERE_ACCOUNT_ID is there as soon as it has a user."""
    with open_lake(lake) as app:
        members = [account_json(one) for one in app.identities.accounts()]
    write_many(members, ("AccountId", "Name", "CreateDate"), output, empty="no accounts")


@account.command
def organization(
    *,
    management: Annotated[str | None, Parameter(help="Id of the account that manages it.")] = None,
    dissolve: Annotated[bool, Parameter(help="The accounts are no organisation any more.", negative=())] = False,
    lake: LakeOption = None,
    output: OutputOption = "table",
) -> None:
    """Declare that the lake's accounts are an organisation, or show who manages it. Its management account, and those
    that it registers as delegated administrators, may have event data stores and trails for all of it."""
    if management is not None and dissolve:
        raise InvalidParameter("expected --management or --dissolve, got both")
    with open_lake(lake) as app:
        if management is not None:
            app.organization.declare(management)
        if dissolve:
            app.organization.dissolve()
        manager, delegated = app.organization.management(), app.organization.delegated()
    shown = list(delegated) if output == "json" else ", ".join(delegated)
    write_one({"ManagementAccountId": manager, "DelegatedAdministrators": shown}, output)


@account.command
def delete(id: AccountArgument, *, lake: LakeOption = None) -> None:
    """Delete an account that nothing belongs to any more."""
    with open_lake(lake) as app:
        app.identities.delete_account(id)
