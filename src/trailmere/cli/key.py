"""``trailmere key``: access keys of users. The rules are in ``trailmere.access.identities``.

JSON output has the members of IAM's AccessKey and AccessKeyMetadata, flat.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App as CommandApp
from cyclopts import Parameter

from trailmere.cli.common import LakeOption, OutputFormat, OutputOption, open_app, open_lake, talk
from trailmere.cli.identities import AccountOption, account_of, write_many, write_one

if TYPE_CHECKING:
    from pathlib import Path

    from trailmere.access.identities import AccessKey, User

key = CommandApp(
    name="key",
    help="Access keys: create, list, switch off and delete them.",
    help_format="plaintext",
    version_flags=[],
)
KeyArgument = Annotated[str, Parameter(help="Id of the access key, AKIA...")]


@key.command
def create(
    *,
    user: Annotated[
        str | None, Parameter(help="Whose. Default: admin, an administrator who is made where there is no user.")
    ] = None,
    account: AccountOption = None,
    lake: LakeOption = None,
    output: OutputOption = "table",
) -> None:
    """Create an access key and show its secret, which is never shown again. A user may have two keys."""
    with open_app(lake) as app:
        made = app.identities.first_administrator() if user is None and account is None else None
        if made is None:
            made = app.identities.create_key(app.identities.user(account_of(app, account), user or "admin"))
    members = {
        "UserName": made.user.name,
        "AccessKeyId": made.access_key_id,
        "Status": "Active",
        "SecretAccessKey": made.secret_access_key,
        "CreateDate": made.created,
    }
    write_one(members, output)
    talk().print("keep the secret: it is not shown again", markup=False)


@key.command(name="list")
def list_keys(
    *,
    user: Annotated[str | None, Parameter(help="Those of one user only.")] = None,
    account: AccountOption = None,
    lake: LakeOption = None,
    output: OutputOption = "table",
) -> None:
    """The access keys of all users, without their secrets."""
    with open_lake(lake) as app:
        identities = app.identities
        users = identities.users(account) if user is None else (identities.user(account_of(app, account), user),)
        members = [key_json(owner, one) for owner in users for one in identities.keys(owner)]
    write_many(
        members, ("AccessKeyId", "UserName", "AccountId", "Status", "CreateDate"), output, empty="no access keys"
    )


@key.command
def enable(id: KeyArgument, *, lake: LakeOption = None, output: OutputOption = "table") -> None:
    """Let an access key sign again."""
    _switch(id, lake, output, active=True)


@key.command
def disable(id: KeyArgument, *, lake: LakeOption = None, output: OutputOption = "table") -> None:
    """Refuse whatever is signed with an access key, from the next call on."""
    _switch(id, lake, output, active=False)


@key.command
def delete(id: KeyArgument, *, lake: LakeOption = None) -> None:
    """Delete an access key."""
    with open_lake(lake) as app:
        app.identities.delete_key(id)


@key.command
def start_over(*, lake: LakeOption = None) -> None:
    """When the lake's key file is lost for good: make a new one. All access keys and sessions are deleted."""
    with open_lake(lake) as app:
        gone = app.start_over_with_secrets()
    talk().print(f"{gone} access keys are deleted; next: trailmere key create --user NAME", markup=False)


def key_json(owner: User, key: AccessKey) -> dict[str, Any]:
    """The members of IAM's AccessKeyMetadata, with the account."""
    return {
        "UserName": owner.name,
        "AccessKeyId": key.id,
        "Status": "Active" if key.active else "Inactive",
        "CreateDate": key.created,
        "AccountId": owner.account_id,
    }


def _switch(id: str, lake: Path | None, output: OutputFormat, *, active: bool) -> None:
    with open_lake(lake) as app:
        changed = app.identities.set_key_active(id, active)
        owner = next(one for one in app.identities.users() if one.id == changed.user_id)
    write_one(key_json(owner, changed), output)
