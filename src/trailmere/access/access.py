"""The question that every door asks before it does anything: may they? With AWS's sentence where they may not.

Policies are read from where they are kept at each question, and understood once. One that is kept and not understood
any more denies: it may hold a Deny.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from trailmere.access.actions import COVERED_BY
from trailmere.access.evaluate import Decision, Question, Source, Verdict, judge
from trailmere.access.policies import parse_policy
from trailmere.access.resource_policies import kind_of
from trailmere.access.statements import Policy, PolicyKind
from trailmere.errors import AccessDenied, MalformedPolicy

if TYPE_CHECKING:
    from trailmere.access.records import Identity
    from trailmere.access.resource_policies import ResourcePolicies


class Access:
    """Who may do what. ``policies_of`` gives the JSON texts of an identity's own policies."""

    def __init__(self, policies_of: Callable[[Identity], tuple[str, ...]], resource_policies: ResourcePolicies) -> None:
        self._policies_of = policies_of
        self._resource_policies = resource_policies

    def check(self, question: Question) -> None:
        """Raise AccessDenied unless the policies allow it."""
        try:
            verdict = self.judge(question)
        except MalformedPolicy as error:
            raise AccessDenied(
                f"{_sentence(question)} because a policy cannot be understood: {error.message}",
                hint="write the policy anew; docs/access.md tells what may stand in it",
            ) from error
        if verdict.decision is not Decision.ALLOW:
            raise AccessDenied(refusal(question, verdict))

    def may(self, question: Question) -> bool:
        """Whether the policies allow it."""
        try:
            self.check(question)
        except AccessDenied:
            return False
        return True

    def judge(self, question: Question) -> Verdict:
        """The decision with its reason. Raises MalformedPolicy for a kept policy that is not understood."""
        identity = question.identity
        own = tuple(parse_policy(text, PolicyKind.IDENTITY) for text in self._policies_of(identity))
        session = identity.session_policy
        return judge(
            replace(question, action=COVERED_BY.get(question.action, question.action)),
            own,
            self._policy_of_resource(question.resource),
            None if session is None else parse_policy(session, PolicyKind.IDENTITY),
        )

    def _policy_of_resource(self, arn: str) -> Policy | None:
        kind = kind_of(arn)
        text = None if kind is None else self._resource_policies.get(arn)
        return None if kind is None or text is None else parse_policy(text, kind)


def refusal(question: Question, verdict: Verdict) -> str:
    """AWS's sentence (IAM user guide, "Troubleshoot access denied error messages")."""
    sentence = _sentence(question)
    if verdict.decision is Decision.EXPLICIT_DENY:
        article = {Source.IDENTITY: "an", Source.TRUST: "the"}.get(verdict.source, "a")
        return f"{sentence} with an explicit deny in {article} {verdict.source}"
    return f"{sentence} because no {verdict.source} allows the {question.action} action"


def _sentence(question: Question) -> str:
    who, what = question.identity.arn, question.action
    return f"User: {who} is not authorized to perform: {what} on resource: {question.resource}"
