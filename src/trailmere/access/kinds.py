"""What each kind of policy may say, beyond the grammar that all share.

Source: CloudTrail user guide, "Resource-based policy examples", on channels, event data stores and dashboards; IAM user
guide, "IAM and AWS STS quotas" (lengths) and "Roles terms and concepts" (trust policies).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from trailmere.access.patterns import read_arn
from trailmere.access.principals import Whom
from trailmere.access.statements import Effect, PolicyKind, Statement
from trailmere.errors import MalformedPolicy


@dataclass(frozen=True, slots=True)
class KindRules:
    """``actions``: those that may be named, each in full; None where all may, also by wildcards. ``resource``: the kind
    of resource that statements are about, None where any."""

    characters: int
    principals: bool = True
    resources: bool = True
    actions: tuple[str, ...] | None = None
    resource: str | None = None
    statements: int | None = None
    principals_of_statement: int | None = None
    whoms: tuple[Whom, ...] = tuple(Whom)


_PEOPLE = (Whom.ANYONE, Whom.ACCOUNT, Whom.USER, Whom.ROLE, Whom.SESSION)
_STORE_ACTIONS = (
    "StartQuery",
    "CancelQuery",
    "ListQueries",
    "DescribeQuery",
    "GetQueryResults",
    "GenerateQuery",
    "GenerateQueryResultsSummary",
    "GetEventDataStore",
)
_REFRESH, _LOOK = "cloudtrail:StartDashboardRefresh", "cloudtrail:GetDashboard"
_ON_BEHALF = ("aws:sourcearn", "aws:sourceaccount")  # the only keys of a statement for a service

KINDS: Mapping[PolicyKind, KindRules] = {
    PolicyKind.IDENTITY: KindRules(10_240, principals=False),
    PolicyKind.TRUST: KindRules(
        4_096, resources=False, actions=("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"), whoms=_PEOPLE
    ),
    PolicyKind.EVENT_DATA_STORE: KindRules(
        8_192, actions=tuple(f"cloudtrail:{name}" for name in _STORE_ACTIONS), resource="eventdatastore"
    ),
    PolicyKind.CHANNEL: KindRules(
        8_192,
        actions=("cloudtrail-data:PutAuditEvents",),
        resource="channel",
        statements=20,
        principals_of_statement=50,
        whoms=_PEOPLE,
    ),
    PolicyKind.DASHBOARD: KindRules(
        8_192,
        actions=(_REFRESH, _LOOK),
        resource="dashboard",
        whoms=(Whom.SERVICE, Whom.ACCOUNT, Whom.USER, Whom.ROLE, Whom.SESSION),
    ),
}


def check_statement(kind: PolicyKind, statement: Statement) -> None:
    """Raise MalformedPolicy for what a policy of this kind may not say."""
    rules = KINDS[kind]
    _check_principals(rules, kind, statement)
    if rules.actions is not None:
        _check_actions(rules.actions, kind, statement)
    if is_for_service(statement):
        _check_for_service(kind, statement)
    elif rules.resource is not None:
        _check_resources(rules.resource, kind, statement)
    if kind is PolicyKind.DASHBOARD and not is_for_service(statement):
        _check_for_people(statement)


def as_meant(kind: PolicyKind, statement: Statement) -> Statement:
    """The statement with its own resource where AWS writes another: what allows CloudTrail to query an event data store
    names the dashboards that it queries for as Resource, and again as aws:SourceArn, which is what counts."""
    if kind is not PolicyKind.EVENT_DATA_STORE or not is_for_service(statement):
        return statement
    own = read_arn("*", variables=False)
    return replace(
        statement, resources=tuple(own if one.type_text == "dashboard" else one for one in statement.resources)
    )


def is_for_service(statement: Statement) -> bool:
    """Whether it names a service: CloudTrail, which refreshes dashboards."""
    return any(one.whom is Whom.SERVICE for one in statement.principals)


def _check_principals(rules: KindRules, kind: PolicyKind, statement: Statement) -> None:
    place = f"{statement.place}.{'NotPrincipal' if statement.not_principals else 'Principal'}"
    for one in statement.principals:
        if one.whom not in rules.whoms:
            expected = ", ".join(rules.whoms)
            raise MalformedPolicy(f"a {kind} policy names {expected} as principals, got {one.name}", place=place)
    most = rules.principals_of_statement
    if most is not None and len(statement.principals) > most:
        raise MalformedPolicy(f"expected at most {most} principals, got {len(statement.principals)}", place=place)
    if statement.not_principals and statement.effect is Effect.ALLOW:
        raise MalformedPolicy("it would allow everybody else; it may stand in a Deny only", place=place)
    if statement.not_principals and any(one.whom is Whom.ANYONE for one in statement.principals):
        raise MalformedPolicy("nobody is left when * is left out; expected the principals to leave out", place=place)


def _check_actions(known: tuple[str, ...], kind: PolicyKind, statement: Statement) -> None:
    if statement.not_actions:
        raise MalformedPolicy(
            f"a {kind} policy names its actions: {', '.join(known)}", place=f"{statement.place}.NotAction"
        )
    names = {name.lower() for name in known}
    for action in statement.actions:
        if action.text.lower() not in names:
            raise MalformedPolicy(
                f"a {kind} policy may name {', '.join(known)}; got {action.text!r}", place=f"{statement.place}.Action"
            )


def _check_resources(type: str, kind: PolicyKind, statement: Statement) -> None:
    if statement.not_resources:
        raise MalformedPolicy(f"a {kind} policy names its resource", place=f"{statement.place}.NotResource")
    for resource in statement.resources:
        if resource.type_text != type:
            raise MalformedPolicy(
                f"expected the ARN that the policy is for, arn:aws:cloudtrail:REGION:ACCOUNT:{type}/..., "
                f"got {resource.text!r}",
                place=f"{statement.place}.Resource",
            )


def _check_for_people(statement: Statement) -> None:
    """A dashboard is shared to be looked at. AWS shares them across accounts, and does not say by which policy."""
    if any(one.text.lower() != _LOOK.lower() for one in statement.actions):
        raise MalformedPolicy(f"expected {_LOOK} alone for people", place=f"{statement.place}.Action")


def _check_for_service(kind: PolicyKind, statement: Statement) -> None:
    """AWS: one service, one action, and conditions only on whose behalf it asks. Its Resource is the dashboards'."""
    if len(statement.principals) > 1 or statement.not_principals:
        raise MalformedPolicy("expected the service alone as principal", place=f"{statement.place}.Principal")
    action = _REFRESH if kind is PolicyKind.DASHBOARD else "cloudtrail:StartQuery"
    if any(one.text.lower() != action.lower() for one in statement.actions):
        raise MalformedPolicy(f"expected {action} alone for the service", place=f"{statement.place}.Action")
    for condition in statement.conditions:
        if condition.key.lower() not in _ON_BEHALF:
            raise MalformedPolicy(
                f"a statement for the service has conditions on aws:SourceArn and aws:SourceAccount only, "
                f"got {condition.key}",
                place=f"{statement.place}.Condition.{condition.operator.name}",
            )
    for resource in statement.resources:
        expected = ("dashboard", "eventdatastore") if kind is PolicyKind.EVENT_DATA_STORE else ("dashboard",)
        if statement.not_resources or resource.type_text not in expected:
            raise MalformedPolicy(
                f"expected the ARN of a {' or '.join(expected)}, got {resource.text!r}",
                place=f"{statement.place}.Resource",
            )
