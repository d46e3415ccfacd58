"""Dashboards: those that come with the software, Highlights, and custom ones; making one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from trailmere.api.errors import Fault
from trailmere.dashboards.highlights import HIGHLIGHTS_ID
from trailmere.dashboards.records import STORE
from trailmere.web.pages import dashboards_build, dashboards_settings, dashboards_show
from trailmere.web.pages.dashboards_opened import policy_of, schedule_words, title_of
from trailmere.web.pages.dashboards_policies import may_query, may_refresh, merged
from trailmere.web.visit import Answer, Page, Redirect, Visit

if TYPE_CHECKING:
    from trailmere.dashboards.board import Board

EVERY_SIX_HOURS = {"Frequency": {"Unit": "HOURS", "Value": 6}, "Status": "ENABLED"}
_NAME = re.compile(r"[^a-zA-Z0-9_\-]+")


@dataclass(frozen=True, slots=True)
class Listed:
    """A dashboard in the list."""

    board: Board
    title: str
    refreshed: datetime | None
    store: str
    failure: str
    schedule: str


def show(visit: Visit) -> Page:
    """The list."""
    return _page(visit, "", "", 200)


def create(visit: Visit) -> Answer:
    """A new custom dashboard, without widgets yet."""
    name = _NAME.sub("-", visit.field("name").strip()).strip("-")
    try:
        visit.perform("CreateDashboard", Name=name)
    except Fault as fault:
        if fault.code == "AccessDeniedException":
            raise
        return _page(visit, visit.field("name"), fault.message, 400)
    return Redirect(visit.link(f"/dashboards/{name}/edit"), said=f"{name} is made. It has no widgets yet.")


def enable_highlights(visit: Visit) -> Answer:
    """Make the Highlights dashboard, and let CloudTrail query the stores that were chosen for it."""
    arn = f"{visit.perform('CreateDashboard', Name=HIGHLIGHTS_ID, RefreshSchedule=EVERY_SIX_HOURS)['DashboardArn']}"
    visit.perform("PutResourcePolicy", ResourceArn=arn, ResourcePolicy=merged(policy_of(visit, arn), may_refresh(arn)))
    chosen = [one for one in visit.stores() if one.id in visit.fields("store")]
    for one in chosen:
        policy = merged(policy_of(visit, one.arn), may_query(one.arn, [arn]))
        visit.perform("PutResourcePolicy", ResourceArn=one.arn, ResourcePolicy=policy)
    names = ", ".join(one.name for one in chosen) or "no store"
    return Redirect(
        visit.link(f"/dashboards/{HIGHLIGHTS_ID}"),
        said=f"Highlights is enabled over {names}. It is refreshed every 6 hours; Refresh asks now.",
    )


def _page(visit: Visit, name: str, wrong: str, status: int) -> Page:
    visit.perform("ListDashboards")
    boards = visit.app.dashboards.all(visit.account_id, visit.region)
    stores = visit.stores()
    names = {one.id: one.name for one in stores}
    listed = [_listed(visit, one, names) for one in boards]
    highlights = next((one for one in listed if one.board.name == HIGHLIGHTS_ID), None)
    context: dict[str, Any] = {
        "managed": [one for one in listed if one.board.managed is not None],
        "custom": [one for one in listed if one.board.is_custom],
        "highlights": highlights,
        "stores": stores,
        "families": {one.family for one in stores},
        "may_create": visit.may("cloudtrail:CreateDashboard"),
        "may_permit": all(visit.may("cloudtrail:PutResourcePolicy", one.arn) for one in stores),
        "name": name,
        "wrong": wrong,
    }
    return Page("dashboards.html", context, status)


def _listed(visit: Visit, board: Board, stores: dict[str, str]) -> Listed:
    dashboards = visit.app.dashboards
    refresh = dashboards.latest(board)
    store = "" if refresh is None else refresh.given.get(STORE, "")
    return Listed(
        board=board,
        title=title_of(board),
        refreshed=None if refresh is None else refresh.started,
        store=stores.get(store, store[:8]),
        failure="" if refresh is None else dashboards.failure(board, refresh) or "",
        schedule=schedule_words(None if board.record is None else board.record.schedule),
    )


ROUTES = (
    ("GET", "/dashboards", show),
    ("POST", "/dashboards", create),
    ("POST", "/dashboards/highlights", enable_highlights),
    ("GET", "/dashboards/{name}", dashboards_show.show),
    ("GET", "/dashboards/{name}/part", dashboards_show.part),
    ("GET", "/dashboards/{name}/widgets/{alias}", dashboards_show.widget),
    ("GET", "/dashboards/{name}/state", dashboards_show.state),
    ("POST", "/dashboards/{name}/refresh", dashboards_show.refresh),
    ("GET", "/dashboards/{name}/edit", dashboards_build.show),
    ("POST", "/dashboards/{name}/arrange", dashboards_build.arrange),
    ("GET", "/dashboards/{name}/widget", dashboards_build.show_widget),
    ("POST", "/dashboards/{name}/widget", dashboards_build.change_widget),
    ("GET", "/dashboards/{name}/file", dashboards_settings.download),
    ("POST", "/dashboards/{name}/save-as", dashboards_settings.save_as),
    ("POST", "/dashboards/{name}/schedule", dashboards_settings.set_schedule),
    ("POST", "/dashboards/{name}/protection", dashboards_settings.set_protection),
    ("POST", "/dashboards/{name}/tags", dashboards_settings.set_tags),
    ("POST", "/dashboards/{name}/permit", dashboards_settings.permit),
    ("POST", "/dashboards/{name}/share", dashboards_settings.share),
    ("POST", "/dashboards/{name}/unshare", dashboards_settings.unshare),
    ("POST", "/dashboards/{name}/delete", dashboards_settings.delete),
)
