"""What may stand in a policy, and what is refused, with its place."""

from __future__ import annotations

import contextlib
import json
import random
import time
from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.access.policies import CHANNEL, DASHBOARD, HERE, ROLE, STORE, a_policy, user
from trailmere.access.actions import COVERED_BY, READ_STORE, actions
from trailmere.access.condition_keys import KEYS
from trailmere.access.evaluate import Decision, Question, decide
from trailmere.access.managed import MANAGED
from trailmere.access.patterns import read
from trailmere.access.policies import PolicyKind, parse_policy
from trailmere.errors import MalformedPolicy

VALID: dict[str, Any] = {"Effect": "Allow", "Action": "cloudtrail:StartQuery", "Resource": "*"}
NAMED: dict[str, Any] = {"Principal": {"AWS": HERE}}
SERVICE: dict[str, Any] = {"Principal": {"Service": "cloudtrail.amazonaws.com"}}


def statement(**members: Any) -> dict[str, Any]:
    """A valid statement of an identity policy with these members; those that are None are left out."""
    return {"Version": "2012-10-17", "Statement": [left(VALID | members)]}


def condition(operator: str, key: str, value: Any) -> dict[str, Any]:
    return statement(Condition={operator: {key: value}})


def of_store(**members: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": left(VALID | NAMED | {"Resource": STORE} | members)}


def of_channel(**members: Any) -> dict[str, Any]:
    put = {"Action": "cloudtrail-data:PutAuditEvents", "Resource": CHANNEL}
    return {"Version": "2012-10-17", "Statement": [left(VALID | NAMED | put | members)]}


def of_dashboard(**members: Any) -> dict[str, Any]:
    refresh = {"Action": "cloudtrail:StartDashboardRefresh", "Resource": DASHBOARD}
    return {"Version": "2012-10-17", "Statement": [left(VALID | SERVICE | refresh | members)]}


def of_role(**members: Any) -> dict[str, Any]:
    return {"Statement": [left({"Effect": "Allow", "Action": "sts:AssumeRole"} | NAMED | members)]}


def left(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


@dataclass(frozen=True)
class Refused:
    """A policy, the place of its fault, and a word of what is said."""

    name: str
    policy: Any
    place: str | None
    says: str
    kind: PolicyKind = PolicyKind.IDENTITY


TRUST, EDS = PolicyKind.TRUST, PolicyKind.EVENT_DATA_STORE
REFUSED = (
    Refused("no JSON", "{", "line 1, column 2", "expected JSON"),
    Refused("empty text", "", "line 1, column 1", "expected JSON"),
    Refused("no object", "[]", None, "JSON object"),
    Refused("a member twice", '{"Statement": {"Effect": "Allow", "Effect": "Deny"}}', None, "'Effect' again"),
    Refused("NaN", '{"Statement": NaN}', None, "no JSON number"),
    Refused("half of a surrogate pair", '{"Statement": {"Sid": "\\ud800"}}', None, "surrogate"),
    Refused("depth", statement(Resource=[[[[[[[["*"]]]]]]]]), None, "nested"),
    Refused("an unknown member", {"Statement": [VALID], "Statements": []}, None, "'Statements'"),
    Refused("an unknown version", {"Version": "2021-01-01", "Statement": [VALID]}, "Version", "2012-10-17"),
    Refused("an Id that is no text", {"Id": [], "Statement": [VALID]}, "Id", "text"),
    Refused("no statement", {"Version": "2012-10-17"}, "Statement", "got nothing"),
    Refused("no statements", {"Statement": []}, "Statement", "at least one"),
    Refused("a statement that is none", {"Statement": ["Allow"]}, "Statement[0]", "JSON object"),
    Refused("an unknown member of a statement", statement(Actions="*"), "Statement[0]", "'Actions'"),
    Refused("members in another case", statement(action="*"), "Statement[0]", "'action'"),
    Refused("a Sid with spaces", statement(Sid="a b"), "Statement[0].Sid", "letters and digits"),
    Refused(
        "a Sid twice", {"Statement": [{**VALID, "Sid": "a"}, {**VALID, "Sid": "a"}]}, "Statement[1].Sid", "a again"
    ),
    Refused("no effect", statement(Effect=None), "Statement[0].Effect", "Allow or Deny"),
    Refused("an effect in another case", statement(Effect="allow"), "Statement[0].Effect", "'allow'"),
    Refused("a principal where the policy is an identity's", statement(**NAMED), "Statement[0].Principal", "belong"),
    Refused("no action", statement(Action=None), "Statement[0]", "neither"),
    Refused("both actions", statement(NotAction="*"), "Statement[0]", "both"),
    Refused("an empty list", statement(Action=[]), "Statement[0].Action", "list of 0"),
    Refused("a number as action", statement(Action=[1]), "Statement[0].Action", "without quotes"),
    Refused(
        "a misspelled action",
        statement(Action="cloudtrail:StartQeury"),
        "Statement[0].Action",
        "do you mean cloudtrail:StartQuery",
    ),
    Refused("wildcards that fit no action", statement(Action="cloudtrail:Xyz*"), "Statement[0].Action", "no action"),
    Refused("another service", statement(Action="s3:GetObject"), "Statement[0].Action", "other services"),
    Refused("no resource", statement(Resource=None), "Statement[0]", "neither"),
    Refused("a resource that is no ARN", statement(Resource="audit"), "Statement[0].Resource", "arn:partition:service"),
    Refused(
        "an ARN that is cut",
        statement(Resource="arn:aws:cloudtrail:*"),
        "Statement[0].Resource",
        "arn:partition:service",
    ),
    Refused(
        "an ARN of another service",
        statement(Resource="arn:aws:s3:::logs"),
        "Statement[0].Resource",
        "cloudtrail or iam",
    ),
    Refused(
        "a wildcard as service", statement(Resource="arn:aws:*:*:*:*"), "Statement[0].Resource", "cloudtrail or iam"
    ),
    Refused(
        "an unknown variable",
        statement(Resource="arn:aws:cloudtrail:*:*:trail/${aws:user}"),
        "Statement[0].Resource",
        "do you mean ${aws:userid}",
    ),
    Refused(
        "a variable that is not closed",
        statement(Resource="arn:aws:cloudtrail:*:*:trail/${aws:username"),
        "Statement[0].Resource",
        "expected ${key}",
    ),
    Refused(
        "a variable of several values",
        statement(Resource="arn:aws:cloudtrail:*:*:trail/${aws:TagKeys}"),
        "Statement[0].Resource",
        "no call tells",
    ),
    Refused(
        "an unknown operator", condition("StringIs", "aws:username", "a"), "Statement[0].Condition", "StringEquals"
    ),
    Refused(
        "an unknown quantifier",
        condition("ForSomeValues:StringEquals", "aws:TagKeys", "a"),
        "Statement[0].Condition",
        "ForAnyValue",
    ),
    Refused(
        "an unknown key",
        condition("StringEquals", "aws:PrincipalOrgID", "o-1"),
        "Statement[0].Condition.StringEquals.aws:PrincipalOrgID",
        "no call tells",
    ),
    Refused(
        "a tag key without a tag",
        condition("StringEquals", "aws:RequestTag/", "a"),
        "Statement[0].Condition.StringEquals.aws:RequestTag/",
        "no call tells",
    ),
    Refused(
        "a key under an operator that cannot compare it",
        condition("StringEquals", "aws:SourceIp", "203.0.113.7"),
        "Statement[0].Condition.StringEquals.aws:SourceIp",
        "IpAddress",
    ),
    Refused(
        "several values without a quantifier",
        condition("StringEquals", "aws:TagKeys", "a"),
        "Statement[0].Condition.StringEquals.aws:TagKeys",
        "ForAnyValue",
    ),
    Refused(
        "no address",
        condition("IpAddress", "aws:SourceIp", "203.0.113"),
        "Statement[0].Condition.IpAddress.aws:SourceIp",
        "IP address",
    ),
    Refused(
        "no number",
        condition("NumericLessThan", "aws:EpochTime", "2026-01-01"),
        "Statement[0].Condition.NumericLessThan.aws:EpochTime",
        "a number",
    ),
    Refused(
        "no time",
        condition("DateLessThan", "aws:CurrentTime", "tomorrow"),
        "Statement[0].Condition.DateLessThan.aws:CurrentTime",
        "a time",
    ),
    Refused(
        "a time without its zone",
        condition("DateLessThan", "aws:CurrentTime", "2026-01-01T00:00:00"),
        "Statement[0].Condition.DateLessThan.aws:CurrentTime",
        "a time",
    ),
    Refused(
        "neither true nor false",
        condition("Bool", "aws:SecureTransport", "yes"),
        "Statement[0].Condition.Bool.aws:SecureTransport",
        "true or false",
    ),
    Refused(
        "no base64",
        condition("BinaryEquals", "aws:username", "?"),
        "Statement[0].Condition.BinaryEquals.aws:username",
        "base64",
    ),
    Refused(
        "no ARN pattern",
        condition("ArnLike", "aws:PrincipalArn", "role/*"),
        "Statement[0].Condition.ArnLike.aws:PrincipalArn",
        "arn:partition",
    ),
    Refused(
        "IfExists of Null", condition("NullIfExists", "aws:username", "true"), "Statement[0].Condition", "adds nothing"
    ),
    Refused(
        "a quantifier of Null",
        condition("ForAnyValue:Null", "aws:TagKeys", "true"),
        "Statement[0].Condition",
        "nothing stands before",
    ),
    Refused("a condition that is no object", statement(Condition=[]), "Statement[0].Condition", "JSON object"),
    Refused(
        "an operator without keys", statement(Condition={"Bool": "true"}), "Statement[0].Condition.Bool", "JSON object"
    ),
    Refused("no principal", of_store(Principal=None), "Statement", "neither", EDS),
    Refused("no principals", of_store(Principal={}), "Statement.Principal", "got none", EDS),
    Refused(
        "a federated principal", of_store(Principal={"Federated": "x"}), "Statement.Principal", "AWS or Service", EDS
    ),
    Refused(
        "a principal that is no ARN",
        of_store(Principal={"AWS": "ada"}),
        "Statement.Principal.AWS",
        "id of an account",
        EDS,
    ),
    Refused(
        "a principal with wildcards",
        of_store(Principal={"AWS": f"arn:aws:iam::{HERE}:user/*"}),
        "Statement.Principal.AWS",
        "without wildcards",
        EDS,
    ),
    Refused(
        "an unknown service",
        of_store(Principal={"Service": "ec2.amazonaws.com"}),
        "Statement.Principal.Service",
        "cloudtrail.amazonaws.com",
        EDS,
    ),
    Refused(
        "NotPrincipal that allows",
        of_store(Principal=None, NotPrincipal={"AWS": HERE}),
        "Statement.NotPrincipal",
        "Deny only",
        EDS,
    ),
    Refused(
        "NotPrincipal of everybody",
        of_store(Effect="Deny", Principal=None, NotPrincipal="*"),
        "Statement.NotPrincipal",
        "nobody is left",
        EDS,
    ),
    Refused(
        "an action that a store's policy may not name",
        of_store(Action="cloudtrail:DeleteEventDataStore"),
        "Statement.Action",
        "may name",
        EDS,
    ),
    Refused(
        "wildcards as action of a store's policy", of_store(Action="cloudtrail:*"), "Statement.Action", "may name", EDS
    ),
    Refused(
        "NotAction in a store's policy",
        of_store(Action=None, NotAction="cloudtrail:StartQuery"),
        "Statement.NotAction",
        "names its actions",
        EDS,
    ),
    Refused(
        "another kind of resource in a store's policy",
        of_store(Resource=CHANNEL),
        "Statement.Resource",
        "eventdatastore/...",
        EDS,
    ),
    Refused(
        "all resources in a store's policy", of_store(Resource="*"), "Statement.Resource", "eventdatastore/...", EDS
    ),
    Refused(
        "NotResource in a store's policy",
        of_store(Resource=None, NotResource=STORE),
        "Statement.NotResource",
        "names its resource",
        EDS,
    ),
    Refused(
        "another action for the service",
        of_store(**SERVICE, Action="cloudtrail:GetQueryResults"),
        "Statement.Action",
        "cloudtrail:StartQuery alone",
        EDS,
    ),
    Refused(
        "another condition for the service",
        of_store(**SERVICE, Condition={"Null": {"aws:username": "true"}}),
        "Statement.Condition.Null",
        "aws:SourceArn",
        EDS,
    ),
    Refused(
        "the service and others",
        of_store(Principal={"Service": "cloudtrail.amazonaws.com", "AWS": HERE}),
        "Statement.Principal",
        "alone",
        EDS,
    ),
    Refused(
        "another action of a channel",
        of_channel(Action="cloudtrail:GetChannel"),
        "Statement[0].Action",
        "PutAuditEvents",
        PolicyKind.CHANNEL,
    ),
    Refused(
        "the service for a channel", of_channel(**SERVICE), "Statement[0].Principal", "account", PolicyKind.CHANNEL
    ),
    Refused(
        "51 principals",
        of_channel(Principal={"AWS": [f"{n:012}" for n in range(51)]}),
        "Statement[0].Principal",
        "at most 50",
        PolicyKind.CHANNEL,
    ),
    Refused("21 statements", {"Statement": of_channel()["Statement"] * 21}, "Statement", "1 to 20", PolicyKind.CHANNEL),
    Refused(
        "a user who refreshes a dashboard",
        of_dashboard(**NAMED),
        "Statement[0].Action",
        "GetDashboard alone",
        PolicyKind.DASHBOARD,
    ),
    Refused(
        "a dashboard that everybody may see",
        of_dashboard(Principal="*", Action="cloudtrail:GetDashboard"),
        "Statement[0].Principal",
        "got *",
        PolicyKind.DASHBOARD,
    ),
    Refused(
        "another action of a dashboard",
        of_dashboard(Action="cloudtrail:GetDashboard"),
        "Statement[0].Action",
        "StartDashboardRefresh alone",
        PolicyKind.DASHBOARD,
    ),
    Refused("a resource of a trust policy", of_role(Resource="*"), "Statement[0].Resource", "its own role", TRUST),
    Refused(
        "another action of a trust policy",
        of_role(Action="sts:GetCallerIdentity"),
        "Statement[0].Action",
        "sts:AssumeRole",
        TRUST,
    ),
    Refused("a service in a trust policy", of_role(**SERVICE), "Statement[0].Principal", "session", TRUST),
)


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.name)
def test_what_is_not_understood_is_refused_with_its_place(case: Refused) -> None:
    text = case.policy if isinstance(case.policy, str) else json.dumps(case.policy)

    with pytest.raises(MalformedPolicy) as refused:
        parse_policy(text, case.kind)

    assert case.place == refused.value.place
    assert case.says in refused.value.message


ACCEPTED = {
    "all that a policy may be without": (PolicyKind.IDENTITY, {"Statement": VALID}),
    "an Id": (PolicyKind.IDENTITY, {"Id": "any text at all", "Statement": [VALID]}),
    "an empty Sid, twice": (PolicyKind.IDENTITY, {"Statement": [{**VALID, "Sid": ""}, {**VALID, "Sid": ""}]}),
    "scalars without quotes": (PolicyKind.IDENTITY, condition("Bool", "aws:SecureTransport", [True, "false"])),
    "an empty Condition": (PolicyKind.IDENTITY, statement(Condition={})),
    "a store's policy for other accounts": (EDS, of_store(Principal={"AWS": [f"arn:aws:iam::{HERE}:root", HERE]})),
    "a store's policy for dashboards": (
        EDS,
        of_store(
            **SERVICE,
            Resource=DASHBOARD.rpartition("/")[0] + "/*",
            Condition={"StringLike": {"AWS:SourceArn": [DASHBOARD], "AWS:SourceAccount": HERE}},
        ),
    ),
    "a channel's policy with an external id": (
        PolicyKind.CHANNEL,
        of_channel(Condition={"StringEquals": {"cloudtrail:ExternalId": "partner-7"}}),
    ),
    "20 statements of a channel": (
        PolicyKind.CHANNEL,
        {"Statement": of_channel(Principal={"AWS": HERE})["Statement"] * 20},
    ),
    "a dashboard's policy": (
        PolicyKind.DASHBOARD,
        of_dashboard(Condition={"StringEquals": {"AWS:SourceArn": DASHBOARD, "AWS:SourceAccount": HERE}}),
    ),
    "a trust policy with an external id": (TRUST, of_role(Condition={"StringEquals": {"sts:ExternalId": "x"}})),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_what_aws_documents_is_accepted(name: str) -> None:
    kind, policy = ACCEPTED[name]

    assert parse_policy(json.dumps(policy), kind).kind is kind


@pytest.mark.parametrize("name", MANAGED)
def test_managed_policies_are_policies(name: str) -> None:
    assert parse_policy(MANAGED[name], PolicyKind.IDENTITY).statements


@pytest.mark.parametrize(
    ("name", "action", "expected"),
    [
        ("AdministratorAccess", "cloudtrail-data:PutAuditEvents", Decision.ALLOW),
        ("AWSCloudTrail_FullAccess", "cloudtrail:DeleteEventDataStore", Decision.ALLOW),
        ("AWSCloudTrail_FullAccess", "cloudtrail-data:PutAuditEvents", Decision.IMPLICIT_DENY),
        ("AWSCloudTrail_ReadOnlyAccess", "cloudtrail:GetQueryResults", Decision.ALLOW),
        ("AWSCloudTrail_ReadOnlyAccess", "cloudtrail:LookupEvents", Decision.ALLOW),
        ("AWSCloudTrail_ReadOnlyAccess", "cloudtrail:StartQuery", Decision.IMPLICIT_DENY),
    ],
)
def test_managed_policies_allow_what_their_names_say(name: str, action: str, expected: Decision) -> None:
    policy = parse_policy(MANAGED[name], PolicyKind.IDENTITY)

    assert expected is decide(Question(user(HERE, "ada"), action, STORE), [policy])


def test_every_operation_of_the_service_models_is_an_action_or_covered_by_one() -> None:
    from botocore.session import get_session

    session = get_session()
    operations = {
        f"{service}:{name}"
        for service in ("cloudtrail", "cloudtrail-data")
        for name in session.get_service_model(service).operation_names
    }

    assert operations <= {*actions(), *COVERED_BY}
    assert {*READ_STORE, *COVERED_BY.values()} <= set(actions())


def test_actions_that_only_list_are_about_no_resource_and_all_others_about_some() -> None:
    without = {name for name, kinds in actions().items() if not kinds}

    assert {"cloudtrail:ListEventDataStores", "cloudtrail:LookupEvents", "cloudtrail:StartImport"} <= without
    assert not {name for name in without if name.startswith(("cloudtrail:Delete", "cloudtrail:Update"))}


@given(st.integers())
def test_what_is_read_once_is_read_alike_again(seed: int) -> None:
    text = a_policy(random.Random(seed), PolicyKind.IDENTITY)

    assert parse_policy(text, PolicyKind.IDENTITY) is parse_policy(text, PolicyKind.IDENTITY)


@given(st.text(), st.sampled_from(PolicyKind))
def test_any_text_is_a_policy_or_refused(text: str, kind: PolicyKind) -> None:
    with pytest.raises(MalformedPolicy):
        parse_policy(text, kind)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False) | st.sampled_from(["*", "Allow", HERE, STORE, ROLE]),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from([*VALID, "Principal", "Condition", "Bool", "AWS"]), inner, max_size=4)
        ),
    ),
    st.sampled_from(PolicyKind),
)
def test_any_json_is_a_policy_or_refused(statement: Any, kind: PolicyKind) -> None:
    with contextlib.suppress(MalformedPolicy):
        assert parse_policy(json.dumps({"Statement": statement}), kind).statements


HOSTILE = {
    "brackets": "[" * 100_000,
    "brackets within the length": "[" * 10_000,
    "objects": '{"Statement":' * 700,
    "a megabyte of text": json.dumps(statement(Sid="a" * 1_000_000)),
    "a megabyte of digits": '{"Statement": ' + "9" * 1_000_000 + "}",
    "digits within the length": '{"Statement": ' + "9" * 10_000 + "}",
    "an exponent": json.dumps(condition("DateLessThan", "aws:CurrentTime", "9" * 9_000)),
    "many variables": json.dumps(statement(Resource="arn:aws:cloudtrail:*:*:" + "${" * 4_000)),
    "a variable that never ends": json.dumps(statement(Resource="arn:aws:cloudtrail:*:*:${" + " " * 9_000)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_refused_at_once(name: str) -> None:
    began = time.process_time()

    with pytest.raises(MalformedPolicy):
        parse_policy(HOSTILE[name], PolicyKind.IDENTITY)

    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    ("pattern", "value"),
    [
        ("*a" * 4_000 + "b", "a" * 8_000),
        ("*?a" * 3_000 + "b", "a" * 8_000),
        ("?" * 4_000 + "*" + "?" * 4_000 + "b", "a" * 8_000),
        ("*" * 8_000 + "b", "a" * 8_000),
        ("*" + "a?" * 2_000 + "b*", "a" * 8_000),
    ],
)
def test_no_wildcards_make_a_pattern_slow(pattern: str, value: str) -> None:
    began = time.process_time()

    assert not read(pattern, variables=False).matches(value, {})

    assert time.process_time() - began < 2


def tried(pattern: str, value: str) -> bool:
    """Whether wildcards match, by trying everything."""
    if not pattern:
        return not value
    if pattern[0] == "*":
        return tried(pattern[1:], value) or (bool(value) and tried(pattern, value[1:]))
    return bool(value) and pattern[0] in ("?", value[0]) and tried(pattern[1:], value[1:])


def test_wildcards_of_all_short_patterns_match_as_by_trying_everything() -> None:
    patterns = ["".join(letters) for length in range(6) for letters in product("ab*?", repeat=length)]
    values = ["".join(letters) for length in range(5) for letters in product("ab", repeat=length)]
    wrong = [
        (pattern, value)
        for pattern in patterns
        for found in [read(pattern, variables=False)]
        for value in values
        if found.matches(value, {}) is not tried(pattern, value)
    ]

    assert wrong == []


@given(st.text("ab*?", max_size=12), st.text("ab", max_size=12))
def test_wildcards_of_long_patterns_match_as_by_trying_everything(pattern: str, value: str) -> None:
    assert tried(pattern, value) is read(pattern, variables=False).matches(value, {})


def test_every_key_of_the_table_says_what_it_means() -> None:
    assert all(key.meaning for key in KEYS.values())
