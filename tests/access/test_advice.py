"""What is remarked on a policy, and what is not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.access.policies import CHANNEL, HERE, STORE, THERE
from trailmere.access.advice import Advice, advise
from trailmere.access.managed import MANAGED
from trailmere.access.policies import PolicyKind, parse_policy

QUERY: dict[str, Any] = {"Effect": "Allow", "Action": "cloudtrail:StartQuery", "Resource": "*"}
ADA = f"arn:aws:iam::{HERE}:user/ada"
NOT_ADA = {"Effect": "Deny", "Action": "cloudtrail:StartQuery", "Resource": STORE}


def remarks(
    statement: dict[str, Any], version: str = "2012-10-17", kind: PolicyKind = PolicyKind.IDENTITY
) -> tuple[Advice, ...]:
    return advise(parse_policy(json.dumps({"Version": version, "Statement": statement}), kind))


REMARKED = {
    "everything": ({**QUERY, "Action": "*"}, "Statement", "everything"),
    "a channel that cannot be queried": ({**QUERY, "Resource": CHANNEL}, "Statement.Resource", "eventdatastore"),
    "an ARN for an action about no resource": (
        {**QUERY, "Action": "cloudtrail:LookupEvents", "Resource": STORE},
        "Statement.Resource",
        "needs *",
    ),
    "ForAllValues that allows": (
        {**QUERY, "Condition": {"ForAllValues:StringEquals": {"aws:TagKeys": "team"}}},
        "Statement.Condition",
        "aws:TagKeys at all",
    ),
}


@pytest.mark.parametrize("name", REMARKED)
def test_what_may_not_be_meant_is_remarked(name: str) -> None:
    statement, place, says = REMARKED[name]

    (remark,) = remarks(statement)

    assert remark.place == place
    assert says in remark.text


@pytest.mark.parametrize(
    "statement",
    [
        QUERY,
        {**QUERY, "Resource": [CHANNEL, STORE]},
        {**QUERY, "Resource": "arn:aws:cloudtrail:*:*:*"},
        {**QUERY, "Effect": "Deny", "Action": "*"},
        {**QUERY, "Action": "*", "Condition": {"Bool": {"aws:SecureTransport": "true"}}},
        {**QUERY, "Action": "cloudtrail:Get*", "Resource": CHANNEL},
        {**QUERY, "Effect": "Deny", "Condition": {"ForAllValues:StringEquals": {"aws:TagKeys": "team"}}},
    ],
)
def test_what_is_meant_is_not_remarked(statement: dict[str, Any]) -> None:
    assert remarks(statement) == ()


def test_variables_in_an_old_version_are_remarked() -> None:
    (remark,) = remarks({**QUERY, "Resource": "arn:aws:cloudtrail:*:*:eventdatastore/${aws:username}"}, "2008-10-17")

    assert "is text in Version 2008-10-17" in remark.text


def test_a_user_who_is_not_left_out_is_remarked() -> None:
    kind = PolicyKind.EVENT_DATA_STORE
    (remark,) = remarks({**NOT_ADA, "NotPrincipal": {"AWS": [ADA, THERE]}}, kind=kind)

    assert remark.text.startswith(f"{ADA} is denied too")
    assert remarks({**NOT_ADA, "NotPrincipal": {"AWS": [ADA, HERE]}}, kind=kind) == ()


def test_of_the_managed_policies_only_that_of_administrators_is_remarked() -> None:
    remarked = {name for name, text in MANAGED.items() if advise(parse_policy(text, PolicyKind.IDENTITY))}

    assert remarked == {"AdministratorAccess"}
