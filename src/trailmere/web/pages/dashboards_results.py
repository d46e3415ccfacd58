"""What a dashboard shows: of each widget the answer of the latest refresh, how it is drawn, and where its rows lead.

Asked as clients of AWS ask: DescribeQuery by alias and refresh, then GetQueryResults.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from trailmere.api.errors import Fault
from trailmere.dashboards.drawing import Drawing, Kind, drawing, is_number, size
from trailmere.dashboards.records import END, START
from trailmere.web.pages.dashboards_drill import WIDER, Drill, Meanings, drill, meanings_of, step_seconds

if TYPE_CHECKING:
    from trailmere.dashboards.board import Board
    from trailmere.registry.dashboards import Refresh, Widget
    from trailmere.web.visit import Visit

MOST_ROWS = 1000  # asked for
MOST_SHOWN = 100  # in a table
GOING_ON = frozenset({"QUEUED", "RUNNING"})
NOT_YET = "Not asked yet: it is newer than the latest refresh."
FORGOTTEN = "The answer is no longer kept. Refresh to ask again."


@dataclass(frozen=True, slots=True)
class ShownRow:
    """Cells, and the link to the events behind them; ``why`` says why there is none, ``note`` what it also shows."""

    cells: tuple[str, ...]
    link: str = ""
    why: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """A widget with its answer. ``state``: ``done``, ``running``, ``failed``, ``never``. ``statement`` is filled;
    ``span``: of which time it tells, in the zone of the page; ``unread``: its stores hold no events of that time."""

    number: int
    alias: str
    title: str
    view: str
    tells: str
    state: str
    why: str = ""
    statement: str = ""
    columns: tuple[str, ...] = ()
    rows: tuple[ShownRow, ...] = ()
    total: int = 0
    drawn: Drawing | None = None
    span: str = ""
    unread: bool = False
    width: int = 2
    height: int = 3

    @property
    def kind(self) -> str:
        """How it is drawn."""
        return "table" if self.drawn is None else self.drawn.kind.value

    @property
    def numbers(self) -> frozenset[int]:
        """The positions of columns that hold numbers, to be set right."""
        ids = ("id", "accountid", "account")
        return frozenset(
            at
            for at, name in enumerate(self.columns)
            if not name.casefold().endswith(ids) and all(is_number(row.cells[at]) for row in self.rows)
        )

    @property
    def links(self) -> tuple[str, ...]:
        """Where the marks of a chart lead; nothing where none leads anywhere."""
        found = tuple(row.link for row in self.rows)
        return found if any(found) else ()

    @property
    def step(self) -> int:
        """Seconds between two labels of a trend, where what is left out is zero; else 0."""
        if self.drawn is None or self.drawn.kind is not Kind.LINE:
            return 0
        names = self.columns
        return step_seconds(meanings_of(self.statement), names[self.drawn.label], names[self.drawn.value])

    @property
    def series(self) -> str:
        """The column that tells series apart."""
        return "" if self.drawn is None or self.drawn.series is None else self.columns[self.drawn.series]

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be said of the rows' links, each once."""
        return tuple(dict.fromkeys(text for row in self.rows for text in (row.why, row.note) if text))


def shown(visit: Visit, board: Board, refresh: Refresh | None) -> list[Shown]:
    """All widgets of a dashboard."""
    return [widget_shown(visit, board, refresh, number) for number in range(len(board.widgets))]


def widget_shown(visit: Visit, board: Board, refresh: Refresh | None, number: int) -> Shown:
    """One widget, as it stands."""
    widget = board.widgets[number]
    if refresh is None or refresh.refresh_id is None:
        return _as(widget, number, state="never", why="Not asked yet.")
    owner = None if board.account_id == visit.account_id else board.account_id
    try:
        query = visit.perform(
            "DescribeQuery",
            QueryAlias=widget.alias,
            RefreshId=refresh.refresh_id,
            EventDataStoreOwnerAccountId=owner,
        )
        return _of_query(visit, widget, number, query, refresh, owner)
    except Fault as fault:
        if fault.code != "QueryIdNotFoundException":
            return _as(widget, number, state="failed", why=fault.message)
        age = visit.request.arrived - refresh.started
        forgotten = age.days >= visit.app.settings.query_results_days
        return _as(widget, number, state="never", why=FORGOTTEN if forgotten else NOT_YET)


def answer_shown(
    visit: Visit, widget: Widget, statement: str, columns: Sequence[str], rows: Sequence[tuple[str, ...]]
) -> Shown:
    """A widget with an answer that was asked for at once: a preview."""
    made = _drawn(visit, statement, columns, rows, {}, None)
    total = len(rows)
    drawn = drawing(widget.properties, columns, rows)
    return _as(
        widget, 0, state="done", statement=statement, columns=tuple(columns), rows=made, total=total, drawn=drawn
    )


def cells_of(rows: Sequence[Sequence[Mapping[str, str]]]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Names of columns, and cells, of QueryResultRows."""
    names = tuple(name for cell in rows[0] for name in cell) if rows else ()
    return names, [tuple(value for cell in row for value in cell.values()) for row in rows]


def time_read(cell: str, zone: tzinfo) -> str:
    """A cell; a time as people of a zone read it, without a fraction that is none."""
    if len(cell) not in (23, 26) or cell[4:5] != "-" or cell[13:14] != ":":
        return cell
    try:
        moment = datetime.fromisoformat(cell).replace(tzinfo=UTC).astimezone(zone)
    except ValueError:
        return cell
    text = f"{moment:%Y-%m-%d %H:%M:%S}"
    return f"{text}.{cell.partition('.')[2]}" if moment.microsecond else text


def _of_query(
    visit: Visit, widget: Widget, number: int, query: Mapping[str, Any], refresh: Refresh, owner: str | None
) -> Shown:
    status, statement = str(query["QueryStatus"]), str(query["QueryString"])
    if status in GOING_ON:
        return _as(widget, number, state="running", statement=statement)
    if status != "FINISHED":
        why = query.get("ErrorMessage") or f"The query is {status.lower().replace('_', ' ')}."
        return _as(widget, number, state="failed", why=str(why), statement=statement)
    found = visit.perform(
        "GetQueryResults", QueryId=query["QueryId"], MaxQueryResults=MOST_ROWS, EventDataStoreOwnerAccountId=owner
    )
    columns, rows = cells_of(found["QueryResultRows"])
    return _as(
        widget,
        number,
        state="done",
        statement=statement,
        columns=columns,
        rows=_drawn(visit, statement, columns, rows, refresh.given, owner),
        total=int(found["QueryStatistics"]["TotalResultsCount"]),
        span=_span(refresh, visit.zone),
        unread=not query["QueryStatistics"]["EventsScanned"] and "from" in statement.casefold(),
        drawn=drawing(widget.properties, columns, rows),
    )


def _span(refresh: Refresh, zone: tzinfo) -> str:
    ends = [refresh.given.get(name) for name in (START, END)]
    if None in ends:
        return ""
    return "..".join(f"{datetime.fromisoformat(str(end)).astimezone(zone):%Y-%m-%d %H:%M:%S}" for end in ends)


def _drawn(
    visit: Visit,
    statement: str,
    columns: Sequence[str],
    rows: Sequence[tuple[str, ...]],
    given: Mapping[str, str],
    owner: str | None,
) -> tuple[ShownRow, ...]:
    if owner is not None:  # events of another account are not for this page to open
        return tuple(
            ShownRow(tuple(time_read(cell, visit.zone) for cell in row), why="The events belong to another account.")
            for row in rows
        )
    meanings = meanings_of(statement)
    window = f"{given[START]}..{given[END]}" if START in given and END in given else None
    queried = [one.name for one in visit.stores() if {one.id, one.name, one.arn} & set(meanings.stores)]
    stores = [("store", name) for name in queried]
    return tuple(_row(visit, meanings, columns, row, window, stores) for row in rows)


def _row(
    visit: Visit,
    meanings: Meanings,
    columns: Sequence[str],
    cells: tuple[str, ...],
    window: str | None,
    stores: Sequence[tuple[str, str]],
) -> ShownRow:
    found = drill(meanings, columns, cells)
    read = tuple(time_read(cell, visit.zone) for cell in cells)
    if found.why:
        return ShownRow(read, why=found.why)
    return ShownRow(read, link=_link(visit, found, window, stores), note=WIDER if found.wider else "")


def _link(visit: Visit, found: Drill, window: str | None, stores: Sequence[tuple[str, str]]) -> str:
    if found.event:
        return visit.link(f"/events/{quote(found.event, safe='')}", range=window or visit.range.text)
    return visit.link("/events", *stores, *found.pairs, range=found.range or window or visit.range.text)


def _as(widget: Widget, number: int, **known: Any) -> Shown:
    from trailmere.dashboards.highlights import tells_of

    properties = widget.properties
    return Shown(
        number=number,
        alias=widget.alias,
        title=properties.get("Title", "") or "Without a title",
        view=properties.get("View", "Table"),
        tells=tells_of(properties.get("Title", ""), widget.statement),
        width=size(properties, "Width"),
        height=size(properties, "Height"),
        **known,
    )
