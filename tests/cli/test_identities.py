"""``trailmere account``, ``user``, ``role`` and ``key``: what a user types, reads and is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.access.arrivals import SERVICES, Wish, signed
from tests.access.world import ALLOW_ALL
from trailmere.app import build
from trailmere.cli import main
from trailmere.errors import AuthenticationFailed
from trailmere.registry.database import utc_now
from trailmere.settings import load

if TYPE_CHECKING:
    from trailmere.access.sigv4 import Signer

HOME = "000000000000"
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": HOME}, "Action": "sts:AssumeRole"}],
    }
)


@dataclass(frozen=True)
class Answer:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Command = Callable[..., Answer]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """``trailmere ...`` over a lake in an empty folder."""
    monkeypatch.setenv("TRAILMERE_LAKE", str(tmp_path / "lake"))

    def run_command(*arguments: str) -> Answer:
        with pytest.raises(SystemExit) as end:
            main(list(arguments))
        written = capsys.readouterr()
        return Answer(int(end.value.code or 0), written.out, written.err)

    return run_command


def signer_of(credentials: dict[str, str]) -> Signer:
    """Who a server over the same lake takes the holder of these for."""
    app = build(load())
    try:
        token = credentials.get("SessionToken")
        wish = Wish(credentials["AccessKeyId"], credentials["SecretAccessKey"], token=token, when=utc_now())
        return app.authenticator.authenticate(signed(wish), SERVICES)
    finally:
        app.close()


def test_the_first_key_is_that_of_an_administrator_and_signs(run: Command) -> None:
    key = run("key", "create", "--output", "json").json

    assert list(key) == ["UserName", "AccessKeyId", "Status", "SecretAccessKey", "CreateDate"]
    assert (key["UserName"], key["Status"]) == ("admin", "Active")
    assert signer_of(key).identity.arn == f"arn:aws:iam::{HOME}:user/admin"
    assert [one["PolicyName"] for one in run("user", "policy", "list", "admin", "-o", "json").json] == [
        "AdministratorAccess"
    ]


def test_a_second_key_without_a_name_is_the_administrators_too_and_a_third_is_refused(run: Command) -> None:
    run("key", "create")

    second, third = run("key", "create", "--output", "json"), run("key", "create")

    assert second.json["UserName"] == "admin"
    assert (third.code, third.out) == (1, "")
    assert "at most 2 access keys" in third.err


def test_the_secret_is_on_stdout_once_and_the_advice_on_stderr(run: Command) -> None:
    made = run("key", "create", "--output", "json")

    assert made.err == "keep the secret: it is not shown again\n"
    assert made.json["SecretAccessKey"] not in run("key", "list", "--output", "json").out


def test_a_key_that_is_switched_off_no_longer_signs_until_it_is_switched_on(run: Command) -> None:
    key = run("key", "create", "--output", "json").json

    assert run("key", "disable", key["AccessKeyId"], "--output", "json").json["Status"] == "Inactive"
    with pytest.raises(AuthenticationFailed):
        signer_of(key)
    assert run("key", "enable", key["AccessKeyId"], "--output", "json").json["Status"] == "Active"
    assert signer_of(key)


def test_a_user_is_made_given_policies_switched_off_and_deleted(run: Command) -> None:
    made = run("user", "create", "ana", "--output", "json")
    assert (made.json["UserName"], made.json["Enabled"], made.json["AccountId"]) == ("ana", True, HOME)
    assert "trailmere key create --user ana" in made.err

    run("user", "attach", "ana", "AWSCloudTrail_ReadOnlyAccess")
    run("user", "policy", "put", "ana", "all", ALLOW_ALL)
    policies = run("user", "policy", "list", "ana", "--output", "json").json
    assert [(one["PolicyName"], one["Managed"]) for one in policies] == [
        ("AWSCloudTrail_ReadOnlyAccess", True),
        ("all", False),
    ]
    assert policies[1]["PolicyDocument"] == json.loads(ALLOW_ALL)

    assert run("user", "disable", "ana", "--output", "json").json["Enabled"] is False
    assert run("user", "enable", "ana", "--output", "json").json["Enabled"] is True
    assert run("user", "delete", "ana").code == 1
    run("user", "detach", "ana", "AWSCloudTrail_ReadOnlyAccess")
    run("user", "policy", "delete", "ana", "all")
    assert run("user", "delete", "ana").code == 0
    assert run("user", "list", "--output", "json").json == []


def test_a_policy_may_lie_in_a_file(run: Command, tmp_path: Path) -> None:
    (tmp_path / "policy.json").write_text(ALLOW_ALL)
    run("user", "create", "ana")

    assert run("user", "policy", "put", "ana", "all", str(tmp_path / "policy.json")).code == 0
    missing = run("user", "policy", "put", "ana", "all", str(tmp_path / "other.json"))
    assert (missing.code, "cannot read the policy" in missing.err) == (1, True)


def test_a_policy_that_is_not_understood_is_refused_with_its_place(run: Command) -> None:
    run("user", "create", "ana")

    refused = run("user", "policy", "put", "ana", "p", ALLOW_ALL.replace("Allow", "Permit"))

    assert refused.code == 1
    assert "Effect" in refused.err


def test_a_role_gives_sessions_in_the_form_of_a_credential_process(run: Command) -> None:
    run("role", "create", "auditor", TRUST, "--session-seconds", "7200")

    credentials = run("role", "assume", "auditor", "review", "--seconds", "7200").json

    assert list(credentials) == ["Version", "AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"]
    assert credentials["Version"] == 1
    assert signer_of(credentials).identity.arn == f"arn:aws:sts::{HOME}:assumed-role/auditor/review"


def test_roles_are_listed_given_policies_and_deleted(run: Command) -> None:
    made = run("role", "create", "auditor", TRUST, "--output", "json").json
    run("role", "attach", "auditor", "AWSCloudTrail_FullAccess")

    assert run("role", "list", "--output", "json").json == [made]
    assert made["AssumeRolePolicyDocument"] == json.loads(TRUST)
    assert run("role", "delete", "auditor").code == 1
    run("role", "detach", "auditor", "AWSCloudTrail_FullAccess")
    assert run("role", "delete", "auditor").code == 0


def test_accounts_are_made_with_users_of_their_own(run: Command) -> None:
    other = run("account", "create", "other", "--id", "444455556666", "--output", "json").json["AccountId"]
    run("user", "create", "ana", "--account", other)
    key = run("key", "create", "--user", "ana", "--account", other, "--output", "json").json

    assert signer_of(key).identity.account_id == other
    assert run("user", "list", "--account", HOME, "--output", "json").json == []
    assert [one["AccountId"] for one in run("key", "list", "--output", "json").json] == [other]
    assert run("account", "delete", other).code == 1


def test_tables_are_for_people_and_say_when_there_is_nothing(run: Command) -> None:
    run("key", "create")

    assert "admin" in run("user", "list").out
    assert "AKIA" in run("key", "list").out
    assert (run("role", "list").out, run("role", "list").err) == ("", "no roles\n")


@pytest.mark.parametrize("command", [("user", "list"), ("key", "list"), ("role", "list"), ("account", "list")])
def test_a_mistyped_folder_is_told_and_no_lake_is_made_in_it(
    run: Command, tmp_path: Path, command: tuple[str, str]
) -> None:
    asked = run(*command, "--lake", str(tmp_path / "typo"))

    assert asked.code == 1
    assert "there is no lake in" in asked.err
    assert not (tmp_path / "typo").exists()


def test_the_key_file_may_lie_elsewhere_and_is_missed_where_it_is_gone(
    run: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAILMERE_KEYS", str(tmp_path / "safe"))
    run("key", "create")
    assert (tmp_path / "safe" / "secrets.key").exists()
    assert not (tmp_path / "lake" / "keys").exists()

    monkeypatch.setenv("TRAILMERE_KEYS", str(tmp_path / "mistyped"))
    refused = run("key", "create")

    assert refused.code == 1
    assert f"there is no {tmp_path}/mistyped/secrets.key" in refused.err


def test_a_lake_whose_key_file_is_lost_starts_over_without_its_access_keys(run: Command, tmp_path: Path) -> None:
    lost = run("key", "create", "--output", "json").json
    (tmp_path / "lake" / "keys" / "secrets.key").unlink()
    assert run("key", "create").code == 1

    assert run("key", "start-over").code == 0

    assert signer_of(run("key", "create", "--output", "json").json).identity.name == "admin"
    with pytest.raises(AuthenticationFailed):
        signer_of(lost)


def test_nothing_starts_over_while_the_key_file_is_there(run: Command) -> None:
    key = run("key", "create", "--output", "json").json

    assert run("key", "start-over").code == 1
    assert signer_of(key)


def test_verify_knows_the_key_file(run: Command) -> None:
    run("key", "create")

    assert run("verify", "--output", "json").code == 0


def test_an_organisation_is_declared_and_dissolved(run: Command) -> None:
    run("account", "create", "ours", "--id", "111122223333")

    declared = run("account", "organization", "--management", "111122223333", "--output", "json")
    unknown = run("account", "organization", "--management", "999988887777")
    dissolved = run("account", "organization", "--dissolve", "--output", "json")
    assert declared.json == {"ManagementAccountId": "111122223333", "DelegatedAdministrators": []}
    assert (unknown.code, "there is no account 999988887777" in unknown.err) == (1, True)
    assert dissolved.json["ManagementAccountId"] is None
