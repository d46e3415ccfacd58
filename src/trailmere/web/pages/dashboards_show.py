"""One dashboard: what its latest refresh has found, at once and however old; and asking anew."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from trailmere.api.errors import Fault
from trailmere.dashboards.records import END, PERIOD, START, STORE
from trailmere.errors import ResourceNotFound
from trailmere.web.pages.dashboards_opened import Opened, opened, policy_of, stores_read
from trailmere.web.pages.dashboards_policies import shared_with
from trailmere.web.pages.dashboards_results import shown, widget_shown
from trailmere.web.pages.stores_read import days_of
from trailmere.web.visit import Answer, Page, Redirect, Visit

if TYPE_CHECKING:
    from trailmere.registry.records import EventDataStore


def show(visit: Visit) -> Page:
    """The page."""
    return _page(visit, opened(visit), "", 200)


def part(visit: Visit) -> Page:
    """The widgets without the frame, to be put into another page."""
    one = opened(visit)
    context = {"one": one, "widgets": shown(visit, one.board, one.refresh), "level": 3}
    return Page("dashboards_part.html", context)


def widget(visit: Visit) -> Page:
    """One widget: what a page asks for until its query has ended."""
    one = opened(visit)
    aliases = [each.alias for each in one.board.widgets]
    if visit.values["alias"] not in aliases:
        raise ResourceNotFound("This widget is no longer in the dashboard.")
    found = widget_shown(visit, one.board, one.refresh, aliases.index(visit.values["alias"]))
    return Page("dashboards_widget.html", {"one": one, "widget": found, "level": 3 if visit.arg("level") == "3" else 2})


def state(visit: Visit) -> Page:
    """The button that refreshes: what a page asks for until the refresh is over."""
    one = opened(visit)
    fitting = _fitting(visit, one)
    context = {"one": one, "stores": fitting, "store": _chosen(fitting, visit.arg("store"), one)}
    ours = one.board.account_id == visit.account_id
    return Page("dashboards_state.html", context | {"ours": ours})


def refresh(visit: Visit) -> Answer:
    """Ask anew, over the page's time range."""
    one = opened(visit)
    span = visit.range
    values = {START: _time(span.start), END: _time(span.end), PERIOD: span.period}
    store = visit.field("store")
    if one.board.managed is not None and store:
        values[STORE] = store
    try:
        visit.perform("StartDashboardRefresh", DashboardId=visit.values["name"], QueryParameterValues=values)
    except Fault as fault:
        if visit.field("part"):
            raise
        return _page(visit, one, fault.message, 403 if fault.code == "AccessDeniedException" else 400, store)
    if visit.field("back"):
        return Redirect(visit.link("/"), said=f"{one.title} is being refreshed.")
    return Redirect(visit.link(f"/dashboards/{one.id}", store=store or None))


def _page(visit: Visit, one: Opened, wrong: str, status: int, store: str = "") -> Page:
    board = one.board
    ours = board.account_id == visit.account_id
    fitting = _fitting(visit, one)
    latest = _latest_outside(visit, one)
    context: dict[str, Any] = {
        "one": one,
        "widgets": shown(visit, board, one.refresh),
        "stores": fitting,
        "store": _chosen(fitting, store or visit.arg("store"), one),
        "shown_store": next((each.name for each in visit.stores() if each.id == one.store_id), one.store_id),
        "latest": latest,
        "there": None if latest is None else _days_until(latest),
        "wrong": wrong,
        "may_permit": all(visit.may("cloudtrail:PutResourcePolicy", each.arn) for each in one.blocked),
        "may_copy": visit.may("cloudtrail:CreateDashboard"),
        "asked_range": bool(visit.arg("range")),
        "level": 2,
        "ours": ours,
        **_settings(visit, one, ours=ours),
    }
    return Page("dashboards_show.html", context, status)


def _latest_outside(visit: Visit, one: Opened) -> datetime | None:
    """The latest event of the store, where it has none in the time that is shown: "nothing" is no good news there."""
    store = next((each for each in visit.stores() if each.id == one.store_id), None)
    if store is None or one.covered is None:
        return None
    days = days_of(visit, store)
    start, end = (moment.astimezone(UTC).replace(tzinfo=None) for moment in one.covered)
    if not days or any(day.first < end and day.last >= start for day in days):
        return None
    return days[-1].last.replace(tzinfo=UTC)


def _days_until(latest: datetime) -> str:
    """The three days that end with that of an event, as a range."""
    end = datetime.combine(latest.date(), time(), UTC) + timedelta(days=1)
    return f"{_time(end - timedelta(days=3))}..{_time(end)}"


def _settings(visit: Visit, one: Opened, *, ours: bool) -> dict[str, Any]:
    """What the dialogs of a custom dashboard show."""
    if not (ours and one.may_change):
        return {"shared": [], "read": [], "may_share": False}
    read = stores_read(visit, one.board)
    arns = [one.board.arn, *(each.arn for each in read)]
    may_share = one.board.is_custom and all(
        visit.may(f"cloudtrail:{name}", arn) for arn in arns for name in ("PutResourcePolicy", "GetResourcePolicy")
    )
    shared = shared_with(policy_of(visit, one.board.arn)) if may_share else []
    return {"shared": shared, "read": read, "may_share": may_share}


def _fitting(visit: Visit, one: Opened) -> list[EventDataStore]:
    """The stores that a managed dashboard can be about."""
    managed = one.board.managed
    return [each for each in visit.stores() if managed is not None and each.family == managed.family]


def _chosen(fitting: list[EventDataStore], wanted: str, one: Opened) -> str:
    """The store that a refresh would be about: the one asked for, the last one, the first that is not our own."""
    named = next((each.id for each in fitting if wanted and wanted in (each.id, each.name, each.arn)), "")
    last = next((each.id for each in fitting if each.id == one.store_id), "")
    usual = next((each.id for each in fitting if not each.name.startswith("trailmere-")), "")
    return named or last or usual or next((each.id for each in fitting), "")


def _time(moment: Any) -> str:
    return str(moment.strftime("%Y-%m-%dT%H:%M:%S.000Z"))
