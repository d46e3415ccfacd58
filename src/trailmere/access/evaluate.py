"""May they? Policies and a question in, a decision out; no clock, no database, nothing kept.

```
  a Deny anywhere that applies ------------------------------------------------> EXPLICIT_DENY
  root, or an Allow of an identity policy ---+
  the resource is in the caller's account    |
    an Allow that names the caller itself ---|------------------------------------> ALLOW
    an Allow that names its role, or * ------|-- session policy, if any, allows --> ALLOW
    neither; an Allow by an identity policy -+-- session policy, if any, allows --> ALLOW
  it is in another account: its policy allows, an identity policy allows,
    and the session policy, if any, allows ---------------------------------------> ALLOW
  all else -----------------------------------------------------------------------> IMPLICIT_DENY
```

A role's trust policy has to allow in every case; a service has no policies of its own, so that the resource's decides.
Source: IAM user guide, "Policy evaluation logic", with "Policy evaluation for requests within a single account",
"Cross-account policy evaluation logic" and "How AWS enforcement code logic evaluates requests to allow or deny access".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from trailmere.access.principals import Reach, exempts, reach
from trailmere.access.records import Identity, Kind
from trailmere.access.statements import Effect, Policy, PolicyKind, Statement

if TYPE_CHECKING:
    from trailmere.access.patterns import Context

EVERYTHING = "*"  # the resource of an action that is not about one


class Decision(StrEnum):
    """What comes of a question."""

    ALLOW = "ALLOW"
    EXPLICIT_DENY = "EXPLICIT_DENY"
    IMPLICIT_DENY = "IMPLICIT_DENY"


class Source(StrEnum):
    """Which policy it comes from, as AWS's sentences name it."""

    IDENTITY = "identity-based policy"
    RESOURCE = "resource-based policy"
    SESSION = "session policy"
    TRUST = "role trust policy"


@dataclass(frozen=True, slots=True)
class Question:
    """May ``identity`` do ``action`` (``cloudtrail:StartQuery``) to ``resource`` (an ARN, or ``*``)?

    ``context``: what else the call tells, condition keys in small letters with their values. What is known of the
    identity and the resource themselves need not be told.
    """

    identity: Identity
    action: str
    resource: str = EVERYTHING
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A decision with its reason: the statement that allowed or denied, or the kind of policy that did not allow.

    ``policy`` and ``statement`` are None where nothing allowed, and where root is allowed.
    """

    decision: Decision
    source: Source
    policy: Policy | None = None
    statement: Statement | None = None


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question with all that is known about it."""

    identity: Identity
    action: str
    resource: str
    context: Context


@dataclass(frozen=True, slots=True)
class _Sides:
    """The policies of those who have a say. ``resource_source``: the resource's may be a role's trust policy."""

    identity: Sequence[Policy]
    resource_source: Source
    resource: Sequence[Policy]
    session: Sequence[Policy]


def decide(
    question: Question,
    identity_policies: Sequence[Policy],
    resource_policy: Policy | None = None,
    session_policy: Policy | None = None,
) -> Decision:
    """What comes of ``question`` under these policies; without any, IMPLICIT_DENY, but for root."""
    return judge(question, identity_policies, resource_policy, session_policy).decision


def judge(
    question: Question,
    identity_policies: Sequence[Policy],
    resource_policy: Policy | None = None,
    session_policy: Policy | None = None,
) -> Verdict:
    """As ``decide``, with the reason."""
    asked = _Asked(
        identity=question.identity,
        action=question.action.lower(),
        resource=question.resource,
        context={**question.context, **told_by(question.identity), **_told_of(question)},
    )
    trust = resource_policy is not None and resource_policy.kind is PolicyKind.TRUST
    sides = _Sides(
        identity_policies,
        Source.TRUST if trust else Source.RESOURCE,
        () if resource_policy is None else (resource_policy,),
        () if session_policy is None else (session_policy,),
    )
    return _denied(asked, sides) or _weighed(asked, sides)


def told_by(identity: Identity) -> Context:
    """The condition keys that whoever asks brings along (user guide, "Principal key values")."""
    if identity.kind is Kind.SERVICE:
        return {"aws:principalisawsservice": ("true",), "aws:principalservicename": (identity.name,)}
    told: dict[str, tuple[str, ...]] = {
        "aws:principalisawsservice": ("false",),
        "aws:principalaccount": (identity.account_id,),
        "aws:principalarn": (identity.role_arn or identity.arn,),
        "aws:userid": (identity.principal_id,),
        "aws:principaltype": (_TYPES[identity.kind],),
    }
    if identity.kind is Kind.USER:
        told["aws:username"] = (identity.name,)
    if identity.kind is Kind.ASSUMED_ROLE:
        told["aws:multifactorauthpresent"] = ("true" if identity.mfa else "false",)
    if identity.issued is not None:
        told["aws:tokenissuetime"] = (identity.issued.isoformat(),)
    return told


_TYPES = {Kind.ROOT: "Account", Kind.USER: "User", Kind.ASSUMED_ROLE: "AssumedRole"}


def _denied(asked: _Asked, sides: _Sides) -> Verdict | None:
    """The verdict of the first Deny that applies."""
    for source, policies in (
        (Source.IDENTITY, sides.identity),
        (sides.resource_source, sides.resource),
        (Source.SESSION, sides.session),
    ):
        for policy, statement in _applying(Effect.DENY, policies, asked):
            return Verdict(Decision.EXPLICIT_DENY, source, policy, statement)
    return None


def _weighed(asked: _Asked, sides: _Sides) -> Verdict:
    """The verdict where nothing denies: who has to allow, and do they?"""
    identity = asked.identity
    granted, grant = _granted(asked, sides.resource_source, sides.resource)
    local = _owner(asked.resource) in (None, identity.account_id)
    if identity.kind is Kind.SERVICE or (granted is Reach.DIRECT and local):
        return grant
    if granted is Reach.NONE and (sides.resource_source is Source.TRUST or not local):
        return grant
    allowed = grant if granted is Reach.ROLE and local else _allowed(asked, sides.identity)
    within_session = not sides.session or any(_applying(Effect.ALLOW, sides.session, asked))
    if allowed.decision is Decision.ALLOW and not within_session:
        return Verdict(Decision.IMPLICIT_DENY, Source.SESSION)
    return allowed


def _granted(asked: _Asked, source: Source, policies: Sequence[Policy]) -> tuple[Reach, Verdict]:
    """How far the resource's policy lets the caller go, and the verdict if that is what counts."""
    best, verdict = Reach.NONE, Verdict(Decision.IMPLICIT_DENY, source)
    for policy, statement in _applying(Effect.ALLOW, policies, asked):
        reached = reach(statement.principals, asked.identity)
        if reached > best:
            best, verdict = reached, Verdict(Decision.ALLOW, source, policy, statement)
    return best, verdict


def _allowed(asked: _Asked, policies: Sequence[Policy]) -> Verdict:
    """What the caller's own policies say; root needs none."""
    if asked.identity.kind is Kind.ROOT:
        return Verdict(Decision.ALLOW, Source.IDENTITY)
    for policy, statement in _applying(Effect.ALLOW, policies, asked):
        return Verdict(Decision.ALLOW, Source.IDENTITY, policy, statement)
    return Verdict(Decision.IMPLICIT_DENY, Source.IDENTITY)


def _applying(effect: Effect, policies: Sequence[Policy], asked: _Asked) -> Iterator[tuple[Policy, Statement]]:
    for policy in policies:
        for statement in policy.statements:
            if statement.effect is effect and _applies(statement, asked):
                yield policy, statement


def _applies(statement: Statement, asked: _Asked) -> bool:
    return (
        _is_about_caller(statement, asked.identity)
        and any(one.matches(asked.action, {}) for one in statement.actions) != statement.not_actions
        and _is_about_resource(statement, asked)
        and all(condition.holds(asked.context) for condition in statement.conditions)
    )


def _is_about_caller(statement: Statement, identity: Identity) -> bool:
    if statement.not_principals:
        return not exempts(statement.principals, identity)
    return not statement.principals or reach(statement.principals, identity) is not Reach.NONE


def _is_about_resource(statement: Statement, asked: _Asked) -> bool:
    if not statement.resources:  # a trust policy is about its own role
        return True
    return any(one.matches(asked.resource, asked.context) for one in statement.resources) != statement.not_resources


def _told_of(question: Question) -> Context:
    return {"aws:resourceaccount": (_owner(question.resource) or question.identity.account_id,)}


def _owner(resource: str) -> str | None:
    """The account of an ARN; None of ``*``, which is of the caller's."""
    parts = resource.split(":", 5)
    return parts[4] or None if len(parts) == 6 else None
