"""A policy in plain words: one sentence a statement, for the console and the command line. Nothing is decided by it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from trailmere.access.condition_keys import KeyType, find
from trailmere.access.conditions import NULL, Condition, Quantifier
from trailmere.access.evaluate import Decision, Verdict
from trailmere.access.principals import Principal, Whom
from trailmere.access.statements import Effect, Policy, PolicyKind, Statement

_COMPARED: Mapping[str, str] = {
    "StringEquals": "is",
    "StringNotEquals": "is not",
    "StringEqualsIgnoreCase": "is, in any case,",
    "StringNotEqualsIgnoreCase": "is not, in any case,",
    "StringLike": "is like",
    "StringNotLike": "is not like",
    "ArnEquals": "is like",
    "ArnNotEquals": "is not like",
    "ArnLike": "is like",
    "ArnNotLike": "is not like",
    "Bool": "is",
    "BinaryEquals": "is, in base64,",
    "IpAddress": "is in",
    "NotIpAddress": "is not in",
    "Equals": "is",
    "NotEquals": "is not",
    "LessThan": "is less than",
    "LessThanEquals": "is at most",
    "GreaterThan": "is more than",
    "GreaterThanEquals": "is at least",
}
_QUANTIFIED = {None: "", Quantifier.ANY: "any value of ", Quantifier.ALL: "every value of "}
_OWN: Mapping[PolicyKind, str] = {
    PolicyKind.TRUST: "this role",
    PolicyKind.EVENT_DATA_STORE: "this event data store",
    PolicyKind.CHANNEL: "this channel",
    PolicyKind.DASHBOARD: "this dashboard",
}


def sentences(policy: Policy) -> tuple[str, ...]:
    """One sentence for each statement, in their order."""
    return tuple(sentence(policy.kind, statement) for statement in policy.statements)


def sentence(kind: PolicyKind, statement: Statement) -> str:
    """``Allows account 111122223333 to do cloudtrail:StartQuery on this event data store, if ...``."""
    verb = "Allows" if statement.effect is Effect.ALLOW else "Denies"
    conditions = [_condition(one) for one in statement.conditions]
    what = f"{_actions(statement)} on {_resources(kind, statement)}"
    return f"{verb} {_whom(statement)}{what}{', if ' + ' and '.join(conditions) if conditions else ''}."


def _whom(statement: Statement) -> str:
    if not statement.principals:
        return ""
    named = _listed([_principal(one) for one in statement.principals], "and")
    return f"everybody but {named} to do " if statement.not_principals else f"{named} to do "


def _principal(principal: Principal) -> str:
    if principal.whom is Whom.ANYONE:
        return "everybody"
    if principal.whom is Whom.SERVICE:
        return "CloudTrail itself"
    name = principal.name.rpartition(":")[2].partition("/")[2]
    account = principal.name if principal.whom is Whom.ACCOUNT else principal.name.split(":")[4]
    return f"account {account}" if principal.whom is Whom.ACCOUNT else f"{principal.whom} {name} of account {account}"


def _actions(statement: Statement) -> str:
    texts = [one.text for one in statement.actions]
    if texts == ["*"] and not statement.not_actions:
        return "all actions"
    return f"all actions but {_listed(texts, 'and')}" if statement.not_actions else _listed(texts, "and")


def _resources(kind: PolicyKind, statement: Statement) -> str:
    if kind in _OWN:
        return _OWN[kind]
    texts = [one.text for one in statement.resources]
    if "*" in texts and not statement.not_resources:
        return "all resources"
    return f"all resources but {_listed(texts, 'and')}" if statement.not_resources else _listed(texts, "and")


def _condition(condition: Condition) -> str:
    known = find(condition.key)
    assert known is not None  # or it would not have been read
    tag = condition.key.partition("/")[2]
    if condition.operator.name == NULL:
        told = ["does not tell" if text.lower() == "true" else "tells" for text in condition.values]
        return f"the call {_listed(list(dict.fromkeys(told)), 'or')} {known.noun}{f' ({tag})' if tag else ''}"
    what = f"{known.meaning} ({tag})" if tag else known.meaning
    said = f"{_QUANTIFIED[condition.quantifier]}{what} {_compared(condition)}"
    if known.type is KeyType.BOOL:
        said = f"it {_compared(condition)} that {what}"
    return f"{said} where that is known" if condition.if_exists else said


def _compared(condition: Condition) -> str:
    values = condition.values
    return f"{_COMPARED[_comparison(condition.operator.name)]} {_listed([_quoted(text) for text in values], 'or')}"


def _quoted(text: str) -> str:
    return text if text.lower() in ("true", "false") else f'"{text}"'


def _comparison(operator: str) -> str:
    return operator if operator in _COMPARED else operator.removeprefix("Numeric").removeprefix("Date")


def _listed(words: Sequence[str], last: str) -> str:
    """``a, b or c``."""
    *others, end = words
    return f"{', '.join(others)} {last} {end}" if others else end


def reason(verdict: Verdict) -> str:
    """Why a question was decided so, in one or two sentences."""
    if verdict.policy is not None and verdict.statement is not None:
        done = "Allowed" if verdict.decision is Decision.ALLOW else "Denied"
        said = sentence(verdict.policy.kind, verdict.statement)
        return f"{done} by {verdict.statement.name} of the {verdict.source}: {said}"
    if verdict.decision is Decision.ALLOW:
        return "Allowed because the root of an account may do everything in it."
    return f"Denied because no {verdict.source} allows it."
