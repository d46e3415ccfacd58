"""What a policy says that its author may not have meant. It is a policy all the same: nothing here refuses or decides.

Source: IAM user guide, "IAM policy validation" and "Set operators for multi-valued context keys" (on ForAllValues);
Service Authorization Reference (which action is about which resource).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trailmere.access.actions import actions, lowered
from trailmere.access.conditions import Quantifier
from trailmere.access.policies import VARIABLES_SINCE
from trailmere.access.principals import Whom
from trailmere.access.statements import Effect, Policy, Statement

if TYPE_CHECKING:
    from trailmere.access.patterns import ArnPattern


@dataclass(frozen=True, slots=True)
class Advice:
    """One remark. ``place`` is that in the policy: ``Statement[0].Resource``."""

    place: str
    text: str


def advise(policy: Policy) -> tuple[Advice, ...]:
    """All remarks on a policy, in the order of its statements."""
    return tuple(one for statement in policy.statements for check in _CHECKS for one in check(policy, statement))


def _gives_everything(_policy: Policy, statement: Statement) -> Iterator[Advice]:
    everything = [one.text for one in statement.actions] == ["*"] and "*" in [one.text for one in statement.resources]
    negated = statement.not_actions or statement.not_resources
    if statement.effect is Effect.ALLOW and everything and not negated and not statement.conditions:
        yield Advice(statement.place, "it allows everything that there is")


def _is_never_asked(_policy: Policy, statement: Statement) -> Iterator[Advice]:
    """Actions that are named in full and are not about any of the resources."""
    if statement.not_actions or statement.not_resources or not statement.resources:
        return
    for action in statement.actions:
        name = lowered().get(action.text.lower())
        kinds = actions()[name] if name is not None else None
        if kinds is None or any(_may_be(resource, kinds) for resource in statement.resources):
            continue
        about = f"the kind {' or '.join(kinds)}" if kinds else "no resource: it needs *"
        yield Advice(f"{statement.place}.Resource", f"{name} is about {about}, so that this says nothing of it")


def _may_be(resource: ArnPattern, kinds: tuple[str, ...]) -> bool:
    return resource.parts is None or (bool(kinds) and resource.type_text in (None, *kinds))


def _has_variables_as_text(policy: Policy, statement: Statement) -> Iterator[Advice]:
    texts = [one.text for one in statement.resources] + [text for one in statement.conditions for text in one.values]
    if policy.version != VARIABLES_SINCE and any("${" in text for text in texts):
        yield Advice(statement.place, f"${{...}} is text in Version {policy.version}; variables need {VARIABLES_SINCE}")


def _holds_without_values(_policy: Policy, statement: Statement) -> Iterator[Advice]:
    for condition in statement.conditions:
        if statement.effect is Effect.ALLOW and condition.quantifier is Quantifier.ALL:
            yield Advice(
                f"{statement.place}.Condition", f"ForAllValues holds for calls that do not tell {condition.key} at all"
            )


def _leaves_nobody_out(_policy: Policy, statement: Statement) -> Iterator[Advice]:
    accounts = {one.name for one in statement.principals if one.whom is Whom.ACCOUNT}
    for one in statement.principals if statement.not_principals else ():
        if one.whom in (Whom.USER, Whom.ROLE, Whom.SESSION) and one.name.split(":")[4] not in accounts:
            yield Advice(
                f"{statement.place}.NotPrincipal",
                f"{one.name} is denied too, because its account is not named beside it",
            )


_CHECKS: tuple[Callable[[Policy, Statement], Iterator[Advice]], ...] = (
    _gives_everything,
    _is_never_asked,
    _has_variables_as_text,
    _holds_without_values,
    _leaves_nobody_out,
)
