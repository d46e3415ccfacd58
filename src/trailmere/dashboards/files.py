"""Dashboards as files: JSON that people read, compare and keep under version control; and what is wrong with one.

A statement is a list of its lines, with names (``$StartTime$``) where clients of AWS have ``?`` and a parameter. What
``apply`` does with a file, and whether a store is there, is for the doors; columns are checked against what the
statement gives.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from trailmere.dashboards.drawing import COLUMNS, TALLEST, WIDEST, is_view, missing_columns
from trailmere.dashboards.parameters import completed, filled
from trailmere.dashboards.records import STORE, View, Widget, with_placeholders
from trailmere.dashboards.schedule import FREQUENCIES, checked
from trailmere.errors import InvalidParameter, TrailmereError
from trailmere.query.parameters import fill
from trailmere.registry.dashboards import MAXIMUM_WIDGETS, Schedule

if TYPE_CHECKING:
    from trailmere.dashboards.board import Board

VERSION = 1
LONGEST_STATEMENT = 10_000
MEMBERS = ("version", "name", "schedule", "termination_protection", "tags", "widgets")
WIDGET_MEMBERS = ("title", "view", "columns", "width", "height", "sql", "other")
_NAME = re.compile(r"[a-zA-Z0-9_\-]{3,128}")
_VALUE = re.compile(r"[a-zA-Z0-9._\- ]{1,128}")  # AWS's pattern of values of ViewProperties
_EVERY = re.compile(r"([0-9]+) (hours?|days?)")


@dataclass(frozen=True, slots=True)
class DashboardFile:
    """What a file says."""

    name: str
    widgets: tuple[Widget, ...]
    schedule: Schedule | None = None
    termination_protection: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong with a file. ``place``: ``widgets[2].sql, line 3, column 8``."""

    place: str
    message: str


def named_sql(widget: Widget) -> str:
    """The statement with names and values in the place of ``?``: the other way of ``with_placeholders``."""
    try:
        return fill(widget.statement, widget.parameters).replace(f'"{STORE}"', STORE)
    except InvalidParameter:  # it was never asked: places and values do not fit together
        return widget.statement


def as_file(board: Board) -> DashboardFile:
    """A dashboard as a file has it; a managed one keeps the name of its store open."""
    record = board.record
    return DashboardFile(
        name=board.name,
        widgets=board.widgets,
        schedule=None if record is None else record.schedule,
        termination_protection=record is not None and record.termination_protected,
        tags=dict(board.tags),
    )


def text_of(file: DashboardFile) -> str:
    """The file."""
    told: dict[str, Any] = {"version": VERSION, "name": file.name}
    if file.schedule is not None:
        told["schedule"] = _schedule_told(file.schedule)
    if file.termination_protection:
        told["termination_protection"] = True
    if file.tags:
        told["tags"] = dict(sorted(file.tags.items()))
    told["widgets"] = [_widget_told(one) for one in file.widgets]
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def read(text: str) -> DashboardFile:
    """What a file says. Raises InvalidParameter with the place of what is wrong first."""
    document = _document(text)
    findings = list(_shape(document))
    if findings:
        raise InvalidParameter(f"{findings[0].place}: {findings[0].message}", hint="trailmere dashboard lint tells all")
    return DashboardFile(
        name=document["name"],
        widgets=tuple(_widget_read(one) for one in document["widgets"]),
        schedule=_schedule_read(document["schedule"]) if document.get("schedule") else None,
        termination_protection=document.get("termination_protection", False),
        tags=document.get("tags", {}),
    )


def with_store(file: DashboardFile, store_id: str) -> DashboardFile:
    """The file with a store for the name of one that is open."""
    widgets = tuple(
        Widget(one.statement, tuple(store_id if text == STORE else text for text in one.parameters), one.properties)
        for one in file.widgets
    )
    return DashboardFile(file.name, widgets, file.schedule, file.termination_protection, file.tags)


def needs_store(file: DashboardFile) -> bool:
    """Whether it names no store for some of its widgets."""
    return any(STORE in one.parameters for one in file.widgets)


def lint(
    text: str, columns_of: Callable[[str], Sequence[str]], now: datetime, store: str | None = None
) -> list[Finding]:
    """All that is wrong with a file. ``columns_of`` gives the columns of a statement, or raises what is wrong with it;
    ``store``: what stands for the name of the store."""
    try:
        document = _document(text)
    except InvalidParameter as error:
        return [Finding(error.hint or "file", error.message)]
    findings = list(_shape(document))
    widgets = document.get("widgets")
    for number, one in enumerate(widgets if isinstance(widgets, list) else []):
        if not any(finding.place.startswith(f"widgets[{number}]") for finding in findings):
            findings += _statement_findings(f"widgets[{number}]", _widget_read(one), columns_of, now, store)
    return findings


def changes(before: DashboardFile | None, after: DashboardFile) -> list[str]:
    """What ``apply`` would change, in words; nothing where nothing."""
    if before is None:
        return [f"create {after.name} with {len(after.widgets)} widgets"]
    told: list[str] = []
    old = {_title(one): one for one in before.widgets}
    new = {_title(one): one for one in after.widgets}
    told += [f"remove the widget {title!r}" for title in old if title not in new]
    told += [f"add the widget {title!r}" for title in new if title not in old]
    told += [
        f"change {what} of the widget {title!r}"
        for title in new
        if title in old
        for what in _of_widget(old[title], new[title])
    ]
    if not told and _asked(before) != _asked(after):
        told.append("arrange the widgets anew")
    if before.schedule != after.schedule and after.schedule is not None:
        told.append("change the schedule")
    if before.termination_protection != after.termination_protection:
        told.append(f"turn termination protection {'on' if after.termination_protection else 'off'}")
    if dict(before.tags) != dict(after.tags):
        told.append("change the tags")
    return told


def _asked(file: DashboardFile) -> list[tuple[str, tuple[str, ...], dict[str, str]]]:
    return [(one.statement, one.parameters, dict(one.properties)) for one in file.widgets]


def _of_widget(old: Widget, new: Widget) -> Iterator[str]:
    if (old.statement, old.parameters) != (new.statement, new.parameters):
        yield "the statement"
    if dict(old.properties) != dict(new.properties):
        yield "the view"


def _title(widget: Widget) -> str:
    return widget.properties.get("Title", "")


# -- writing -----------------------------------------------------------------------------------------------------------


def _widget_told(widget: Widget) -> dict[str, Any]:
    properties = dict(widget.properties)
    told: dict[str, Any] = {"title": properties.pop("Title", ""), "view": properties.pop("View", View.TABLE)}
    most = {"Width": WIDEST, "Height": TALLEST}
    fitting = [side for side in most if properties.get(side, "") in {str(one) for one in range(1, most[side] + 1)}]
    sides = {side.lower(): int(properties.pop(side)) for side in fitting}
    columns = {name: properties.pop(name) for name in COLUMNS.get(told["view"], ()) if name in properties}
    told |= {"columns": columns} if columns else {}
    told |= sides
    told |= {"other": properties} if properties else {}
    return told | {"sql": named_sql(widget).split("\n")}


def _schedule_told(schedule: Schedule) -> dict[str, Any]:
    told: dict[str, Any] = {"every": f"{schedule.value} {schedule.unit.lower()}", "enabled": schedule.enabled}
    return told | ({"at": schedule.time_of_day} if schedule.time_of_day else {})


# -- reading -----------------------------------------------------------------------------------------------------------


def _document(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise InvalidParameter(f"not JSON: {error.msg}", hint=f"line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise InvalidParameter("not a dashboard: nested too deeply", hint="file") from None
    if not isinstance(document, dict):
        raise InvalidParameter("expected an object", hint="file")
    return document


def _widget_read(one: Mapping[str, Any]) -> Widget:
    lines = one["sql"]
    statement, names = with_placeholders("\n".join(lines) if isinstance(lines, list) else lines)
    sides = {side: str(one[side.lower()]) for side in ("Width", "Height") if side.lower() in one}
    properties = {"Title": one["title"], "View": one["view"], **one.get("columns", {}), **sides, **one.get("other", {})}
    return Widget(statement, names, properties)


def _schedule_read(told: Mapping[str, Any]) -> Schedule:
    every = _EVERY.fullmatch(told["every"])
    assert every is not None
    return Schedule(f"{every[2].rstrip('s').upper()}S", int(every[1]), told.get("enabled", True), told.get("at"))


# -- what is wrong -----------------------------------------------------------------------------------------------------


def _shape(document: Mapping[str, Any]) -> Iterator[Finding]:
    """What is wrong with a file before any statement is looked at."""
    yield from (Finding(name, f"unknown; expected {', '.join(MEMBERS)}") for name in document if name not in MEMBERS)
    if document.get("version") != VERSION:
        yield Finding("version", f"expected {VERSION}, got {document.get('version')!r}")
    if not isinstance(document.get("name"), str) or not _NAME.fullmatch(document["name"]):
        yield Finding("name", "expected 3 to 128 letters, digits, _ and -")
    if not isinstance(document.get("termination_protection", False), bool):
        yield Finding("termination_protection", "expected true or false")
    tags = document.get("tags", {})
    if not isinstance(tags, dict) or not all(isinstance(value, str) for value in tags.values()):
        yield Finding("tags", "expected an object of texts")
    yield from _schedule_findings(document.get("schedule"))
    widgets = document.get("widgets")
    if not isinstance(widgets, list):
        yield Finding("widgets", "expected a list")
        return
    if len(widgets) > MAXIMUM_WIDGETS:
        yield Finding("widgets", f"expected at most {MAXIMUM_WIDGETS}, got {len(widgets)}")
    for number, one in enumerate(widgets):
        yield from _widget_findings(f"widgets[{number}]", one)


def _schedule_findings(told: Any) -> Iterator[Finding]:
    if told is None:
        return
    known = " or ".join(f"{value} {unit.lower()}" for unit, values in FREQUENCIES.items() for value in values)
    if not isinstance(told, dict) or not _EVERY.fullmatch(str(told.get("every"))):
        yield Finding("schedule.every", f"expected {known}")
        return
    if not isinstance(told.get("enabled", True), bool) or not isinstance(told.get("at", ""), str):
        yield Finding("schedule", "expected enabled to be true or false, and at to be a time such as 06:00")
        return
    try:
        checked(_schedule_read(told))
    except InvalidParameter as error:
        yield Finding("schedule", error.message)


def _widget_findings(place: str, one: Any) -> Iterator[Finding]:
    if not isinstance(one, dict):
        yield Finding(place, "expected an object")
        return
    for name in one:
        if name not in WIDGET_MEMBERS:
            yield Finding(f"{place}.{name}", f"unknown; expected {', '.join(WIDGET_MEMBERS)}")
    if not isinstance(one.get("title"), str) or not _VALUE.fullmatch(one["title"]):
        yield Finding(f"{place}.title", "expected up to 128 letters, digits, spaces and . _ -")
    if not is_view(one.get("view") if isinstance(one.get("view"), str) else None):
        yield Finding(f"{place}.view", f"expected one of {', '.join(View)}, got {one.get('view')!r}")
        return
    yield from _columns_findings(place, one)
    for side, most in (("width", WIDEST), ("height", TALLEST)):
        if side in one and (type(one[side]) is not int or not 1 <= one[side] <= most):
            yield Finding(f"{place}.{side}", f"expected 1 to {most}, got {one[side]!r}")
    sql = one.get("sql")
    if not isinstance(sql, str) and not (isinstance(sql, list) and all(isinstance(line, str) for line in sql)):
        yield Finding(f"{place}.sql", "expected a text, or a list of lines")


def _columns_findings(place: str, one: Mapping[str, Any]) -> Iterator[Finding]:
    other = one.get("other", {})
    if not isinstance(other, dict) or not all(
        isinstance(value, str) and _VALUE.fullmatch(value) for value in other.values()
    ):
        yield Finding(f"{place}.other", "expected an object of texts")
    columns, known = one.get("columns", {}), COLUMNS[one["view"]]
    if not isinstance(columns, dict) or not all(isinstance(value, str) for value in columns.values()):
        yield Finding(f"{place}.columns", "expected an object of names of columns")
        return
    for name in columns:
        if name not in known:
            yield Finding(f"{place}.columns.{name}", f"a {one['view']} has {', '.join(known) or 'none'}")


def _statement_findings(
    place: str, widget: Widget, columns_of: Callable[[str], Sequence[str]], now: datetime, store: str | None
) -> list[Finding]:
    if STORE in widget.parameters and store is None:
        return []  # which store it is is said when it is applied
    known = {STORE: store or "", **completed({}, now, needs_store=False)}
    try:
        statement = fill(widget.statement, filled(widget.parameters, known))
        if len(statement) > LONGEST_STATEMENT:
            return [Finding(f"{place}.sql", f"expected at most {LONGEST_STATEMENT:,} characters")]
        columns = columns_of(statement)
    except TrailmereError as error:
        line, column = getattr(error, "line", None), getattr(error, "column", None)
        where = "" if line is None else f", line {line}, column {column}"
        return [Finding(f"{place}.sql{where}", error.message)]
    gone = missing_columns(widget.properties, columns)
    return [
        Finding(f"{place}.columns", f"the statement gives no column {name}; it gives {', '.join(columns)}")
        for name in gone
    ]
