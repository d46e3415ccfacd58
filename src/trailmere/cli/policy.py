"""``trailmere policy``: what a policy says, why a call is allowed or denied. The rules are in ``trailmere.access``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import App as CommandApp
from cyclopts import Parameter

from trailmere.cli.common import LakeOption, OutputOption, open_lake, talk, write_json, write_pairs, write_table
from trailmere.cli.identities import AccountOption, DocumentArgument, account_of, read_document
from trailmere.errors import InvalidParameter

if TYPE_CHECKING:
    from trailmere.access.evaluate import Verdict
    from trailmere.access.identities import Identities
    from trailmere.access.records import Identity
    from trailmere.app import App
    from trailmere.registry.identities import User

policy = CommandApp(
    name="policy",
    help="Policies: check what one says, and find out why a call is allowed or denied.",
    help_format="plaintext",
    version_flags=[],
)
KindOption = Annotated[
    Literal["identity", "trust", "event-data-store", "channel", "dashboard"],
    Parameter(help="What the policy is for: a user or role, who may assume a role, or a resource."),
]
ContextOption = Annotated[
    tuple[str, ...],
    Parameter(
        help="What the call tells: KEY=VALUE, such as aws:SourceIp=203.0.113.7; may be given again.", negative=()
    ),
]


@policy.command
def lint(file: DocumentArgument, *, kind: KindOption = "identity", output: OutputOption = "table") -> None:
    """Say in plain words what each statement of a policy does, what may not be meant, or what is not understood."""
    from trailmere.access.advice import advise
    from trailmere.access.policies import PolicyKind, parse_policy
    from trailmere.access.wording import sentences

    found = parse_policy(read_document(file), PolicyKind(kind))
    said, advice = sentences(found), advise(found)
    if output == "json":
        statements = [
            {"Place": one.place, "Sid": one.sid, "Effect": one.effect, "Sentence": sentence}
            for one, sentence in zip(found.statements, said, strict=True)
        ]
        remarks = [{"Place": one.place, "Text": one.text} for one in advice]
        write_json({"Kind": kind, "Version": found.version, "Statements": statements, "Advice": remarks})
        return
    rows = [(one.name, sentence) for one, sentence in zip(found.statements, said, strict=True)]
    write_table(("statement", "does"), rows, whole=("statement",))
    for one in advice:
        talk().print(f"{one.place}: {one.text}", markup=False, soft_wrap=True)


@policy.command
def explain(
    *,
    user: Annotated[str, Parameter(help="Name of the user who would call.")],
    action: Annotated[str, Parameter(help="What they would do, for example cloudtrail:StartQuery.")],
    resource: Annotated[str, Parameter(help="To what: an ARN; * for an action that is about none.")] = "*",
    context: ContextOption = (),
    account: AccountOption = None,
    lake: LakeOption = None,
    output: OutputOption = "table",
) -> None:
    """Say whether a user may do something now, and which statement of which policy decides."""
    from trailmere.access.evaluate import Question
    from trailmere.access.wording import reason

    asked, told = _action(action), _context(context)
    with open_lake(lake) as app:
        caller = app.identities.user(account_of(app, account), user)
        question = Question(_identity(app.identities, caller), asked, resource, told)
        verdict = app.access.judge(question)
        name = _name(app, caller, verdict)
    members = {
        "Decision": verdict.decision,
        "Reason": reason(verdict),
        "PolicyType": verdict.source,
        "PolicyName": name,
        "Statement": None if verdict.statement is None else verdict.statement.place,
    }
    if output == "json":
        write_json(members)
    else:
        write_pairs({key: value for key, value in members.items() if value is not None})


def _identity(identities: Identities, user: User) -> Identity:
    """The user as they would sign a call."""
    from trailmere.access.records import Identity, Kind

    return Identity(user.account_id, Kind.USER, user.name, identities.arn_of(user), user.id)


def _action(given: str) -> str:
    from trailmere.access.actions import closest, lowered

    if given.lower() == "sts:assumerole":
        raise InvalidParameter(
            "who may assume a role is said by the role too",
            hint="see its trust policy: trailmere policy lint --kind trust",
        )
    if given.lower() not in lowered():
        meant = closest(given)
        raise InvalidParameter(
            f"there is no action {given!r}", hint=f"did you mean {meant}?" if meant else "see docs/access.md"
        )
    return lowered()[given.lower()]


def _context(given: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """What is given, and the time of now."""
    from trailmere.access.condition_keys import closest, find

    now = datetime.now(UTC)
    told: dict[str, tuple[str, ...]] = {
        "aws:currenttime": (now.strftime("%Y-%m-%dT%H:%M:%SZ"),),
        "aws:epochtime": (str(int(now.timestamp())),),
    }
    values: dict[str, tuple[str, ...]] = {}
    for one in given:
        key, equals, value = one.partition("=")
        if not equals or find(key) is None:
            meant = closest(key)
            raise InvalidParameter(
                f"expected KEY=VALUE with a condition key, got {one!r}",
                hint=f"did you mean {meant}=...?" if meant else None,
            )
        values[key.lower()] = (*values.get(key.lower(), ()), value)
    return told | values


def _name(app: App, user: User, verdict: Verdict) -> str | None:
    """The name of the user's own policy that decided."""
    from trailmere.access.evaluate import Source
    from trailmere.access.managed import MANAGED
    from trailmere.access.policies import PolicyKind, parse_policy

    if verdict.policy is None or verdict.source is not Source.IDENTITY:
        return None
    named = {one.name: one.document or MANAGED[one.name] for one in app.identities.policies(user)}
    return next(
        (name for name, text in named.items() if parse_policy(text, PolicyKind.IDENTITY) == verdict.policy), None
    )
