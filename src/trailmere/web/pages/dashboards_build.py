"""Building a custom dashboard: its widgets arranged, added, changed, removed.

Each step is an UpdateDashboard. Widgets are named by their aliases, so that what somebody else has changed in between
is seen and not overwritten.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from trailmere.api.errors import Fault
from trailmere.dashboards.drawing import COLUMNS, NAMES, TALLEST, USUAL, WIDEST, missing_columns, size
from trailmere.dashboards.files import named_sql
from trailmere.dashboards.library import MANAGED
from trailmere.dashboards.parameters import completed, filled
from trailmere.dashboards.records import END, PERIOD, START, STORE, View, Widget, with_placeholders
from trailmere.errors import InvalidParameter, TrailmereError
from trailmere.query.encoding import texts
from trailmere.query.parameters import fill
from trailmere.web.pages.dashboards_opened import Opened, opened, widget_given
from trailmere.web.pages.dashboards_results import Shown, answer_shown
from trailmere.web.visit import Answer, Page, Redirect, Visit

PREVIEW_ROWS = 50
_MOMENT = re.compile(r"'?:(from|to)\b'?")
_NOT_IN_TITLES = re.compile(r"[^a-zA-Z0-9._\- ]+")  # AWS's pattern of values of ViewProperties
MOVES = ("earlier", "later", "narrower", "wider", "shorter", "taller", "remove")
CHANGED = "Somebody else has changed the widgets meanwhile. This is how they are now; try once more."


@dataclass(frozen=True, slots=True)
class Draft:
    """A widget as it stands in the form. ``alias``: of the one that is changed; none of a new one."""

    alias: str = ""
    title: str = ""
    view: str = View.TABLE
    sql: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    width: int = USUAL["Width"]
    height: int = USUAL["Height"]

    def properties(self) -> dict[str, str]:
        """As ViewProperties."""
        drawn = {name: self.columns[name] for name in COLUMNS.get(self.view, ()) if self.columns.get(name)}
        return {"Title": self.title, "View": self.view, **drawn, "Width": str(self.width), "Height": str(self.height)}

    def widget(self) -> Widget:
        """As the room has it: names become placeholders."""
        statement, names = with_placeholders(self.sql.strip().rstrip(";"))
        return Widget(statement, names, self.properties())


def show(visit: Visit) -> Page:
    """The widgets, to be arranged."""
    return _arranging(visit, opened(visit), "", 200)


def arrange(visit: Visit) -> Answer:
    """Keep order and sizes as the form has them, after the one move that a button asks for."""
    one = opened(visit)
    by_alias = {each.alias: each for each in one.board.widgets}
    places = [text.split("|") for text in visit.fields("widget")]
    if sorted(place[0] for place in places) != sorted(by_alias) or any(len(place) != 3 for place in places):
        return _arranging(visit, one, CHANGED, 409)
    placed = [_sized(by_alias[alias], width, height) for alias, width, height in places]
    alias, _, move = visit.field("move").rpartition(":")
    _update(visit, _moved(placed, alias, move) if move in MOVES else placed)
    if not move:
        return Redirect(visit.link(f"/dashboards/{one.id}"), said="The arrangement is kept.")
    return Redirect(visit.link(f"/dashboards/{one.id}/edit"), said="Removed." if move == "remove" else "")


def show_widget(visit: Visit) -> Page:
    """The form of one widget: of the dashboard, a copy of a sample, a saved query, or empty."""
    one = opened(visit)
    return _form(visit, one, _draft_of_link(visit, one), 200)


def change_widget(visit: Visit) -> Answer:
    """Show what the widget would show, or keep it."""
    one, draft = opened(visit), _draft_of_form(visit)
    if visit.field("do") == "preview":
        try:
            return _form(visit, one, draft, 200, preview=_preview(visit, draft))
        except (TrailmereError, Fault) as error:
            return _form(visit, one, draft, 400, wrong=error)
    try:
        _keep(visit, one, draft)
    except (TrailmereError, Fault) as error:
        if isinstance(error, Fault) and error.code == "AccessDeniedException":
            raise
        return _form(visit, one, draft, 400, wrong=error)
    return Redirect(visit.link(f"/dashboards/{one.id}"), said=f"{draft.title} is kept. Refresh to see what it shows.")


def _keep(visit: Visit, one: Opened, draft: Draft) -> None:
    """Raises InvalidParameter, StatementInvalid and its kin, Fault."""
    if not draft.title:
        raise InvalidParameter("Give the widget a title.")
    made = draft.widget()
    if missing := _missing(visit, draft, made):
        raise InvalidParameter(f"The statement gives no column {missing[0]}.")
    widgets = list(one.board.widgets)
    if not draft.alias:
        widgets.append(made)
    elif (at := next((n for n, each in enumerate(widgets) if each.alias == draft.alias), None)) is None:
        raise InvalidParameter("Somebody else has removed or changed this widget meanwhile. Add it as a new one.")
    else:
        widgets[at] = made
    _update(visit, widgets)


def _missing(visit: Visit, draft: Draft, made: Widget) -> tuple[str, ...]:
    checked = visit.app.queries.check(_filled(visit, made), visit.catalog())
    return missing_columns(draft.properties(), [column.name for column in checked.columns])


def _preview(visit: Visit, draft: Draft) -> Shown:
    """The first rows, over the page's time range. Raises StatementInvalid and its kin, AccessDenied."""
    made = draft.widget()
    statement = _filled(visit, made)
    answer = visit.run(statement, rows=PREVIEW_ROWS)
    names = [column.name for column in answer.columns]
    rows = [row for batch in answer.batches for row in texts(batch)]
    return answer_shown(visit, made, statement, names, rows)


def _filled(visit: Visit, made: Widget) -> str:
    span = visit.range
    given = {START: span.start.isoformat(), END: span.end.isoformat(), PERIOD: span.period}
    values = completed(given, visit.request.arrived, needs_store=False)
    return fill(made.statement, filled(made.parameters, values))


def _update(visit: Visit, widgets: Sequence[Widget]) -> None:
    given = [widget_given(each.statement, each.parameters, dict(each.properties)) for each in widgets]
    visit.perform("UpdateDashboard", DashboardId=visit.values["name"], Widgets=given)


def _sized(widget: Widget, width: str, height: str) -> Widget:
    wanted = {"Width": width, "Height": height}
    sides = {side: str(size(wanted, side)) for side in wanted}
    return replace(widget, properties={**widget.properties, **sides})


def _moved(widgets: list[Widget], alias: str, move: str) -> list[Widget]:
    at = next((n for n, each in enumerate(widgets) if each.alias == alias), None)
    if at is None:
        return widgets
    if move == "remove":
        return widgets[:at] + widgets[at + 1 :]
    if move in ("earlier", "later"):
        to = max(0, min(len(widgets) - 1, at + (1 if move == "later" else -1)))
        widgets.insert(to, widgets.pop(at))
        return widgets
    side = "Width" if move in ("narrower", "wider") else "Height"
    by = 1 if move in ("wider", "taller") else -1
    sides = {name: size(widgets[at].properties, name) for name in ("Width", "Height")}
    sides[side] = max(1, min(WIDEST if side == "Width" else TALLEST, sides[side] + by))
    widgets[at] = _sized(widgets[at], str(sides["Width"]), str(sides["Height"]))
    return widgets


def _draft_of_form(visit: Visit) -> Draft:
    names = {name for columns in COLUMNS.values() for name in columns}
    sides = {"Width": visit.field("width"), "Height": visit.field("height")}
    return Draft(
        alias=visit.field("alias"),
        title=visit.field("title").strip(),
        view=visit.field("view", View.TABLE),
        sql=visit.field("sql").replace("\r\n", "\n"),
        columns={name: visit.field(name).strip() for name in names},
        width=size(sides, "Width"),
        height=size(sides, "Height"),
    )


def _draft_of_link(visit: Visit, one: Opened) -> Draft:
    if alias := visit.arg("alias"):
        found = next((each for each in one.board.widgets if each.alias == alias), None)
        if found is None:
            raise InvalidParameter("This widget is no longer in the dashboard.", hint="look at the dashboard anew")
        return _draft_of(found, alias)
    if sample := visit.arg("sample"):
        found = next((each for board in MANAGED for each in board.as_widgets() if each.alias == sample), None)
        if found is None:
            raise InvalidParameter("There is no such sample widget.")
        store = visit.arg("store")
        return _draft_of(
            replace(found, parameters=tuple(store if t == STORE and store else t for t in found.parameters))
        )
    if saved := visit.arg("saved"):
        kept = visit.app.saved_queries.get(visit.account_id, saved)
        moments = {"from": START, "to": END}
        sql = _MOMENT.sub(lambda found: f"'{moments[found[1]]}'", kept.statement)
        return Draft(title=_NOT_IN_TITLES.sub(" ", kept.name).strip(), sql=sql)
    return Draft(sql=visit.arg("sql"))


def _draft_of(widget: Widget, alias: str = "") -> Draft:
    properties = widget.properties
    return Draft(
        alias=alias,
        title=properties.get("Title", ""),
        view=properties.get("View", View.TABLE),
        sql=named_sql(widget),
        columns={name: value for name, value in properties.items() if name.endswith("Column")},
        width=size(properties, "Width"),
        height=size(properties, "Height"),
    )


def _arranging(visit: Visit, one: Opened, wrong: str, status: int) -> Page:
    if one.board.record is None or one.is_highlights:
        raise InvalidParameter(
            f"{one.title} comes with the software, and cannot be changed.", hint="Save it as a dashboard of your own."
        )
    visit.allow("cloudtrail:UpdateDashboard", one.board.arn)
    widgets = [
        {
            "alias": each.alias,
            "title": each.properties.get("Title", ""),
            "view": NAMES.get(View(each.properties["View"]), "") if each.properties.get("View") in NAMES else "Table",
            "width": size(each.properties, "Width"),
            "height": size(each.properties, "Height"),
            "sql": " ".join(named_sql(each).split())[:160],
        }
        for each in one.board.widgets
    ]
    context: dict[str, Any] = {
        "one": one,
        "widgets": widgets,
        "wrong": wrong,
        "samples": MANAGED,
        "stores": visit.stores(),
        "saved": _saved(visit),
        "most": 10,
    }
    return Page("dashboards_edit.html", context, status)


def _saved(visit: Visit) -> list[Any]:
    saved = getattr(visit.app, "saved_queries", None)
    return [] if saved is None else saved.of_account(visit.account_id)


def _form(
    visit: Visit,
    one: Opened,
    draft: Draft,
    status: int,
    *,
    preview: Shown | None = None,
    wrong: TrailmereError | Fault | None = None,
) -> Page:
    visit.allow("cloudtrail:UpdateDashboard", one.board.arn)
    line, column = getattr(wrong, "line", None), getattr(wrong, "column", None)
    problems = [] if wrong is None or line is None else [{"line": line, "column": column, "message": wrong.message}]
    context: dict[str, Any] = {
        "one": one,
        "draft": draft,
        "views": NAMES,
        "drawn": COLUMNS,
        "widget": preview,
        "level": 2,
        "wrong": "" if wrong is None else wrong.message,
        "place": "" if line is None else f"Line {line}, column {column}.",
        "hint": getattr(wrong, "hint", None) or "",
        "problems": problems,
        "stores": visit.stores(),
        "columns": [] if preview is None else preview.columns,
    }
    return Page("dashboards_form.html", context, status)
