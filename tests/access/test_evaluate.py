"""How a decision is made: each rule of AWS's evaluation logic as a case with a name."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.access.policies import (
    CHANNEL,
    DASHBOARD,
    HERE,
    IDENTITIES,
    ROLE,
    SERVICE_ITSELF,
    STORE,
    THERE,
    a_policy,
    compare,
    root,
    session,
    some_case,
    user,
)
from trailmere.access.evaluate import Decision, Question, Source, decide, judge
from trailmere.access.policies import PolicyKind, parse_policy
from trailmere.access.records import Identity, Kind

QUERY = "cloudtrail:StartQuery"
ASSUME = "sts:AssumeRole"
ADA = user(HERE, "ada")
ABROAD = user(THERE, "ada")
DAY = session(HERE, "day")
NIGHT = session(HERE, "night")
ALLOW, DENY, NOTHING = Decision.ALLOW, Decision.EXPLICIT_DENY, Decision.IMPLICIT_DENY


def allowing(*actions: str, resource: Any = "*", **members: Any) -> str:
    return policy({"Effect": "Allow", "Action": list(actions) or "*", "Resource": resource, **members})


def denying(*actions: str, resource: Any = "*", **members: Any) -> str:
    return policy({"Effect": "Deny", "Action": list(actions) or "*", "Resource": resource, **members})


def of_store(effect: str, principal: Any, **members: Any) -> str:
    return policy({"Effect": effect, "Principal": principal, "Action": QUERY, "Resource": STORE, **members})


def of_role(effect: str, principal: Any, **members: Any) -> str:
    return policy({"Effect": effect, "Principal": principal, "Action": ASSUME, **members})


def policy(*statements: dict[str, Any], version: str = "2012-10-17") -> str:
    return json.dumps({"Version": version, "Statement": list(statements)})


@dataclass(frozen=True)
class Case:
    """``who`` asks for ``action`` on ``resource``; ``expected`` comes of it."""

    name: str
    expected: Decision
    who: Identity = ADA
    own: tuple[str, ...] = ()
    of_resource: str | None = None
    of_session: str | None = None
    action: str = QUERY
    resource: str = STORE
    kind: PolicyKind = PolicyKind.EVENT_DATA_STORE
    context: tuple[tuple[str, str], ...] = ()


NAMED = {"AWS": ADA.arn}
ACCOUNT = {"AWS": HERE}
CASES = (
    Case("without any policy nothing is allowed", NOTHING),
    Case("an identity policy allows", ALLOW, own=(allowing(QUERY),)),
    Case("one of several identity policies is enough", ALLOW, own=(allowing("cloudtrail:GetTrail"), allowing(QUERY))),
    Case("an Allow of another action does not help", NOTHING, own=(allowing("cloudtrail:GetQueryResults"),)),
    Case("an Allow on another resource does not help", NOTHING, own=(allowing(QUERY, resource=CHANNEL),)),
    Case("a Deny wins over an Allow of the same policy", DENY, own=(allowing(), denying(QUERY))),
    Case("a Deny wins wherever it stands", DENY, own=(allowing(),), of_resource=of_store("Deny", NAMED)),
    Case("a Deny of the session policy wins", DENY, DAY, (allowing(),), of_session=denying(QUERY)),
    Case("a Deny of another action is none", ALLOW, own=(allowing(), denying("cloudtrail:Delete*"))),
    Case("actions count without their case", ALLOW, own=(allowing("CLOUDTRAIL:startquery"),)),
    Case(
        "NotAction is about all other actions",
        ALLOW,
        own=(policy({"Effect": "Allow", "NotAction": "cloudtrail:Delete*", "Resource": "*"}),),
    ),
    Case(
        "NotAction is not about those it names",
        NOTHING,
        own=(policy({"Effect": "Allow", "NotAction": QUERY, "Resource": "*"}),),
    ),
    Case(
        "NotResource is about all other resources",
        ALLOW,
        own=(policy({"Effect": "Allow", "Action": QUERY, "NotResource": CHANNEL}),),
    ),
    Case(
        "NotResource is not about those it names",
        NOTHING,
        own=(policy({"Effect": "Allow", "Action": QUERY, "NotResource": STORE}),),
    ),
    Case(
        "an action on no resource needs *",
        ALLOW,
        own=(allowing("cloudtrail:LookupEvents"),),
        action="cloudtrail:LookupEvents",
        resource="*",
    ),
    Case(
        "an ARN is not enough for an action on no resource",
        NOTHING,
        own=(allowing("cloudtrail:LookupEvents", resource=STORE),),
        action="cloudtrail:LookupEvents",
        resource="*",
    ),
    Case(
        "an asterisk in an ARN does not reach across a colon",
        NOTHING,
        own=(allowing(QUERY, resource="arn:aws:cloudtrail:*:eventdatastore/aaaa-1111:x"),),
    ),
    Case(
        "a colon in the resource is part of it",
        ALLOW,
        own=(allowing(QUERY, resource="arn:aws:cloudtrail:*:*:eventdatastore/a:?"),),
        resource=f"arn:aws:cloudtrail:eu-central-1:{HERE}:eventdatastore/a:b",
    ),
    Case(
        "an asterisk in the resource reaches across slashes",
        ALLOW,
        own=(allowing(QUERY, resource="arn:aws:cloudtrail:*:*:event*"),),
    ),
    Case("root needs no policy in its own account", ALLOW, root(HERE)),
    Case("root is denied by the policy of a resource", DENY, root(HERE), of_resource=of_store("Deny", {"AWS": HERE})),
    Case("root has no power in another account", NOTHING, root(THERE)),
    Case(
        "root of another account is let in by the policy of the resource",
        ALLOW,
        root(THERE),
        of_resource=of_store("Allow", {"AWS": THERE}),
    ),
    Case(
        "the policy of a resource that names the user is enough in one account",
        ALLOW,
        of_resource=of_store("Allow", NAMED),
    ),
    Case(
        "the policy of a resource that names the account leaves it to the account",
        NOTHING,
        of_resource=of_store("Allow", ACCOUNT),
    ),
    Case(
        "what the account is given, an identity policy has to give",
        ALLOW,
        own=(allowing(QUERY),),
        of_resource=of_store("Allow", ACCOUNT),
    ),
    Case(
        "the policy of a resource that names everybody is enough in one account",
        ALLOW,
        of_resource=of_store("Allow", "*"),
    ),
    Case(
        "the policy of a resource takes nothing by allowing others",
        ALLOW,
        own=(allowing(QUERY),),
        of_resource=of_store("Allow", {"AWS": THERE}),
    ),
    Case("a role that is named lets its sessions in", ALLOW, DAY, of_resource=of_store("Allow", {"AWS": ROLE})),
    Case(
        "a role that is named does not widen a session policy",
        NOTHING,
        DAY,
        of_resource=of_store("Allow", {"AWS": ROLE}),
        of_session=allowing("cloudtrail:GetTrail"),
    ),
    Case(
        "a session that is named is not held by its session policy",
        ALLOW,
        DAY,
        of_resource=of_store("Allow", {"AWS": DAY.arn}),
        of_session=allowing("cloudtrail:GetTrail"),
    ),
    Case(
        "another session of the role is not the one that is named",
        NOTHING,
        NIGHT,
        of_resource=of_store("Allow", {"AWS": DAY.arn}),
    ),
    Case(
        "everybody does not widen a session policy",
        NOTHING,
        DAY,
        of_resource=of_store("Allow", "*"),
        of_session=allowing("cloudtrail:GetTrail"),
    ),
    Case(
        "a session may do what both its role and its session policy allow",
        ALLOW,
        DAY,
        (allowing("cloudtrail:*"),),
        of_session=allowing(QUERY),
    ),
    Case("a session policy gives nothing by itself", NOTHING, DAY, of_session=allowing()),
    Case("a session policy narrows", NOTHING, DAY, (allowing(),), of_session=allowing("cloudtrail:GetTrail")),
    Case("another account needs both sides: neither", NOTHING, ABROAD),
    Case("another account needs both sides: its own only", NOTHING, ABROAD, (allowing(),)),
    Case(
        "another account needs both sides: the resource's only",
        NOTHING,
        ABROAD,
        of_resource=of_store("Allow", {"AWS": ABROAD.arn}),
    ),
    Case(
        "another account needs both sides: both, by user",
        ALLOW,
        ABROAD,
        (allowing(QUERY),),
        of_store("Allow", {"AWS": ABROAD.arn}),
    ),
    Case(
        "another account needs both sides: both, by account",
        ALLOW,
        ABROAD,
        (allowing(QUERY),),
        of_store("Allow", {"AWS": THERE}),
    ),
    Case(
        "another account needs both sides: both, by everybody",
        ALLOW,
        ABROAD,
        (allowing(QUERY),),
        of_store("Allow", "*"),
    ),
    Case(
        "a session of another account is held by its session policy",
        NOTHING,
        session(THERE, "day"),
        (allowing(),),
        of_store("Allow", {"AWS": session(THERE, "day").arn}),
        of_session=allowing("cloudtrail:GetTrail"),
    ),
    Case(
        "a Deny of the account is about everybody in it", DENY, own=(allowing(),), of_resource=of_store("Deny", ACCOUNT)
    ),
    Case("a Deny of the role is about its sessions", DENY, DAY, (allowing(),), of_store("Deny", {"AWS": ROLE})),
    Case(
        "NotPrincipal denies who is not named",
        DENY,
        own=(allowing(),),
        of_resource=policy(
            {"Effect": "Deny", "NotPrincipal": {"AWS": [HERE, DAY.arn]}, "Action": QUERY, "Resource": STORE}
        ),
    ),
    Case(
        "NotPrincipal leaves a user out with its account",
        ALLOW,
        own=(allowing(),),
        of_resource=policy(
            {"Effect": "Deny", "NotPrincipal": {"AWS": [HERE, ADA.arn]}, "Action": QUERY, "Resource": STORE}
        ),
    ),
    Case(
        "NotPrincipal does not leave a user out without its account",
        DENY,
        own=(allowing(),),
        of_resource=policy({"Effect": "Deny", "NotPrincipal": NAMED, "Action": QUERY, "Resource": STORE}),
    ),
    Case(
        "NotPrincipal leaves a session out with role and account",
        ALLOW,
        DAY,
        (allowing(),),
        policy({"Effect": "Deny", "NotPrincipal": {"AWS": [HERE, ROLE, DAY.arn]}, "Action": QUERY, "Resource": STORE}),
    ),
    Case(
        "a role is assumed by a user that its trust policy names",
        ALLOW,
        of_resource=of_role("Allow", NAMED),
        action=ASSUME,
        resource=ROLE,
        kind=PolicyKind.TRUST,
    ),
    Case(
        "a role is not assumed by who may assume all, if it does not trust them",
        NOTHING,
        own=(allowing(),),
        of_resource=of_role("Allow", {"AWS": THERE}),
        action=ASSUME,
        resource=ROLE,
        kind=PolicyKind.TRUST,
    ),
    Case(
        "a role that trusts the account leaves it to the account",
        NOTHING,
        of_resource=of_role("Allow", ACCOUNT),
        action=ASSUME,
        resource=ROLE,
        kind=PolicyKind.TRUST,
    ),
    Case(
        "a role that trusts the account is assumed by who may",
        ALLOW,
        own=(allowing(ASSUME),),
        of_resource=of_role("Allow", ACCOUNT),
        action=ASSUME,
        resource=ROLE,
        kind=PolicyKind.TRUST,
    ),
    Case(
        "a role of another account needs both sides",
        NOTHING,
        ABROAD,
        of_resource=of_role("Allow", {"AWS": ABROAD.arn}),
        action=ASSUME,
        resource=ROLE,
        kind=PolicyKind.TRUST,
    ),
    Case("a service needs the policy of the resource", NOTHING, SERVICE_ITSELF),
    Case(
        "a service is let in by the policy of the resource",
        ALLOW,
        SERVICE_ITSELF,
        of_resource=of_store("Allow", {"Service": SERVICE_ITSELF.name}),
    ),
    Case(
        "a service that is let in is not everybody",
        NOTHING,
        of_resource=of_store("Allow", {"Service": SERVICE_ITSELF.name}),
    ),
    Case(
        "a service is let in for the dashboards that the policy names",
        ALLOW,
        SERVICE_ITSELF,
        of_resource=of_store(
            "Allow",
            {"Service": SERVICE_ITSELF.name},
            Resource=DASHBOARD,
            Condition={"StringLike": {"AWS:SourceArn": DASHBOARD}},
        ),
        context=(("aws:sourcearn", DASHBOARD),),
    ),
    Case(
        "a service is not let in for other dashboards",
        NOTHING,
        SERVICE_ITSELF,
        of_resource=of_store(
            "Allow",
            {"Service": SERVICE_ITSELF.name},
            Resource=DASHBOARD,
            Condition={"StringLike": {"AWS:SourceArn": DASHBOARD}},
        ),
        context=(("aws:sourcearn", DASHBOARD + "2"),),
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_decision_follows_the_rule(case: Case) -> None:
    question = Question(case.who, case.action, case.resource, {key: (value,) for key, value in case.context})

    found = decide(
        question,
        [parse_policy(text, PolicyKind.IDENTITY) for text in case.own],
        None if case.of_resource is None else parse_policy(case.of_resource, case.kind),
        None if case.of_session is None else parse_policy(case.of_session, PolicyKind.IDENTITY),
    )

    assert case.expected is found


@dataclass(frozen=True)
class When:
    """A condition, what the call tells, and whether it holds. ``None`` as told: the call does not have the key."""

    name: str
    condition: dict[str, Any]
    told: dict[str, str | tuple[str, ...]]
    holds: bool
    who: Identity = ADA


TEAM = "aws:ResourceTag/team"
CONDITIONS = (
    When("StringEquals compares letter by letter", {"StringEquals": {TEAM: "red"}}, {TEAM: "Red"}, False),
    When("StringEqualsIgnoreCase does not", {"StringEqualsIgnoreCase": {TEAM: "red"}}, {TEAM: "RED"}, True),
    When("StringEquals knows no wildcards", {"StringEquals": {TEAM: "r*"}}, {TEAM: "red"}, False),
    When("StringLike knows wildcards", {"StringLike": {TEAM: "r?d*"}}, {TEAM: "red"}, True),
    When("of several values one is enough", {"StringEquals": {TEAM: ["blue", "red"]}}, {TEAM: "red"}, True),
    When(
        "of several negated values none may be met", {"StringNotEquals": {TEAM: ["blue", "red"]}}, {TEAM: "red"}, False
    ),
    When(
        "all keys of an operator have to hold",
        {"StringEquals": {TEAM: "red", "aws:username": "bob"}},
        {TEAM: "red"},
        False,
    ),
    When("all operators have to hold", {"StringEquals": {TEAM: "red"}, "Null": {TEAM: "true"}}, {TEAM: "red"}, False),
    When("a key that the call lacks does not match", {"StringEquals": {TEAM: "red"}}, {}, False),
    When("a key that the call lacks matches a negated operator", {"StringNotEquals": {TEAM: "red"}}, {}, True),
    When("IfExists holds where the call lacks the key", {"StringEqualsIfExists": {TEAM: "red"}}, {}, True),
    When(
        "IfExists compares where the call has the key", {"StringEqualsIfExists": {TEAM: "red"}}, {TEAM: "blue"}, False
    ),
    When("Null true holds where the call lacks the key", {"Null": {TEAM: True}}, {}, True),
    When("Null false holds where the call has the key", {"Null": {TEAM: "false"}}, {TEAM: "red"}, True),
    When(
        "names of keys count without their case", {"StringEquals": {"AWS:resourcetag/TEAM": "red"}}, {TEAM: "red"}, True
    ),
    When(
        "ForAnyValue needs one of the call's values",
        {"ForAnyValue:StringEquals": {"aws:TagKeys": "a"}},
        {"aws:TagKeys": ("b", "a")},
        True,
    ),
    When(
        "ForAllValues needs all of the call's values",
        {"ForAllValues:StringEquals": {"aws:TagKeys": "a"}},
        {"aws:TagKeys": ("b", "a")},
        False,
    ),
    When("ForAllValues holds without any value", {"ForAllValues:StringEquals": {"aws:TagKeys": "a"}}, {}, True),
    When(
        "ForAnyValue does not hold without any value", {"ForAnyValue:StringNotEquals": {"aws:TagKeys": "a"}}, {}, False
    ),
    When(
        "ForAnyValue of a negated operator needs one that is different",
        {"ForAnyValue:StringNotEquals": {"aws:TagKeys": "a"}},
        {"aws:TagKeys": ("a", "b")},
        True,
    ),
    When(
        "ForAllValues of a negated operator needs all different",
        {"ForAllValues:StringNotEquals": {"aws:TagKeys": "a"}},
        {"aws:TagKeys": ("a", "b")},
        False,
    ),
    When(
        "an address lies in a network",
        {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
        {"aws:SourceIp": "203.0.113.77"},
        True,
    ),
    When(
        "an address lies outside of a network",
        {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
        {"aws:SourceIp": "198.51.100.1"},
        True,
    ),
    When(
        "an IPv4 address that came by IPv6 is itself",
        {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
        {"aws:SourceIp": "::ffff:203.0.113.7"},
        True,
    ),
    When(
        "all of IPv6 is not all of IPv4",
        {"IpAddress": {"aws:SourceIp": "::/0"}},
        {"aws:SourceIp": "203.0.113.7"},
        False,
    ),
    When(
        "times compare as moments",
        {"DateEquals": {"aws:CurrentTime": "2026-03-01T13:00:00+01:00"}},
        {"aws:CurrentTime": "2026-03-01T12:00:00Z"},
        True,
    ),
    When(
        "seconds since 1970 are a time",
        {"DateGreaterThan": {"aws:EpochTime": "2026-03-01T12:00:00Z"}},
        {"aws:EpochTime": "1772366401"},
        True,
    ),
    When(
        "a time is not before itself",
        {"DateLessThan": {"aws:CurrentTime": "2026-03-01T12:00:00Z"}},
        {"aws:CurrentTime": "2026-03-01T12:00:00Z"},
        False,
    ),
    When(
        "seconds since 1970 are a number too",
        {"NumericLessThan": {"aws:EpochTime": "1772366400.5"}},
        {"aws:EpochTime": "1772366400"},
        True,
    ),
    When(
        "numbers compare by their value",
        {"NumericEquals": {"aws:EpochTime": "17723664e2"}},
        {"aws:EpochTime": "1772366400"},
        True,
    ),
    When("true is true in any case", {"Bool": {"aws:SecureTransport": "TRUE"}}, {"aws:SecureTransport": "true"}, True),
    When("bytes compare by their base64", {"BinaryEquals": {TEAM: "cmVk"}}, {TEAM: "red"}, True),
    When(
        "ARNs compare part by part",
        {"ArnLike": {"aws:SourceArn": "arn:aws:cloudtrail:*:*:dashboard/*"}},
        {"aws:SourceArn": DASHBOARD},
        True,
    ),
    When(
        "ArnEquals knows wildcards too",
        {"ArnEquals": {"aws:SourceArn": "arn:aws:cloudtrail:*:*:dashboard/*"}},
        {"aws:SourceArn": DASHBOARD},
        True,
    ),
    When(
        "what is no ARN is like none",
        {"ArnLike": {"aws:SourceArn": "arn:aws:cloudtrail:*:*:*"}},
        {"aws:SourceArn": "dashboard/x"},
        False,
    ),
    When("a variable stands for what the call tells", {"StringEquals": {TEAM: "${aws:username}"}}, {TEAM: "ada"}, True),
    When(
        "what a variable stands for has no wildcards",
        {"StringLike": {TEAM: "${aws:RequestTag/id}"}},
        {TEAM: "red", "aws:RequestTag/id": "r*"},
        False,
    ),
    When(
        "a variable without value matches nothing",
        {"StringLike": {TEAM: "*${aws:RequestTag/id}"}},
        {TEAM: "red"},
        False,
    ),
    When(
        "a variable without value matches a negated operator",
        {"StringNotLike": {TEAM: "*${aws:RequestTag/id}"}},
        {TEAM: "red"},
        True,
    ),
    When(
        "a variable without value has its default",
        {"StringEquals": {TEAM: "${aws:RequestTag/id, 'red'}"}},
        {TEAM: "red"},
        True,
    ),
    When("an asterisk can be meant", {"StringLike": {TEAM: "r${*}d"}}, {TEAM: "r*d"}, True),
    When("an asterisk that is meant is no wildcard", {"StringLike": {TEAM: "r${*}d"}}, {TEAM: "red"}, False),
    When("a dollar can be meant", {"StringEquals": {TEAM: "${$}{aws:username}"}}, {TEAM: "${aws:username}"}, True),
    When("a user has a name", {"StringEquals": {"aws:username": "ada"}}, {}, True),
    When("a session has no user name", {"Null": {"aws:username": "true"}}, {}, True, DAY),
    When("the ARN of a session is that of its role", {"ArnEquals": {"aws:PrincipalArn": ROLE}}, {}, True, DAY),
    When("a session knows its second factor", {"Bool": {"aws:MultiFactorAuthPresent": True}}, {}, True, NIGHT),
    When(
        "a long-term key knows of no second factor", {"BoolIfExists": {"aws:MultiFactorAuthPresent": False}}, {}, True
    ),
    When(
        "the account of the resource is known",
        {"StringEquals": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}},
        {},
        True,
    ),
)


@pytest.mark.parametrize("when", CONDITIONS, ids=lambda when: when.name)
def test_a_condition_holds_when_aws_says_so(when: When) -> None:
    told = {key.lower(): (value,) if isinstance(value, str) else value for key, value in when.told.items()}
    allowed = parse_policy(allowing(QUERY, Condition=when.condition), PolicyKind.IDENTITY)

    assert (ALLOW if when.holds else NOTHING) is decide(Question(when.who, QUERY, STORE, told), [allowed])


def test_before_2012_variables_are_text() -> None:
    statement = {
        "Effect": "Allow",
        "Action": QUERY,
        "Resource": "*",
        "Condition": {"StringEquals": {TEAM: "${aws:username}"}},
    }
    old = parse_policy(policy(statement, version="2008-10-17"), PolicyKind.IDENTITY)
    asked = Question(ADA, QUERY, STORE, {TEAM.lower(): ("${aws:username}",)})

    assert decide(asked, [old]) is ALLOW


def test_a_door_cannot_tell_who_asks_otherwise_than_they_are() -> None:
    condition = {"StringEquals": {"aws:PrincipalAccount": THERE}}
    allowed = parse_policy(allowing(QUERY, Condition=condition), PolicyKind.IDENTITY)

    assert decide(Question(ADA, QUERY, STORE, {"aws:principalaccount": (THERE,)}), [allowed]) is NOTHING


def test_a_verdict_names_the_statement_that_decided() -> None:
    allowed = parse_policy(allowing(), PolicyKind.IDENTITY)
    denied = parse_policy(
        policy({"Sid": "NoQueries", "Effect": "Deny", "Action": QUERY, "Resource": "*"}), PolicyKind.IDENTITY
    )

    verdict = judge(Question(ADA, QUERY, STORE), [allowed, denied])

    assert (verdict.source, verdict.policy, verdict.statement) == (Source.IDENTITY, denied, denied.statements[0])
    assert denied.statements[0].name == "Statement[0] (NoQueries)"


@pytest.mark.parametrize("seed", range(4))
def test_two_evaluators_agree_about_random_policies(seed: int) -> None:
    disagreed, answers = compare(500, seed)

    assert disagreed == []
    assert set(answers) == set(Decision)


@given(st.randoms(use_true_random=False))
def test_one_more_deny_never_allows_more(chance: Any) -> None:
    case = some_case(chance)
    own = [parse_policy(text, PolicyKind.IDENTITY) for text in case.identity]
    more = json.loads(a_policy(chance, PolicyKind.IDENTITY))
    statements = more["Statement"] if isinstance(more["Statement"], list) else [more["Statement"]]
    denial = parse_policy(
        json.dumps({**more, "Statement": [{**one, "Effect": "Deny"} for one in statements]}), PolicyKind.IDENTITY
    )

    before, after = decide(case.question, own), decide(case.question, [*own, denial])

    assert after in (before, DENY)


@given(st.randoms(use_true_random=False))
def test_a_session_policy_never_allows_more(chance: Any) -> None:
    case = some_case(chance)
    own = [parse_policy(text, PolicyKind.IDENTITY) for text in case.identity]
    session_policy = parse_policy(a_policy(chance, PolicyKind.IDENTITY), PolicyKind.IDENTITY)

    if decide(case.question, own) is not ALLOW:
        assert decide(case.question, own, None, session_policy) is not ALLOW


@given(st.randoms(use_true_random=False))
def test_the_order_of_policies_does_not_matter(chance: Any) -> None:
    case = some_case(chance)
    own = [parse_policy(a_policy(chance, PolicyKind.IDENTITY), PolicyKind.IDENTITY) for _ in range(4)]

    assert decide(case.question, own) is decide(case.question, own[::-1])


@given(st.randoms(use_true_random=False), st.sampled_from(IDENTITIES))
def test_without_a_policy_only_root_may_and_only_at_home(chance: Any, who: Identity) -> None:
    question = some_case(chance).question
    at_home = question.resource == "*" or question.resource.split(":")[4] == who.account_id
    expected = ALLOW if who.kind is Kind.ROOT and at_home else NOTHING

    assert decide(Question(who, question.action, question.resource, question.context), []) is expected
