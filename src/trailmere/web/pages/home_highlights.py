"""Highlights on Home: their latest results, or an invitation. Turning them on does what the console of AWS does.

Source: CloudTrail user guide, "View the Highlights dashboard": CreateDashboard, and PutResourcePolicy on the event data
stores and the dashboard, so that CloudTrail may query them and refresh it. Policies that exist are kept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trailmere.api.errors import Fault
from trailmere.app import ACTIVITY_STORE
from trailmere.dashboards.highlights import HIGHLIGHTS_ID
from trailmere.registry.dashboards import arn_of
from trailmere.web.pages.dashboards_policies import Statement, may_query, may_refresh, merged
from trailmere.web.visit import Redirect, Visit

if TYPE_CHECKING:
    from trailmere.registry.records import EventDataStore

SCHEDULE = {"Frequency": {"Unit": "HOURS", "Value": 6}, "Status": "ENABLED"}
PART = f"/dashboards/{HIGHLIGHTS_ID}/part"


@dataclass(frozen=True, slots=True)
class Highlights:
    """``there``: the dashboard exists, and may be seen; ``part``: the page that shows its results, where there is one.
    ``may``: the visitor may turn them on."""

    there: bool
    part: str
    may: bool


def state(visit: Visit) -> Highlights:
    """What Home shows of them."""
    here = {one.name: one for one in visit.app.dashboards.all(visit.account_id, visit.region)}
    arn = arn_of(visit.account_id, visit.region, HIGHLIGHTS_ID)
    there = HIGHLIGHTS_ID in here and visit.may("cloudtrail:GetDashboard", arn)
    may = HIGHLIGHTS_ID not in here and all(
        visit.may(f"cloudtrail:{action}", arn) for action in ("CreateDashboard", "PutResourcePolicy")
    )
    return Highlights(there, PART if _is_routed(PART) else "", may)


def turn_on(visit: Visit) -> Redirect:
    """Create the dashboard, let CloudTrail query each store for it and refresh it; then refresh it once."""
    arn = arn_of(visit.account_id, visit.region, HIGHLIGHTS_ID)
    visit.perform("CreateDashboard", Name=HIGHLIGHTS_ID, RefreshSchedule=SCHEDULE)
    left = []
    for store in _stores(visit):
        try:
            _let(visit, store.arn, may_query(store.arn, [arn]))
        except Fault as refused:
            left.append(f"{store.name} ({refused.code})")
    _let(visit, arn, may_refresh(arn))
    said = "Highlights are on: they look at the last 24 hours, every 6 hours."
    try:
        visit.perform("StartDashboardRefresh", DashboardId=HIGHLIGHTS_ID)
    except Fault as refused:
        said += f" The first refresh did not start: {refused.message}"
    return Redirect(visit.link("/"), said + (f" Not looked at: {', '.join(left)}." if left else ""))


def _stores(visit: Visit) -> list[EventDataStore]:
    return [one for one in visit.stores() if one.name != ACTIVITY_STORE]


def _let(visit: Visit, arn: str, statement: Statement) -> None:
    """Add a statement to the policy of a resource."""
    try:
        before = visit.perform("GetResourcePolicy", ResourceArn=arn)["ResourcePolicy"]
    except Fault as fault:
        if "PolicyNotFound" not in fault.code:
            raise
        before = None
    visit.perform("PutResourcePolicy", ResourceArn=arn, ResourcePolicy=merged(before, statement))


def _is_routed(path: str) -> bool:
    """Whether there is such a page: it is another's, and may come later."""
    from trailmere.web import pages

    ways = (re.sub(r"\{\w+\}", "[^/]+", route) for method, route, _ in pages.ROUTES if method == "GET")
    return any(re.fullmatch(way, path) for way in ways)


ROUTES = (("POST", "/home/highlights", turn_on),)
