"""Identities as IAM keeps them: who there is, with which keys and policies, and when one cannot be deleted."""

from __future__ import annotations

import multiprocessing
from typing import TYPE_CHECKING

import pytest

from tests.access.world import ALLOW_ALL, TRUST_ACCOUNT, some_identities
from tests.registry.helpers import ACCOUNT
from trailmere.errors import (
    IdentityAlreadyExists,
    IdentityInUse,
    IdentityLimitExceeded,
    IdentityNotFound,
    InvalidParameter,
    MalformedPolicy,
)
from trailmere.registry.channels import ChannelRegistry
from trailmere.registry.database import open_database, sqlite_url

if TYPE_CHECKING:
    from pathlib import Path

    from trailmere.access.identities import Identities, NewKey

OTHER = "444455556666"


@pytest.fixture
def identities(tmp_path: Path) -> Identities:
    return some_identities(tmp_path)


def secret_of(identities: Identities, key: NewKey) -> str | None:
    found = identities.secret_of(key.access_key_id, None)
    return None if found is None else found[0]


def test_a_key_gives_its_secret_and_whose_it_is(database_url: str, tmp_path: Path) -> None:
    identities = some_identities(tmp_path, url=database_url)
    ana = identities.create_user(ACCOUNT, "ana")
    key = identities.create_key(ana)

    found = identities.secret_of(key.access_key_id, None)

    assert found is not None
    secret, identity = found
    assert secret == key.secret_access_key
    assert (identity.kind, identity.name, identity.arn) == ("IAMUser", "ana", f"arn:aws:iam::{ACCOUNT}:user/ana")
    assert (identity.account_id, identity.principal_id, identity.access_key_id) == (ACCOUNT, ana.id, key.access_key_id)


def test_keys_and_ids_have_the_form_that_aws_gives_them(identities: Identities) -> None:
    ana = identities.create_user(ACCOUNT, "ana")
    key = identities.create_key(ana)

    assert (ana.id[:4], len(ana.id)) == ("AIDA", 21)
    assert (key.access_key_id[:4], len(key.access_key_id), len(key.secret_access_key)) == ("AKIA", 20, 40)


def test_a_secret_is_neither_in_the_database_nor_in_what_is_printed_of_a_key(tmp_path: Path) -> None:
    identities = some_identities(tmp_path)
    key = identities.create_key(identities.create_user(ACCOUNT, "ana"))

    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
    assert key.access_key_id.encode() in kept
    assert key.secret_access_key.encode() not in kept
    assert key.secret_access_key not in repr(key)


@pytest.mark.parametrize("change", ["key off", "user off", "key deleted"])
def test_what_is_taken_away_by_another_process_counts_for_the_next_call(tmp_path: Path, change: str) -> None:
    server, elsewhere = some_identities(tmp_path), some_identities(tmp_path)
    key = elsewhere.create_key(elsewhere.create_user(ACCOUNT, "ana"))
    assert secret_of(server, key) == key.secret_access_key

    if change == "key off":
        elsewhere.set_key_active(key.access_key_id, False)
    elif change == "user off":
        elsewhere.set_user_enabled(ACCOUNT, "ana", False)
    else:
        elsewhere.delete_key(key.access_key_id)

    assert secret_of(server, key) is None


def test_what_was_switched_off_can_be_switched_on_again(identities: Identities) -> None:
    key = identities.create_key(identities.create_user(ACCOUNT, "ana"))
    identities.set_key_active(key.access_key_id, False)
    identities.set_user_enabled(ACCOUNT, "ana", False)

    identities.set_key_active(key.access_key_id, True)
    identities.set_user_enabled(ACCOUNT, "ana", True)

    assert secret_of(identities, key) == key.secret_access_key


def test_nobody_has_a_key_that_was_never_made(identities: Identities) -> None:
    assert identities.secret_of("AKIAIOSFODNN7EXAMPLE", None) is None


def test_a_key_of_a_user_has_no_session_token(identities: Identities) -> None:
    key = identities.create_key(identities.create_user(ACCOUNT, "ana"))

    assert identities.secret_of(key.access_key_id, "a token") is None


def test_a_user_has_two_keys_at_most(identities: Identities) -> None:
    ana = identities.create_user(ACCOUNT, "ana")
    identities.create_key(ana)
    identities.create_key(ana)

    with pytest.raises(IdentityLimitExceeded):
        identities.create_key(ana)


@pytest.mark.parametrize("name", ["ana", "ANA"])
def test_a_name_is_taken_in_every_letter_case(identities: Identities, name: str) -> None:
    identities.create_user(ACCOUNT, "ana")

    with pytest.raises(IdentityAlreadyExists):
        identities.create_user(ACCOUNT, name)


def test_two_accounts_may_have_a_user_of_the_same_name(identities: Identities) -> None:
    identities.create_account("other", OTHER)

    made = [identities.create_user(account, "ana") for account in (ACCOUNT, OTHER)]

    assert made == list(identities.users())


@pytest.mark.parametrize("name", ["", "a b", "a/b", "x" * 65, "é", "ana\n"])
def test_names_that_iam_refuses_are_refused(identities: Identities, name: str) -> None:
    with pytest.raises(InvalidParameter):
        identities.create_user(ACCOUNT, name)
    with pytest.raises(InvalidParameter):
        identities.create_role(ACCOUNT, name, TRUST_ACCOUNT)


@pytest.mark.parametrize("account_id", ["", "12345678901", "1234567890123", "12345678901x", "１２３４５６７８９０１２"])
def test_an_account_has_twelve_digits(identities: Identities, account_id: str) -> None:
    with pytest.raises(InvalidParameter):
        identities.create_account("other", account_id)


def test_an_account_without_a_wish_has_twelve_digits_of_its_own(identities: Identities) -> None:
    made = {identities.create_account("other").id for _ in range(20)}

    assert len(made) == 20
    assert all(len(one) == 12 and one.isdigit() for one in made)


def test_nobody_can_be_made_in_an_account_that_is_not_there(identities: Identities) -> None:
    with pytest.raises(IdentityNotFound):
        identities.create_user(OTHER, "ana")


def test_a_user_with_keys_or_policies_is_not_deleted(identities: Identities) -> None:
    ana = identities.create_user(ACCOUNT, "ana")
    key = identities.create_key(ana)
    identities.put_policy(ana, "all", ALLOW_ALL)

    with pytest.raises(IdentityInUse, match="access keys"):
        identities.delete_user(ACCOUNT, "ana")
    identities.delete_key(key.access_key_id)
    with pytest.raises(IdentityInUse, match="policies all"):
        identities.delete_user(ACCOUNT, "ana")
    identities.delete_policy(ana, "all")
    identities.delete_user(ACCOUNT, "ana")

    assert identities.users() == ()


def test_an_account_is_not_deleted_while_something_belongs_to_it(database_url: str, tmp_path: Path) -> None:
    identities = some_identities(tmp_path, url=database_url)
    identities.create_account("other", OTHER)
    identities.create_user(OTHER, "ana")

    with pytest.raises(IdentityInUse, match="identity_users"):
        identities.delete_account(OTHER)
    identities.delete_user(OTHER, "ana")
    identities.delete_account(OTHER)

    assert OTHER not in [account.id for account in identities.accounts()]


def test_an_account_is_not_deleted_while_a_table_of_another_room_holds_something_of_it(tmp_path: Path) -> None:
    identities = some_identities(tmp_path)
    identities.create_account("other", OTHER)
    ChannelRegistry(open_database(sqlite_url(tmp_path))).create(OTHER, "us-east-1", "doors", "Custom", ["s-1"])

    with pytest.raises(IdentityInUse, match="channels"):
        identities.delete_account(OTHER)


def test_a_policy_is_put_in_the_place_of_one_of_the_same_name(identities: Identities) -> None:
    ana = identities.create_user(ACCOUNT, "ana")
    identities.put_policy(ana, "p", ALLOW_ALL)
    identities.put_policy(ana, "p", ALLOW_ALL.replace('"*"', '"cloudtrail:ListQueries"', 1))

    assert len(identities.policies(ana)) == 1
    assert "ListQueries" in (identities.policies(ana)[0].document or "")


def test_policies_of_whoever_signed_are_inline_and_managed_ones(identities: Identities) -> None:
    ana = identities.create_user(ACCOUNT, "ana")
    key = identities.create_key(ana)
    identities.put_policy(ana, "inline", ALLOW_ALL)
    identities.attach_policy(ana, "AWSCloudTrail_ReadOnlyAccess")
    found = identities.secret_of(key.access_key_id, None)
    assert found is not None

    documents = identities.policies_of(found[1])

    assert ALLOW_ALL in documents
    assert any("cloudtrail:Describe*" in one for one in documents)


def test_a_managed_policy_that_is_not_there_is_told_with_those_that_are(identities: Identities) -> None:
    with pytest.raises(IdentityNotFound) as caught:
        identities.attach_policy(identities.create_user(ACCOUNT, "ana"), "PowerUserAccess")

    assert "AdministratorAccess" in str(caught.value.hint)


def test_inline_policies_have_a_length_that_they_must_not_pass_together(identities: Identities) -> None:
    ana = identities.create_user(ACCOUNT, "ana")
    long = ALLOW_ALL.replace('"Action": "*"', '"Action": [' + ",".join(['"cloudtrail:ListQueries"'] * 250) + "]")
    identities.put_policy(ana, "one", long)

    with pytest.raises(IdentityLimitExceeded):
        identities.put_policy(ana, "two", long)


def test_nothing_can_be_given_to_a_user_who_is_gone_though_another_has_the_name(identities: Identities) -> None:
    ana = identities.create_user(ACCOUNT, "ana")
    identities.delete_user(ACCOUNT, "ana")
    identities.create_user(ACCOUNT, "ana")

    with pytest.raises(IdentityNotFound):
        identities.create_key(ana)
    with pytest.raises(IdentityNotFound):
        identities.put_policy(ana, "p", ALLOW_ALL)


def test_the_first_administrator_is_made_when_there_is_nobody_and_never_again(identities: Identities) -> None:
    first = identities.first_administrator()
    again = identities.first_administrator()

    assert again is None
    assert first is not None
    assert (first.user.account_id, first.user.name) == (ACCOUNT, "admin")
    assert [one.name for one in identities.policies(first.user)] == ["AdministratorAccess"]


def _made_an_administrator(folder: Path) -> bool:
    return some_identities(folder).first_administrator() is not None


def test_of_servers_that_start_at_once_one_makes_the_administrator(tmp_path: Path) -> None:
    with multiprocessing.get_context("fork").Pool(4) as pool:
        made = pool.map(_made_an_administrator, [tmp_path] * 8, chunksize=1)

    assert sorted(made) == [False] * 7 + [True]


def test_roles_are_made_listed_and_deleted(identities: Identities) -> None:
    role = identities.create_role(ACCOUNT, "auditor", TRUST_ACCOUNT, session_seconds=7200)
    assert identities.roles(ACCOUNT) == (role,)

    identities.delete_role(ACCOUNT, "auditor")

    assert identities.roles() == ()


@pytest.mark.parametrize("seconds", [3599, 43201])
def test_sessions_of_a_role_last_between_one_and_twelve_hours_at_most(identities: Identities, seconds: int) -> None:
    with pytest.raises(InvalidParameter):
        identities.create_role(ACCOUNT, "auditor", TRUST_ACCOUNT, session_seconds=seconds)


@pytest.mark.parametrize("document", ["", "{}", '{"Version": "2012-10-17", "Statement": [{"Effect": "Maybe"}]}'])
def test_a_policy_that_is_not_understood_is_refused_when_it_is_written(identities: Identities, document: str) -> None:
    ana = identities.create_user(ACCOUNT, "ana")

    with pytest.raises(MalformedPolicy):
        identities.put_policy(ana, "p", document)
    with pytest.raises(MalformedPolicy):
        identities.create_role(ACCOUNT, "auditor", document)
