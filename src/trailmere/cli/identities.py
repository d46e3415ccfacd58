"""What the commands about identities share: whose account, how an identity looks in JSON, documents, policies.

JSON output has the members of IAM's API.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App as CommandApp
from cyclopts import Parameter

from trailmere.cli.common import LakeOption, OutputFormat, OutputOption, open_lake, write_json, write_pairs, write_table
from trailmere.errors import InvalidParameter

if TYPE_CHECKING:
    from trailmere.access.identities import Account, Identities, Role, User
    from trailmere.app import App
    from trailmere.registry.identities import IdentityPolicy

AccountOption = Annotated[
    str | None, Parameter(help="Id of the account, 12 digits. Default: that of TRAILMERE_ACCOUNT_ID.")
]
DocumentArgument = Annotated[str, Parameter(help="A file, - for standard input, or the JSON itself.")]
NameArgument = Annotated[str, Parameter(help="Name of the user or role.")]
PolicyArgument = Annotated[str, Parameter(help="Name of the policy.")]
Owner = Callable[["Identities", str, str], "User | Role"]


def account_of(app: App, account: str | None) -> str:
    """The account that is meant."""
    return app.settings.account_id if account is None else account


def read_document(given: str) -> str:
    """JSON text, from where the user says. Raises InvalidParameter."""
    if given.lstrip().startswith("{"):
        return given
    try:
        return sys.stdin.read() if given == "-" else Path(given).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidParameter(
            f"cannot read the policy in {given}: {error}", hint="give a file, -, or JSON that starts with {"
        ) from error


def account_json(account: Account) -> dict[str, Any]:
    """An account."""
    return {"AccountId": account.id, "Name": account.name, "CreateDate": account.created}


def user_json(identities: Identities, user: User) -> dict[str, Any]:
    """The members of IAM's User, with its account and whether it is enabled."""
    return {
        "UserName": user.name,
        "UserId": user.id,
        "Arn": identities.arn_of(user),
        "CreateDate": user.created,
        "AccountId": user.account_id,
        "Enabled": user.enabled,
    }


def role_json(identities: Identities, role: Role) -> dict[str, Any]:
    """The members of IAM's Role, with its account."""
    return {
        "RoleName": role.name,
        "RoleId": role.id,
        "Arn": identities.arn_of(role),
        "CreateDate": role.created,
        "AssumeRolePolicyDocument": json.loads(role.trust_policy),
        "MaxSessionDuration": role.session_seconds,
        "AccountId": role.account_id,
    }


def policy_json(policy: IdentityPolicy) -> dict[str, Any]:
    """A policy: an inline one with its document, a managed one without."""
    if policy.document is None:
        return {"PolicyName": policy.name, "Managed": True}
    return {"PolicyName": policy.name, "Managed": False, "PolicyDocument": json.loads(policy.document)}


def write_one(members: dict[str, Any], output: OutputFormat) -> None:
    """One identity: as JSON, or member by member."""
    if output == "json":
        write_json(members)
    else:
        write_pairs({name: _cell(value) for name, value in members.items()})


def write_many(members: list[dict[str, Any]], columns: tuple[str, ...], output: OutputFormat, *, empty: str) -> None:
    """Several: as JSON, or as a table of ``columns``."""
    if output == "json":
        write_json(members)
    else:
        rows = [tuple(_cell(one[name]) for name in columns) for one in members]
        write_table(columns, rows, empty=empty, whole=columns)


def _cell(value: object) -> object:
    return json.dumps(value) if isinstance(value, dict) else value


def add_policy_commands(parent: CommandApp, word: str, find: Owner) -> None:
    """``attach``, ``detach`` and ``policy put|list|delete``, for what ``find`` finds by account and name."""

    def attach(
        name: NameArgument, policy: PolicyArgument, *, account: AccountOption = None, lake: LakeOption = None
    ) -> None:
        with open_lake(lake) as app:
            app.identities.attach_policy(find(app.identities, account_of(app, account), name), policy)

    def delete(
        name: NameArgument, policy: PolicyArgument, *, account: AccountOption = None, lake: LakeOption = None
    ) -> None:
        with open_lake(lake) as app:
            app.identities.delete_policy(find(app.identities, account_of(app, account), name), policy)

    def put(
        name: NameArgument,
        policy: PolicyArgument,
        document: DocumentArgument,
        *,
        account: AccountOption = None,
        lake: LakeOption = None,
    ) -> None:
        text = read_document(document)
        with open_lake(lake) as app:
            app.identities.put_policy(find(app.identities, account_of(app, account), name), policy, text)

    def show(
        name: NameArgument, *, account: AccountOption = None, lake: LakeOption = None, output: OutputOption = "table"
    ) -> None:
        with open_lake(lake) as app:
            found = app.identities.policies(find(app.identities, account_of(app, account), name))
        write_many([policy_json(one) for one in found], ("PolicyName", "Managed"), output, empty="no policies")

    inline = CommandApp(
        name="policy", help=f"Policies of a {word}: put, list, delete.", help_format="plaintext", version_flags=[]
    )
    inline.command(put, name="put", help=f"Give a {word} an inline policy, in the place of one of the same name.")
    inline.command(show, name="list", help=f"The policies of a {word}, inline and managed; documents in JSON.")
    inline.command(delete, name="delete", help=f"Take an inline policy away from a {word}.")
    parent.command(inline)
    parent.command(attach, name="attach", help=f"Give a {word} a managed policy: AdministratorAccess ...")
    parent.command(delete, name="detach", help=f"Take a managed policy away from a {word}.")
