"""Sharing: the resource-based policy of a store or a channel, in plain words, edited as JSON, made from a template.

What a policy may say is decided in ``trailmere.access``; here it is asked for and shown.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trailmere.access.advice import advise
from trailmere.access.policies import parse_policy
from trailmere.access.resource_policies import check_arn
from trailmere.access.wording import sentences
from trailmere.errors import InvalidParameter, MalformedPolicy
from trailmere.web.pages.stores_change import REFUSED, is_denied, said
from trailmere.web.pages.stores_read import asked, record_of
from trailmere.web.visit import Answer, Page, Redirect, Visit

if TYPE_CHECKING:
    from trailmere.access.statements import PolicyKind

MISSING = ("ResourcePolicyNotFoundException",)
READ_STORE = ("cloudtrail:GetEventDataStore", "cloudtrail:StartQuery", "cloudtrail:GetQueryResults")
BRING = ("cloudtrail-data:PutAuditEvents",)
SERVICE = "cloudtrail.amazonaws.com"


@dataclass(frozen=True, slots=True)
class ReadPolicy:
    """A policy: its text, in words, with advice. ``refused``: it may not be seen; no ``text``: there is none."""

    text: str = ""
    sentences: tuple[str, ...] = ()
    advice: tuple[tuple[str, str], ...] = ()
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Shared:
    """What is shared: a store or a channel."""

    kind: str  # "store" or "channel"
    id: str
    name: str
    arn: str

    @property
    def place(self) -> str:
        """Its page, below the console."""
        return f"/stores/{self.id}" if self.kind == "store" else f"/stores/channels/{self.id}"


def policy_of(visit: Visit, arn: str) -> ReadPolicy:
    """The policy of a resource as whoever looks may see it."""
    told = asked(visit, "GetResourcePolicy", MISSING, ResourceArn=arn)
    return read(told.output["ResourcePolicy"], check_arn(arn)) if told.output else ReadPolicy(refused=told.refused)


def read(text: str, kind: PolicyKind) -> ReadPolicy:
    """A policy in words. One that an earlier version took and that is not understood now has none."""
    try:
        policy = parse_policy(text, kind)
    except MalformedPolicy as error:
        return ReadPolicy(text, (), (("", error.message),))
    return ReadPolicy(text, sentences(policy), tuple((one.place, one.text) for one in advise(policy)))


def show(visit: Visit) -> Page:
    """The page: the policy, the editor, the templates, and what the other side needs."""
    shared = _shared(visit)
    policy = policy_of(visit, shared.arn)
    return Page("stores_sharing.html", _context(visit, shared, policy, _laid_out(policy.text)))


def change(visit: Visit) -> Answer:
    """Save, delete, check, or fill in a template."""
    shared, action = _shared(visit), visit.field("do")
    text = visit.field("policy").replace("\r\n", "\n")
    policy = policy_of(visit, shared.arn)
    try:
        if action == "delete":
            visit.perform("DeleteResourcePolicy", ResourceArn=shared.arn)
            return Redirect(visit.link(f"{shared.place}/sharing"), said=f"{shared.name} has no policy any more.")
        if action in _TEMPLATES:
            text = _with_template(visit, shared, text)
            return Page("stores_sharing.html", _context(visit, shared, policy, text, drafted=_draft(text, shared)))
        if action == "check":
            drafted = _draft(text, shared)
            return Page("stores_sharing.html", _context(visit, shared, policy, text, drafted=drafted))
        visit.perform("PutResourcePolicy", ResourceArn=shared.arn, ResourcePolicy=text)
    except REFUSED as error:
        if is_denied(error):
            raise
        return Page("stores_sharing.html", _context(visit, shared, policy, text, wrong=_said(error, text)), 400)
    return Redirect(visit.link(f"{shared.place}/sharing"), said=f"The policy of {shared.name} was saved.")


def _shared(visit: Visit) -> Shared:
    if "channel" in visit.values:
        told = visit.perform("GetChannel", Channel=visit.values["channel"])
        arn = told["ChannelArn"]
        return Shared("channel", arn.rpartition("/")[2], told["Name"], arn)
    told = visit.perform("GetEventDataStore", EventDataStore=visit.values["id"])
    store = record_of(visit, told["EventDataStoreArn"])
    return Shared("store", store.id, store.name, store.arn)


def _context(
    visit: Visit,
    shared: Shared,
    policy: ReadPolicy,
    text: str,
    *,
    wrong: Mapping[str, Any] | None = None,
    drafted: ReadPolicy | None = None,
) -> dict[str, Any]:
    return {
        "shared": shared,
        "policy": policy,
        "text": text,
        "lines": max(12, min(30, text.count("\n") + 2)),
        "wrong": wrong,
        "drafted": drafted,
        "may_put": visit.may("cloudtrail:PutResourcePolicy", shared.arn),
        "may_delete": visit.may("cloudtrail:DeleteResourcePolicy", shared.arn),
        "dashboards": _dashboards(visit) if shared.kind == "store" else (),
        "their_side": their_side(shared),
    }


def their_side(shared: Shared) -> str:
    """The identity policy that a user of another account needs beside this one."""
    actions = READ_STORE if shared.kind == "store" else BRING
    return json.dumps(_policy([{"Effect": "Allow", "Action": list(actions), "Resource": shared.arn}]), indent=2)


def _said(error: Exception, text: str) -> dict[str, Any]:
    """The error with its place in the text: its line, where it can be told."""
    told: dict[str, Any] = said(error)
    cause = error.__cause__ or error
    place = getattr(cause, "place", None) or ""
    line = re.match(r"line (\d+)", place)
    return told | {"place": place, "line": int(line[1]) if line else _line_of(place, text)}


def _line_of(place: str, text: str) -> int | None:
    """The line of the member that ``Statement[1].Principal`` ends with; of the n-th one of that name, by statement."""
    numbered = re.match(r"Statement\[(\d+)\]", place)
    member = place.rpartition(".")[2] if "." in place else "Effect"
    lines = [number for number, line in enumerate(text.split("\n"), 1) if f'"{member}"' in line]
    wanted = int(numbered[1]) if numbered else 0
    return lines[wanted] if place and wanted < len(lines) else None


def _draft(text: str, shared: Shared) -> ReadPolicy:
    """What stands in the editor, in words. Raises MalformedPolicy."""
    policy = parse_policy(text, check_arn(shared.arn))
    return ReadPolicy(text, sentences(policy), tuple((one.place, one.text) for one in advise(policy)))


# -- templates -----------------------------------------------------------------------------------------------------


def _with_template(visit: Visit, shared: Shared, text: str) -> str:
    """The text with the statement of a template added. Raises InvalidParameter, MalformedPolicy."""
    statement = _TEMPLATES[visit.field("do")](visit, shared)
    try:
        policy = json.loads(text) if text.strip() else _policy([])
        known = policy["Statement"] if isinstance(policy["Statement"], list) else [policy["Statement"]]
    except (ValueError, KeyError, TypeError):
        raise InvalidParameter(
            "The text is no policy that a statement could be added to: correct or empty it."
        ) from None
    sids = {one.get("Sid") for one in known if isinstance(one, dict)}
    statement["Sid"] = next(name for name in _sids(str(statement["Sid"])) if name not in sids)
    policy["Statement"] = [*known, statement]
    return json.dumps(policy, indent=2, ensure_ascii=False)


def _sids(name: str) -> Any:
    yield name
    number = 2
    while True:
        yield f"{name}{number}"
        number += 1


def _account_may_query(visit: Visit, shared: Shared) -> dict[str, Any]:
    account = visit.field("account").strip()
    if not re.fullmatch(r"\d{12}", account, re.ASCII):
        raise InvalidParameter(f"Expected the twelve digits of an account, got {account[:40]!r}.")
    action = READ_STORE if shared.kind == "store" else BRING
    sid = f"Account{account}{'Queries' if shared.kind == 'store' else 'BringsEvents'}"
    principal = {"AWS": f"arn:aws:iam::{account}:root"}
    return {"Sid": sid, "Effect": "Allow", "Principal": principal, "Action": list(action), "Resource": shared.arn}


def _dashboard_may_query(visit: Visit, shared: Shared) -> dict[str, Any]:
    arn = visit.field("dashboard").strip()
    if not re.fullmatch(r"arn:aws[a-z-]*:cloudtrail:[a-z0-9-]+:\d{12}:dashboard/[\w.-]+", arn, re.ASCII):
        raise InvalidParameter(f"Expected the ARN of a dashboard, got {arn[:200]!r}.")
    return {
        "Sid": "DashboardQueries",
        "Effect": "Allow",
        "Principal": {"Service": SERVICE},
        "Action": ["cloudtrail:StartQuery"],
        "Resource": shared.arn,
        "Condition": {"StringEquals": {"AWS:SourceArn": arn, "AWS:SourceAccount": arn.split(":")[4]}},
    }


_TEMPLATES: Mapping[str, Callable[[Visit, Shared], dict[str, Any]]] = {
    "template": _account_may_query,
    "template-dashboard": _dashboard_may_query,
}


def _policy(statements: list[dict[str, Any]]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": statements}


def _dashboards(visit: Visit) -> list[str]:
    told = asked(visit, "ListDashboards", Type="CUSTOM")
    return [] if told.output is None else [one["DashboardArn"] for one in told.output["Dashboards"]]


def _laid_out(text: str) -> str:
    """JSON for editing; a policy that was put on one line gets lines, one with lines stays as it was written."""
    if not text or "\n" in text:
        return text
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except ValueError:
        return text


ROUTES = (
    ("GET", "/stores/{id}/sharing", show),
    ("POST", "/stores/{id}/sharing", change),
    ("GET", "/stores/channels/{channel}/sharing", show),
    ("POST", "/stores/channels/{channel}/sharing", change),
)
