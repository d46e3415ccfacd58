"""Random policies and questions, put to the evaluator and to the naive one: ``python -m tests.access.policies N SEED``.

Words come from small lists, so that policies and questions meet often; each list holds odd ones too.
"""

from __future__ import annotations

import json
import random
import sys
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from tests.access import naive
from trailmere.access.condition_keys import KeyType
from trailmere.access.conditions import OPERATORS
from trailmere.access.evaluate import Question, decide
from trailmere.access.policies import PolicyKind, parse_policy
from trailmere.access.records import Identity, Kind

HERE, THERE = "111122223333", "444455556666"
SERVICE = "cloudtrail.amazonaws.com"
STORE = f"arn:aws:cloudtrail:eu-central-1:{HERE}:eventdatastore/aaaa-1111"
CHANNEL = f"arn:aws:cloudtrail:eu-central-1:{HERE}:channel/cccc-2222"
DASHBOARD = f"arn:aws:cloudtrail:eu-central-1:{HERE}:dashboard/overview"
ROLE = f"arn:aws:iam::{HERE}:role/reader"


def user(account: str, name: str) -> Identity:
    return Identity(account, Kind.USER, name, f"arn:aws:iam::{account}:user/{name}", f"AIDA{name.upper()}")


def session(account: str, name: str, policy: str | None = None) -> Identity:
    return Identity(
        account,
        Kind.ASSUMED_ROLE,
        f"reader/{name}",
        f"arn:aws:sts::{account}:assumed-role/reader/{name}",
        f"AROAREADER:{name}",
        issued=datetime(2026, 3, 1, 12, tzinfo=UTC),
        mfa=name == "night",
        role_arn=f"arn:aws:iam::{account}:role/reader",
        session_policy=policy,
    )


def root(account: str) -> Identity:
    return Identity(account, Kind.ROOT, "root", f"arn:aws:iam::{account}:root", account)


SERVICE_ITSELF = Identity(HERE, Kind.SERVICE, SERVICE, SERVICE, SERVICE)
IDENTITIES = (
    *(user(account, name) for account in (HERE, THERE) for name in ("ada", "bob")),
    *(session(account, name) for account in (HERE, THERE) for name in ("day", "night")),
    *(root(account) for account in (HERE, THERE)),
    SERVICE_ITSELF,
)
ACTIONS = {
    PolicyKind.IDENTITY: ("cloudtrail:StartQuery", "cloudtrail:GetQueryResults", "cloudtrail:LookupEvents"),
    PolicyKind.EVENT_DATA_STORE: ("cloudtrail:StartQuery", "cloudtrail:GetQueryResults", "CloudTrail:describequery"),
    PolicyKind.CHANNEL: ("cloudtrail-data:PutAuditEvents",),
    PolicyKind.TRUST: ("sts:AssumeRole", "sts:TagSession"),
    PolicyKind.DASHBOARD: ("cloudtrail:StartDashboardRefresh",),
}
WILD_ACTIONS = (
    "*",
    "cloudtrail:*",
    "cloudtrail:Start*",
    "cloudtrail:*Query*",
    "CLOUDTRAIL:startquery",
    "cloudtrail:????tQuery",
    "cloudtrail-data:*",
    "sts:AssumeRole",
    "*:*Events",
    "c*l:G*t*s",
)
RESOURCES = (
    "*",
    STORE,
    CHANNEL,
    DASHBOARD,
    ROLE,
    "arn:aws:cloudtrail:*:*:eventdatastore/*",
    f"arn:aws:cloudtrail:*:{HERE}:*",
    "arn:*:cloudtrail:eu-*-1:1111????3333:*/*",
    "arn:aws:cloudtrail:*:*:eventdatastore/a*-*1",
    f"arn:aws:cloudtrail:eu-central-1:{HERE}:eventdatastore/aaaa-111${{*}}",
    "arn:aws:cloudtrail:eu-central-1:${aws:PrincipalAccount}:eventdatastore/*",
    "arn:aws:cloudtrail:*:*:eventdatastore/${aws:ResourceTag/team, 'aaaa'}-*",
    "arn:aws:cloudtrail:*:*:*/${aws:RequestTag/id}",
    "arn:aws:iam::*:role/reader",
    "arn:aws:cloudtrail:us-east-1:*:trail/*",
)
OWN = {
    PolicyKind.EVENT_DATA_STORE: (STORE, STORE.rpartition("/")[0] + "/*", STORE.replace("aaaa", "bbbb")),
    PolicyKind.CHANNEL: (CHANNEL, CHANNEL.replace("cccc", "c?c*")),
    PolicyKind.DASHBOARD: (DASHBOARD, DASHBOARD.replace("overview", "*")),
}
PRINCIPALS = (
    "*",
    HERE,
    THERE,
    *(one.arn for one in IDENTITIES if one.kind is not Kind.SERVICE),
    *(f"arn:aws:iam::{account}:role/reader" for account in (HERE, THERE)),
)
# key -> what a policy says, what a call tells
TEXTS = (
    "red",
    "RED",
    "re*",
    "re*ed",
    "?ed",
    "blue",
    "${aws:username}",
    "${aws:RequestTag/id, 'red'}",
    "ada",
    "${$}x",
    "",
)
WORDS: dict[str, tuple[tuple[Any, ...], tuple[str, ...]]] = {
    "aws:ResourceTag/team": (TEXTS, ("red", "Red", "blue", "aaaa", "ada", "bob", "$x", "")),
    "aws:RequestTag/id": (TEXTS, ("aaaa-1111", "red", "*", "re*")),
    "aws:TagKeys": (("team", "te*", "id", "TEAM"), ("team", "id", "owner")),
    "aws:username": (("ada", "bob", "a*"), ()),
    "aws:PrincipalArn": ((*PRINCIPALS[3:9], "arn:aws:iam::*:user/*", "*", ROLE), ()),
    "aws:SourceArn": ((DASHBOARD, "arn:aws:cloudtrail:*:*:dashboard/*"), (DASHBOARD, STORE, "no ARN")),
    "aws:SourceAccount": ((HERE, THERE, "*"), (HERE, THERE)),
    "aws:SourceIp": (
        ("203.0.113.0/24", "203.0.113.7", "2001:db8::/32"),
        ("203.0.113.7", "2001:db8::1", "::ffff:203.0.113.9"),
    ),
    "aws:SecureTransport": ((True, "true", "False"), ("true", "false")),
    "aws:MultiFactorAuthPresent": (("true", False), ()),
    "aws:CurrentTime": (
        ("2026-03-01T12:00:00Z", "2026-03-01", "1772366400", "2026-03-01T13:00:00+01:00"),
        ("2026-03-01T12:00:00Z", "2026-03-02T00:00:00.500+00:00"),
    ),
    "aws:EpochTime": (("1772366400", 1772366401, "2026-03-01T12:00:00Z"), ("1772366400", "1772366401")),
    "aws:TokenIssueTime": (("2026-03-01T12:00:00Z", "2026-03-02"), ()),
    "cloudtrail:ExternalId": (("red", "20", 20), ("red", "20")),
}
TYPES = {
    "aws:PrincipalArn": KeyType.ARN,
    "aws:SourceArn": KeyType.ARN,
    "aws:SourceIp": KeyType.IP,
    "aws:SecureTransport": KeyType.BOOL,
    "aws:MultiFactorAuthPresent": KeyType.BOOL,
    "aws:CurrentTime": KeyType.DATE,
    "aws:EpochTime": KeyType.EPOCH,
    "aws:TokenIssueTime": KeyType.DATE,
}
BASE64 = ("cmVk", "Ymx1ZQ==", "")


@dataclass(frozen=True, slots=True)
class Case:
    """A question with the policies that have a say, as JSON texts."""

    question: Question
    identity: list[str]
    resource: str | None
    kind: PolicyKind
    session: str | None


ASKED = {
    PolicyKind.IDENTITY: ("*", STORE, CHANNEL),
    PolicyKind.EVENT_DATA_STORE: (STORE,),
    PolicyKind.CHANNEL: (CHANNEL,),
    PolicyKind.DASHBOARD: (DASHBOARD,),
    PolicyKind.TRUST: (ROLE,),
}
QUESTIONS = 4  # about the same policies


def some_case(chance: random.Random) -> Case:
    kind = chance.choice([*PolicyKind])
    who = chance.choice(IDENTITIES)
    powerless = who.kind in (Kind.ROOT, Kind.SERVICE)
    limited = who.kind is Kind.ASSUMED_ROLE and chance.random() < 0.4
    return Case(
        question=some_question(chance, kind, who),
        identity=[a_policy(chance, PolicyKind.IDENTITY) for _ in range(0 if powerless else chance.randint(0, 2))],
        resource=None if kind is PolicyKind.IDENTITY or chance.random() < 0.1 else a_policy(chance, kind),
        kind=kind,
        session=a_policy(chance, PolicyKind.IDENTITY) if limited else None,
    )


def asked_again(chance: random.Random, case: Case) -> Case:
    """Another question under the same policies, by anybody who could have such."""
    who = case.question.identity if case.session else chance.choice(IDENTITIES)
    return replace(case, question=some_question(chance, case.kind, who))


def some_question(chance: random.Random, kind: PolicyKind, who: Identity) -> Question:
    return Question(who, chance.choice(ACTIONS[kind]), chance.choice(ASKED[kind]), some_context(chance))


def some_context(chance: random.Random) -> dict[str, tuple[str, ...]]:
    context = {}
    for key, (_written, told) in WORDS.items():
        if told and chance.random() < 0.6:
            several = key == "aws:TagKeys"
            context[key.lower()] = tuple(chance.sample(told, chance.randint(1, len(told)) if several else 1))
    return context


def a_policy(chance: random.Random, kind: PolicyKind) -> str:
    statements = [a_statement(chance, kind) for _ in range(chance.choice((1, 1, 2, 3)))]
    one = len(statements) == 1 and chance.random() < 0.3
    policy: dict[str, Any] = {"Statement": statements[0] if one else statements}
    if chance.random() < 0.9:
        policy["Version"] = chance.choice(("2012-10-17",) * 4 + ("2008-10-17",))
    return json.dumps(policy)


def a_statement(chance: random.Random, kind: PolicyKind) -> dict[str, Any]:
    effect = "Allow" if chance.random() < 0.75 else "Deny"
    statement: dict[str, Any] = {"Effect": effect}
    for_service = kind is PolicyKind.DASHBOARD or (kind is PolicyKind.EVENT_DATA_STORE and chance.random() < 0.2)
    if kind is not PolicyKind.IDENTITY:
        statement |= who_is_named(chance, effect, for_service)
    if kind is PolicyKind.IDENTITY:
        names = (*WILD_ACTIONS, *(name for some in ACTIONS.values() for name in some))
        statement["NotAction" if chance.random() < 0.15 else "Action"] = one_or_some(chance, names)
        statement["NotResource" if chance.random() < 0.15 else "Resource"] = one_or_some(chance, RESOURCES)
    else:
        querying = for_service and kind is PolicyKind.EVENT_DATA_STORE
        statement["Action"] = one_or_some(chance, ("cloudtrail:StartQuery",) if querying else ACTIONS[kind])
        if kind in OWN:
            statement["Resource"] = one_or_some(chance, (*OWN[kind], DASHBOARD) if querying else OWN[kind])
    if chance.random() < 0.5:
        keys = ("aws:SourceArn", "aws:SourceAccount") if for_service else tuple(WORDS)
        statement["Condition"] = a_condition(chance, keys)
    return statement


def who_is_named(chance: random.Random, effect: str, for_service: bool) -> dict[str, Any]:
    if for_service:
        return {"Principal": {"Service": SERVICE}}
    if effect == "Deny" and chance.random() < 0.3:
        return {"NotPrincipal": {"AWS": one_or_some(chance, PRINCIPALS[1:], 6)}}
    return {"Principal": "*" if chance.random() < 0.05 else {"AWS": one_or_some(chance, PRINCIPALS)}}


def a_condition(chance: random.Random, keys: tuple[str, ...]) -> dict[str, Any]:
    condition: dict[str, Any] = {}
    for _ in range(chance.choice((1, 1, 2))):
        key = chance.choice(keys)
        several = key == "aws:TagKeys"
        fitting = [one.name for one in OPERATORS.values() if TYPES.get(key, KeyType.STRING) in one.types]
        operator = chance.choice(fitting)
        values = {"Null": ("true", "false", True), "BinaryEquals": BASE64}.get(operator, WORDS[key][0])
        if operator.startswith("Numeric"):
            values = ("1772366400", 1772366401, "1772366400.5", "-1", "17723664e2")
        if operator != "Null":
            quantifiers = ("ForAnyValue:", "ForAllValues:")
            operator = chance.choice(quantifiers if several else ("",) * 6 + quantifiers) + operator
            operator += "IfExists" if chance.random() < 0.2 else ""
        spelled = key if chance.random() < 0.8 else key.upper()
        condition.setdefault(operator, {})[spelled] = one_or_some(chance, values)
    return condition


def one_or_some(chance: random.Random, words: tuple[Any, ...], most: int = 3) -> Any:
    some = chance.sample(words, min(len(words), chance.randint(1, most)))
    return some[0] if len(some) == 1 and chance.random() < 0.5 else some


def both(case: Case) -> tuple[str, str]:
    """What the evaluator and the naive one say."""
    found = decide(
        case.question,
        [parse_policy(text, PolicyKind.IDENTITY) for text in case.identity],
        None if case.resource is None else parse_policy(case.resource, case.kind),
        None if case.session is None else parse_policy(case.session, PolicyKind.IDENTITY),
    )
    trust = case.kind is PolicyKind.TRUST and case.resource is not None
    return found.value, naive.decide(case.question, case.identity, case.resource, case.session, trust=trust)


def compare(number: int, seed: int) -> tuple[list[Case], Counter[str]]:
    """The cases that the two do not agree about, and how often each answer was given."""
    chance = random.Random(seed)
    answers: Counter[str] = Counter()
    disagreed = []
    case = some_case(chance)
    for count in range(number):
        case = asked_again(chance, case) if count % QUESTIONS else some_case(chance)
        found, expected = both(case)
        answers[found] += 1
        if found != expected:
            disagreed.append(case)
    return disagreed, answers


def main() -> int:
    number, seed = int(sys.argv[1]), int(sys.argv[2])
    disagreed, answers = compare(number, seed)
    for case in disagreed[:5]:
        print(*both(case), case, sep="\n  ")
    print(f"{number:,} cases of seed {seed}: {len(disagreed)} disagreements; {dict(answers)}")
    return bool(disagreed)


if __name__ == "__main__":
    sys.exit(main())
