"""A dashboard that a page is about: found by name or ARN, with what the person may do to it, and what it reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from trailmere.api.errors import Fault
from trailmere.app import StoreCatalog
from trailmere.dashboards.highlights import HIGHLIGHTS_ID
from trailmere.dashboards.parameters import completed, filled
from trailmere.dashboards.records import END, START, STORE
from trailmere.errors import TrailmereError
from trailmere.query.parameters import fill

if TYPE_CHECKING:
    from trailmere.dashboards.board import Board
    from trailmere.query.records import StoreEntry
    from trailmere.registry.dashboards import Refresh, Schedule
    from trailmere.web.visit import Visit


@dataclass(frozen=True, slots=True)
class Opened:
    """A dashboard as one person sees it. ``id`` names it in paths: its name, or its ARN where it is another account's.
    ``blocked``: stores that it reads and CloudTrail may not query for it."""

    board: Board
    id: str
    refresh: Refresh | None
    running: bool
    failure: str
    may_refresh: bool
    may_change: bool
    may_delete: bool
    blocked: tuple[StoreEntry, ...]

    @property
    def title(self) -> str:
        """What it is called."""
        return title_of(self.board)

    @property
    def is_highlights(self) -> bool:
        """Whether it is the one over all stores."""
        return self.board.name == HIGHLIGHTS_ID

    @property
    def covered(self) -> tuple[datetime, datetime] | None:
        """Of which time the latest refresh tells."""
        given = {} if self.refresh is None else self.refresh.given
        if START not in given or END not in given:
            return None
        return datetime.fromisoformat(given[START]), datetime.fromisoformat(given[END])

    @property
    def store_id(self) -> str:
        """Of a managed dashboard: the store that the latest refresh was about."""
        return "" if self.refresh is None else self.refresh.given.get(STORE, "")

    @property
    def schedule(self) -> str:
        """Its schedule in words."""
        record = self.board.record
        return "" if record is None else schedule_words(record.schedule)


def opened(visit: Visit) -> Opened:
    """The dashboard that the path names. Raises Fault."""
    told = visit.perform("GetDashboard", DashboardId=visit.values["name"])
    arn = str(told["DashboardArn"])
    region, account_id, name = arn.split(":")[3], arn.split(":")[4], arn.rpartition("/")[2]
    board = visit.app.dashboards.get(account_id, region, name)
    refresh = visit.app.dashboards.latest(board)
    ours = account_id == visit.account_id
    return Opened(
        board=board,
        id=quote(name if ours else arn, safe=""),
        refresh=refresh,
        running=refresh is not None and visit.app.dashboards.is_running(board, refresh),
        failure=told.get("LastRefreshFailureReason") or "",
        may_refresh=ours and visit.may("cloudtrail:StartDashboardRefresh", arn),
        may_change=ours and board.record is not None and visit.may("cloudtrail:UpdateDashboard", arn),
        may_delete=ours and board.record is not None and visit.may("cloudtrail:DeleteDashboard", arn),
        blocked=_blocked(visit, board) if ours else (),
    )


def title_of(board: Board) -> str:
    """What a dashboard is called."""
    if board.managed is not None:
        return board.managed.title.removesuffix(" dashboard")
    return "Highlights" if board.name == HIGHLIGHTS_ID else board.name


def schedule_words(schedule: Schedule | None) -> str:
    """A schedule in words; nothing where there is none that is on."""
    if schedule is None or not schedule.enabled:
        return ""
    unit = schedule.unit.lower().removesuffix("s")
    every = f"every {unit}" if schedule.value == 1 else f"every {schedule.value} {unit}s"
    return f"{every}, from {schedule.time_of_day} UTC" if schedule.time_of_day else every


def stores_read(visit: Visit, board: Board) -> list[StoreEntry]:
    """The stores that the widgets of a dashboard read; those that are gone are left out."""
    catalog = StoreCatalog(visit.app.stores_in(board.account_id, board.region))
    values = completed({}, visit.request.arrived, needs_store=False)
    found: dict[str, StoreEntry] = {}
    for widget in board.widgets:
        try:
            checked = visit.app.queries.check(fill(widget.statement, filled(widget.parameters, values)), catalog)
        except TrailmereError:
            continue
        found |= {use.store.id: use.store for use in checked.tables}
    return list(found.values())


def policy_of(visit: Visit, arn: str) -> str | None:
    """The resource's policy, None where it has none. Raises Fault."""
    try:
        return str(visit.perform("GetResourcePolicy", ResourceArn=arn)["ResourcePolicy"])
    except Fault as fault:
        if fault.code == "ResourcePolicyNotFoundException":
            return None
        raise


def widgets_as_given(board: Board) -> list[dict[str, Any]]:
    """The widgets of a dashboard as UpdateDashboard takes them."""
    return [widget_given(one.statement, one.parameters, dict(one.properties)) for one in board.widgets]


def widget_given(statement: str, parameters: Sequence[str], properties: dict[str, str]) -> dict[str, Any]:
    """A widget as CreateDashboard and UpdateDashboard take it."""
    told = {"QueryStatement": statement, "ViewProperties": properties}
    return told | ({"QueryParameters": list(parameters)} if parameters else {})


def _blocked(visit: Visit, board: Board) -> tuple[StoreEntry, ...]:
    if not board.is_custom:
        return ()
    permitted = {one.id for one in visit.app.behalf.stores(board.arn)}
    return tuple(one for one in stores_read(visit, board) if one.id not in permitted)
