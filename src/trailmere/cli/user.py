"""``trailmere user``: people and programs that sign calls. The rules are in ``trailmere.access.identities``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

from cyclopts import App as CommandApp
from cyclopts import Parameter

from trailmere.cli.common import LakeOption, OutputFormat, OutputOption, open_app, open_lake, talk
from trailmere.cli.identities import AccountOption, account_of, add_policy_commands, user_json, write_many, write_one

if TYPE_CHECKING:
    from pathlib import Path

user = CommandApp(
    name="user",
    help="Users: create, list, switch off and delete them, and say what they may do.",
    help_format="plaintext",
    version_flags=[],
)
UserArgument = Annotated[str, Parameter(help="Name of the user.")]


@user.command
def create(
    name: Annotated[str, Parameter(help="1 to 64 letters, digits and any of +=,.@_-")],
    *,
    account: AccountOption = None,
    lake: LakeOption = None,
    output: OutputOption = "table",
) -> None:
    """Create a user, who has no access key and may do nothing yet."""
    with open_app(lake) as app:
        members = user_json(app.identities, app.identities.create_user(account_of(app, account), name))
    write_one(members, output)
    talk().print(f"next: trailmere user attach {name} AWSCloudTrail_ReadOnlyAccess", markup=False)
    talk().print(f"      trailmere key create --user {name}", markup=False)


@user.command(name="list")
def list_users(*, account: AccountOption = None, lake: LakeOption = None, output: OutputOption = "table") -> None:
    """The users of all accounts, or of one."""
    with open_lake(lake) as app:
        members = [user_json(app.identities, one) for one in app.identities.users(account)]
    columns = ("UserName", "AccountId", "Enabled", "CreateDate")
    write_many(members, columns, output, empty="no users: trailmere key create")


@user.command
def enable(
    name: UserArgument, *, account: AccountOption = None, lake: LakeOption = None, output: OutputOption = "table"
) -> None:
    """Let the access keys of a user sign again."""
    _switch(name, account, lake, output, enabled=True)


@user.command
def disable(
    name: UserArgument, *, account: AccountOption = None, lake: LakeOption = None, output: OutputOption = "table"
) -> None:
    """Refuse whatever is signed with the access keys of a user, from the next call on."""
    _switch(name, account, lake, output, enabled=False)


@user.command
def welcome(
    name: UserArgument,
    *,
    account: AccountOption = None,
    server: Annotated[str, Parameter(help="Address of the server, as people reach it.")] = "http://127.0.0.1:4510",
    lake: LakeOption = None,
) -> None:
    """A link by which a user chooses a password for the console: it works once, within a day.

    Whoever has the link can sign in as the user. A password that there was goes when it is used, and with it every
    session.
    """
    with open_lake(lake) as app:
        found = app.identities.user(account_of(app, account), name)
        token = app.console.welcome(found)
    sys.stdout.write(f"{server.rstrip('/')}/console/welcome#{token}\n")


@user.command
def delete(name: UserArgument, *, account: AccountOption = None, lake: LakeOption = None) -> None:
    """Delete a user who has neither access keys nor policies any more."""
    with open_lake(lake) as app:
        app.identities.delete_user(account_of(app, account), name)


def _switch(name: str, account: str | None, lake: Path | None, output: OutputFormat, *, enabled: bool) -> None:
    with open_lake(lake) as app:
        changed = app.identities.set_user_enabled(account_of(app, account), name, enabled)
        if not enabled:
            app.console.end_sessions(changed)  # else they would go on once the user is enabled again
        members = user_json(app.identities, changed)
    write_one(members, output)


add_policy_commands(user, "user", lambda identities, account, name: identities.user(account, name))
