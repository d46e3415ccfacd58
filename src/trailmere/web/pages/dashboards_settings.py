"""What is done to a whole dashboard: saved as another, scheduled, permitted, shared, protected, tagged, deleted."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from typing import Any

from trailmere.api.errors import Fault
from trailmere.dashboards.files import as_file, text_of
from trailmere.dashboards.records import STORE
from trailmere.errors import InvalidParameter
from trailmere.web.pages.dashboards_opened import Opened, opened, policy_of, stores_read, widget_given
from trailmere.web.pages.dashboards_policies import (
    may_query,
    may_refresh,
    may_see,
    may_see_results,
    merged,
    without_principal,
    without_source,
)
from trailmere.web.visit import Answer, Download, Redirect, Visit

SCHEDULES: Mapping[str, tuple[str, int]] = {
    "1h": ("HOURS", 1),
    "6h": ("HOURS", 6),
    "12h": ("HOURS", 12),
    "24h": ("HOURS", 24),
    "1d": ("DAYS", 1),
}
_PRINCIPAL = re.compile(r"\d{12}|arn:aws[a-z-]*:(iam|sts)::\d{12}:(root|(user|role|assumed-role)/\S+)")
_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9_\-]+")


def save_as(visit: Visit) -> Answer:
    """A custom dashboard with the widgets of this one; of a managed one, for one store."""
    one = opened(visit)
    store = visit.field("store")
    if one.board.managed is not None and not store:
        raise InvalidParameter("Choose the event data store that the copy shall be for.")
    name = _NOT_IN_NAMES.sub("-", visit.field("as").strip()).strip("-")
    widgets = [
        widget_given(
            each.statement, [store if text == STORE else text for text in each.parameters], dict(each.properties)
        )
        for each in one.board.widgets
    ]
    visit.perform("CreateDashboard", Name=name, Widgets=widgets)
    return Redirect(
        visit.link(f"/dashboards/{name}"), said=f"{name} is made, with {len(widgets)} widgets. It is yours to change."
    )


def set_schedule(visit: Visit) -> Answer:
    """Refresh by a schedule, or no longer. What lets CloudTrail do it is attached to the dashboard."""
    one = opened(visit)
    chosen = visit.field("every")
    unit, value = SCHEDULES.get(chosen, ("HOURS", 24))
    schedule: dict[str, Any] = {
        "Frequency": {"Unit": unit, "Value": value},
        "Status": "ENABLED" if chosen in SCHEDULES else "DISABLED",
    }
    if visit.field("at"):
        schedule["TimeOfDay"] = visit.field("at")
    visit.perform("UpdateDashboard", DashboardId=visit.values["name"], RefreshSchedule=schedule)
    if chosen not in SCHEDULES:
        return _back(visit, one, "It is refreshed by hand only.")
    arn = one.board.arn
    visit.perform("PutResourcePolicy", ResourceArn=arn, ResourcePolicy=merged(policy_of(visit, arn), may_refresh(arn)))
    after = opened(visit)
    return _back(visit, one, f"It is refreshed {after.schedule}.")


def permit(visit: Visit) -> Answer:
    """Let CloudTrail query for the dashboard the stores that it reads; of Highlights, those that were chosen."""
    one = opened(visit)
    chosen = [each for each in visit.stores() if each.id in visit.fields("store")]
    arns = [each.arn for each in (chosen if one.is_highlights else one.blocked)]
    for arn in arns:
        policy = merged(policy_of(visit, arn), may_query(arn, [one.board.arn]))
        visit.perform("PutResourcePolicy", ResourceArn=arn, ResourcePolicy=policy)
    return _back(visit, one, "CloudTrail may query the stores of this dashboard. Refresh to see what they hold.")


def share(visit: Visit) -> Answer:
    """Let somebody of another account look at the dashboard and at the answers of its refreshes; nothing else."""
    one = opened(visit)
    principal = visit.field("with").strip()
    if not _PRINCIPAL.fullmatch(principal):
        raise InvalidParameter("Expected an account of 12 digits, or the ARN of a user or role.")
    for arn, statement in [
        (one.board.arn, may_see(one.board.arn, [principal])),
        *((each.arn, may_see_results(each.arn, [principal])) for each in stores_read(visit, one.board)),
    ]:
        visit.perform("PutResourcePolicy", ResourceArn=arn, ResourcePolicy=merged(policy_of(visit, arn), statement))
    return _back(visit, one, f"{principal} may look at it, by the link under Share.")


def unshare(visit: Visit) -> Answer:
    """Let somebody look at it no longer. Answers over the stores stay theirs where other dashboards are shared."""
    one = opened(visit)
    _put(visit, one.board.arn, without_principal(policy_of(visit, one.board.arn), visit.field("with")))
    return _back(visit, one, f"{visit.field('with')} may no longer look at it.")


def set_protection(visit: Visit) -> Answer:
    """Whether it can be deleted."""
    one = opened(visit)
    on = visit.field("protected") == "on"
    visit.perform("UpdateDashboard", DashboardId=visit.values["name"], TerminationProtectionEnabled=on)
    return _back(visit, one, "It cannot be deleted now." if on else "It can be deleted now.")


def set_tags(visit: Visit) -> Answer:
    """The tags as they stand in the form: ``KEY=VALUE``, one a line."""
    one = opened(visit)
    lines = [line.strip() for line in visit.field("tags").splitlines() if line.strip()]
    wanted = {key.strip(): value.strip() for key, _, value in (line.partition("=") for line in lines)}
    arn, present = one.board.arn, one.board.tags
    gone = [{"Key": key} for key in present if key not in wanted]
    new = [{"Key": key, "Value": value} for key, value in wanted.items() if present.get(key) != value]
    if gone:
        visit.perform("RemoveTags", ResourceId=arn, TagsList=gone)
    if new:
        visit.perform("AddTags", ResourceId=arn, TagsList=new)
    return _back(visit, one, "The tags are kept.")


def delete(visit: Visit) -> Answer:
    """Delete it, and take out of the stores' policies what was for it, so that none of the same name inherits that."""
    one = opened(visit)
    stores = stores_read(visit, one.board)
    visit.perform("DeleteDashboard", DashboardId=visit.values["name"])
    with contextlib.suppress(Fault):  # who may not change policies leaves them
        for each in stores:
            before = policy_of(visit, each.arn)
            if before is not None and one.board.arn in before:
                _put(visit, each.arn, without_source(before, one.board.arn))
    return Redirect(visit.link("/dashboards"), said=f"{one.title} is deleted.")


def download(visit: Visit) -> Answer:
    """The dashboard as a file, for `trailmere dashboard apply`."""
    one = opened(visit)
    return Download(text_of(as_file(one.board)).encode(), "application/json", f"{one.board.name}.json")


def _put(visit: Visit, arn: str, policy: str | None) -> None:
    if policy is None:
        visit.perform("DeleteResourcePolicy", ResourceArn=arn)
    else:
        visit.perform("PutResourcePolicy", ResourceArn=arn, ResourcePolicy=policy)


def _back(visit: Visit, one: Opened, said: str) -> Redirect:
    return Redirect(visit.link(f"/dashboards/{one.id}"), said=said)
