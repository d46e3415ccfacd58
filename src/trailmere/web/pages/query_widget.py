"""Query, as a widget: from a statement to a widget of a custom dashboard, new or there already.

The time range becomes the dashboard's (``$StartTime$``, ``$EndTime$``), other parameters keep their present values;
stores are named by their ids, as CreateDashboard has them.
"""

from __future__ import annotations

import re
from typing import Any

from trailmere.api.errors import Fault
from trailmere.dashboards.records import END, START, View
from trailmere.errors import InvalidParameter, TrailmereError
from trailmere.web.pages.query_editor import Draft, draft_of
from trailmere.web.pages.query_text import FROM, TO, parameter_names, stores_by_id, with_placeholders
from trailmere.web.visit import Answer, Page, Redirect, Visit

NEW = ""
CUSTOM = "CUSTOM"
DRAWN = {"line": View.LINE, "bar": View.BAR, "pie": View.PIE, "": View.TABLE}
NAMES = {View.TABLE: "Table", View.LINE: "Lines", View.BAR: "Bars", View.PIE: "Pie"}
_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9_\-]+")


def show(visit: Visit) -> Page:
    """What the widget will be, and where it goes."""
    draft = draft_of(visit.query)
    if not draft.sql:
        raise InvalidParameter("There is no statement to make a widget of.", hint="open it from a query's answer")
    view = DRAWN.get(visit.arg("chart"), View.TABLE)
    chosen = {
        "view": view,
        "x": visit.arg("x"),
        "y": visit.arg("y"),
        "by": visit.arg("by"),
        "title": "",
        "dashboard": NEW,
        "name": "",
    }
    return _page(visit, draft, chosen, "", 200)


def create(visit: Visit) -> Answer:
    """Add it."""
    draft = draft_of(visit.form)
    chosen = {name: visit.field(name).strip() for name in ("view", "x", "y", "by", "title", "dashboard", "name")}
    try:
        dashboard = _add(visit, _widget(visit, draft, chosen), chosen)
    except (TrailmereError, Fault) as error:
        if isinstance(error, Fault) and error.code == "AccessDeniedException":
            raise
        return _page(visit, draft, chosen, error.message, 400)
    return Redirect(visit.link(f"/dashboards/{dashboard}"), said=f"The widget is in {dashboard}.")


def _add(visit: Visit, widget: dict[str, Any], chosen: dict[str, str]) -> str:
    """To the dashboard that was chosen; its name. Raises Fault."""
    if chosen["dashboard"] == NEW:
        name = _NOT_IN_NAMES.sub("-", chosen["name"]).strip("-")
        visit.perform("CreateDashboard", Name=name, Widgets=[widget])
        return name
    found = visit.perform("GetDashboard", DashboardId=chosen["dashboard"])
    kept = [_as_asked(one) for one in found.get("Widgets", ())]
    visit.perform("UpdateDashboard", DashboardId=chosen["dashboard"], Widgets=[*kept, widget])
    return chosen["dashboard"]


def _widget(visit: Visit, draft: Draft, chosen: dict[str, str]) -> dict[str, Any]:
    """As CreateDashboard takes it. Raises InvalidParameter, StatementInvalid and its kin."""
    if not chosen["title"]:
        raise InvalidParameter("Give the widget a title.")
    missing = [name for name in draft.names if not draft.given.get(name)]
    if missing:
        raise InvalidParameter(f"Give a value for :{missing[0]}.")
    statement, names = with_placeholders(draft.sql, draft.given, {FROM: START, TO: END})
    view = View(chosen["view"])
    columns = (
        {"x": "LabelColumn", "y": "ValueColumn"}
        if view is View.PIE
        else {"x": "XAxisColumn", "y": "YAxisColumn", "by": "FilterColumn"}
    )
    drawn = {} if view is View.TABLE else {member: chosen[name] for name, member in columns.items() if chosen[name]}
    if view is not View.TABLE and not (chosen["x"] and chosen["y"]):
        raise InvalidParameter("A chart needs a column for its labels and one for its numbers.")
    widget: dict[str, Any] = {
        "QueryStatement": stores_by_id(statement, visit.catalog()),
        "ViewProperties": {"Title": chosen["title"], "View": str(view), **drawn},
    }
    return widget | ({"QueryParameters": list(names)} if names else {})


def _as_asked(widget: dict[str, Any]) -> dict[str, Any]:
    """A widget that is there, as UpdateDashboard takes it."""
    return {name: value for name, value in widget.items() if name != "QueryAlias" and value is not None}


def _page(visit: Visit, draft: Draft, chosen: dict[str, str], wrong: str, status: int) -> Page:
    own = visit.perform("ListDashboards", Type=CUSTOM)["Dashboards"]
    names = [one["DashboardArn"].rpartition("/")[2] for one in own]
    context = {
        "draft": draft,
        "chosen": chosen,
        "wrong": wrong,
        "views": NAMES,
        "dashboards": [name for name in names if not name.startswith("AWSCloudTrail-")],
        "uses_range": any(name in (FROM, TO) for name in parameter_names(draft.sql)),
        "columns": _columns(visit, draft),
    }
    return Page("query_widget.html", context, status)


def _columns(visit: Visit, draft: Draft) -> list[str]:
    """The names of the answer's columns, to choose from."""
    try:
        return [one.name for one in visit.app.queries.check(draft.filled(visit).text, visit.catalog()).columns]
    except TrailmereError:
        return []
