"""Policies in plain words."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.access.policies import DASHBOARD, HERE, ROLE, STORE, THERE, a_policy, root, user
from trailmere.access.evaluate import Question, judge
from trailmere.access.managed import MANAGED
from trailmere.access.policies import PolicyKind, parse_policy
from trailmere.access.wording import reason, sentences

IDENTITY, EDS = PolicyKind.IDENTITY, PolicyKind.EVENT_DATA_STORE
SAID = (
    (
        IDENTITY,
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        "Allows all actions on all resources.",
    ),
    (
        IDENTITY,
        {"Effect": "Deny", "NotAction": ["cloudtrail:Get*", "cloudtrail:List*"], "NotResource": STORE},
        f"Denies all actions but cloudtrail:Get* and cloudtrail:List* on all resources but {STORE}.",
    ),
    (
        IDENTITY,
        {
            "Effect": "Allow",
            "Action": "cloudtrail:StartQuery",
            "Resource": "*",
            "Condition": {
                "IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "192.0.2.1"]},
                "Bool": {"aws:SecureTransport": True},
            },
        },
        'Allows cloudtrail:StartQuery on all resources, if the address that the call came from is in "10.0.0.0/8" or '
        '"192.0.2.1" and it is true that the call came over TLS.',
    ),
    (
        IDENTITY,
        {
            "Effect": "Deny",
            "Action": "cloudtrail:AddTags",
            "Resource": "*",
            "Condition": {
                "ForAnyValue:StringNotEquals": {"aws:TagKeys": "team"},
                "StringEqualsIfExists": {"aws:ResourceTag/team": "ir"},
                "Null": {"aws:username": "true"},
                "DateLessThan": {"aws:CurrentTime": "2026-01-01"},
            },
        },
        "Denies cloudtrail:AddTags on all resources, if any value of the keys of the tags that the call names is not "
        '"team" and a tag of the resource (team) is "ir" where that is known and the call does not tell the name of '
        'the user who asks and the time of the call is less than "2026-01-01".',
    ),
    (
        EDS,
        {
            "Effect": "Allow",
            "Principal": {"AWS": [THERE, f"arn:aws:iam::{HERE}:user/ada", ROLE]},
            "Action": "cloudtrail:GetQueryResults",
            "Resource": STORE,
        },
        f"Allows account {THERE}, user ada of account {HERE} and role reader of account {HERE} to do "
        "cloudtrail:GetQueryResults on this event data store.",
    ),
    (
        EDS,
        {"Effect": "Deny", "NotPrincipal": {"AWS": HERE}, "Action": "cloudtrail:StartQuery", "Resource": STORE},
        f"Denies everybody but account {HERE} to do cloudtrail:StartQuery on this event data store.",
    ),
    (
        PolicyKind.DASHBOARD,
        {
            "Effect": "Allow",
            "Principal": {"Service": "cloudtrail.amazonaws.com"},
            "Action": "cloudtrail:StartDashboardRefresh",
            "Resource": DASHBOARD,
        },
        "Allows CloudTrail itself to do cloudtrail:StartDashboardRefresh on this dashboard.",
    ),
)


@pytest.mark.parametrize(("kind", "statement", "said"), SAID, ids=range(len(SAID)))
def test_a_statement_is_said_in_one_sentence(kind: PolicyKind, statement: dict[str, object], said: str) -> None:
    policy = parse_policy(json.dumps({"Version": "2012-10-17", "Statement": statement}), kind)

    assert sentences(policy) == (said,)


@given(st.integers(), st.sampled_from(PolicyKind))
def test_every_policy_can_be_said(seed: int, kind: PolicyKind) -> None:
    policy = parse_policy(a_policy(random.Random(seed), kind), kind)

    said = sentences(policy)

    assert len(said) == len(policy.statements)
    assert all(one.startswith(("Allows ", "Denies ")) and one.endswith(".") for one in said)


def test_why_something_is_allowed_or_denied_is_said() -> None:
    reading = parse_policy(MANAGED["AWSCloudTrail_ReadOnlyAccess"], IDENTITY)
    denying = parse_policy('{"Statement": {"Sid": "No", "Effect": "Deny", "Action": "*", "Resource": "*"}}', IDENTITY)
    asked = Question(user(HERE, "ada"), "cloudtrail:GetTrail", "*")

    assert reason(judge(asked, [reading])).startswith("Allowed by Statement[0] of the identity-based policy: Allows ")
    assert reason(judge(asked, [reading, denying])).startswith(
        "Denied by Statement (No) of the identity-based policy: "
    )
    assert reason(judge(asked, [])) == "Denied because no identity-based policy allows it."
    assert reason(judge(Question(root(HERE), "cloudtrail:GetTrail"), [])).startswith("Allowed because the root")
