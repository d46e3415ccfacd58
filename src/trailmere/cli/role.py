"""``trailmere role``: what users and sessions of any account may become for a while.

The rules are in ``trailmere.access.identities`` and ``trailmere.access.sessions``.
"""

from __future__ import annotations

from typing import Annotated

from cyclopts import App as CommandApp
from cyclopts import Parameter

from trailmere.cli.common import LakeOption, OutputOption, open_app, open_lake, write_json
from trailmere.cli.identities import (
    AccountOption,
    account_of,
    add_policy_commands,
    read_document,
    role_json,
    write_many,
    write_one,
)

role = CommandApp(
    name="role",
    help="Roles: create, list and delete them, say what they may do, and open sessions.",
    help_format="plaintext",
    version_flags=[],
)
RoleArgument = Annotated[str, Parameter(help="Name of the role.")]


@role.command
def create(
    name: Annotated[str, Parameter(help="1 to 64 letters, digits and any of +=,.@_-")],
    trust: Annotated[str, Parameter(help="Who may assume it, a trust policy: a file, - or the JSON itself.")],
    *,
    session_seconds: Annotated[int, Parameter(help="How long a session may last: 3600 to 43200.")] = 3_600,
    account: AccountOption = None,
    lake: LakeOption = None,
    output: OutputOption = "table",
) -> None:
    """Create a role, which may do nothing yet."""
    document = read_document(trust)
    with open_app(lake) as app:
        created = app.identities.create_role(account_of(app, account), name, document, session_seconds=session_seconds)
        members = role_json(app.identities, created)
    write_one(members, output)


@role.command(name="list")
def list_roles(*, account: AccountOption = None, lake: LakeOption = None, output: OutputOption = "table") -> None:
    """The roles of all accounts, or of one."""
    with open_lake(lake) as app:
        members = [role_json(app.identities, one) for one in app.identities.roles(account)]
    columns = ("RoleName", "AccountId", "MaxSessionDuration", "CreateDate")
    write_many(members, columns, output, empty="no roles")


@role.command
def assume(
    name: RoleArgument,
    session: Annotated[str, Parameter(help="Name of the session, 2 to 64 characters.")],
    *,
    seconds: Annotated[int, Parameter(help="How long it lasts, from 900 to what the role allows.")] = 3_600,
    policy: Annotated[str | None, Parameter(help="What it may do at most: a file, - or the JSON itself.")] = None,
    account: AccountOption = None,
    lake: LakeOption = None,
) -> None:
    """Credentials of a session, as JSON that AWS's clients take from a `credential_process`.

    It is asked for as root of the role's account, so the trust policy must name that account.
    """
    document = None if policy is None else read_document(policy)
    with open_lake(lake) as app:
        id = account_of(app, account)
        found = app.identities.role(id, name)
        root = app.identities.root(id)
        arn = app.identities.arn_of(found)
        credentials = app.identities.assume_role(root, arn, session, seconds, document)
    write_json(
        {
            "Version": 1,
            "AccessKeyId": credentials.access_key_id,
            "SecretAccessKey": credentials.secret_access_key,
            "SessionToken": credentials.session_token,
            "Expiration": credentials.expires,
        }
    )


@role.command
def delete(name: RoleArgument, *, account: AccountOption = None, lake: LakeOption = None) -> None:
    """Delete a role that has no policies any more. Its sessions end."""
    with open_lake(lake) as app:
        app.identities.delete_role(account_of(app, account), name)


add_policy_commands(role, "role", lambda identities, account, name: identities.role(account, name))
