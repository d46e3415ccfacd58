"""Dashboards at work: made, changed, refreshed. What a refresh starts are queries as clients start them.

A widget is an alias of a statement; a refresh is an id that its queries carry (docs/decisions/0019-dashboards.md). Who
may do what is the door's to ask, but for the service that refreshes on behalf of a dashboard: it has no door.
"""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from trailmere.dashboards.highlights import HIGHLIGHTS_ID, HighlightStore, highlights
from trailmere.dashboards.library import MANAGED
from trailmere.dashboards.parameters import completed, filled
from trailmere.dashboards.records import STORE, WIDGETS, ManagedDashboard, Widget
from trailmere.dashboards.schedule import checked, following
from trailmere.errors import (
    DashboardAlreadyExists,
    DashboardLimitExceeded,
    DashboardManaged,
    InvalidParameter,
    ResourceNotFound,
    StoreNotFound,
)
from trailmere.query.jobs import Asked
from trailmere.query.parameters import fill
from trailmere.registry.dashboards import Dashboard, Refresh, Schedule, arn_of, check_number

if TYPE_CHECKING:
    from trailmere.dashboards.behalf import Behalf
    from trailmere.query.jobs import QueryJobs
    from trailmere.query.records import Catalog
    from trailmere.registry.aliases import AliasRecords
    from trailmere.registry.bounds import ChangeTags
    from trailmere.registry.dashboards import DashboardRegistry
    from trailmere.registry.query_records import Query

PREFIX = "AWSCloudTrail-"  # of the names of dashboards that come with the software
HIGHLIGHTS_SCHEDULE = ("HOURS", 6)
LONGEST_REASON = 1000
NO_WIDGETS = "give it some; Highlights have those of the event data stores whose policies let CloudTrail query them"
_BY_ID = {one.id: one for one in MANAGED}


@dataclass(frozen=True, slots=True)
class Board:
    """A dashboard, whoever made it. ``record`` is None of one that comes with the software, which has ``managed``;
    Highlights have both a record and no widgets in it."""

    account_id: str
    region: str
    name: str
    widgets: tuple[Widget, ...]
    record: Dashboard | None = None
    managed: ManagedDashboard | None = None

    @property
    def arn(self) -> str:
        """``arn:aws:cloudtrail:REGION:ACCOUNT:dashboard/NAME``."""
        return arn_of(self.account_id, self.region, self.name)

    @property
    def tags(self) -> Mapping[str, str]:
        """Its tags."""
        return {} if self.record is None else self.record.tags

    @property
    def is_custom(self) -> bool:
        """Whether somebody made its widgets."""
        return self.record is not None and self.name != HIGHLIGHTS_ID


@dataclass(frozen=True, slots=True)
class Asker:
    """Who starts a refresh, and with whose rights its queries run."""

    arn: str
    account_id: str
    catalog: Catalog


class Dashboards:
    """The dashboards of a lake. ``behalf`` tells what the service may do for a dashboard."""

    def __init__(
        self,
        registry: DashboardRegistry,
        aliases: AliasRecords,
        jobs: QueryJobs,
        check: Callable[[str, Catalog], Any],
        behalf: Behalf,
    ) -> None:
        self.registry = registry
        self._aliases = aliases
        self._jobs = jobs
        self._check = check
        self._behalf = behalf

    # -- finding -------------------------------------------------------------------------------------------------------

    def find(self, account_id: str, region: str, name: str) -> Board | None:
        """The dashboard of this name."""
        if name in _BY_ID:
            return self._of_software(account_id, region, _BY_ID[name])
        record = self.registry.find(account_id, region, name)
        return None if record is None else self._of_record(record)

    def get(self, account_id: str, region: str, name: str) -> Board:
        """The dashboard of this name. Raises ResourceNotFound."""
        found = self.find(account_id, region, name)
        if found is None:
            raise ResourceNotFound(f"there is no dashboard {name} in {region}")
        return found

    def all(self, account_id: str, region: str) -> list[Board]:
        """Those that come with the software, then those that have a record."""
        own = [self._of_record(one) for one in self.registry.list(account_id, region)]
        return [self._of_software(account_id, region, one) for one in MANAGED] + own

    def _of_software(self, account_id: str, region: str, managed: ManagedDashboard) -> Board:
        return Board(account_id, region, managed.id, managed.as_widgets(), managed=managed)

    def _of_record(self, record: Dashboard) -> Board:
        board = Board(record.account_id, record.region, record.name, record.widgets, record)
        if record.name != HIGHLIGHTS_ID:
            return board
        stores = [HighlightStore(one.id, one.family) for one in self._behalf.stores(board.arn)]
        return replace(board, widgets=highlights(stores))

    # -- changing ------------------------------------------------------------------------------------------------------

    def create(
        self,
        account_id: str,
        region: str,
        name: str,
        widgets: Sequence[Widget],
        catalog: Catalog,
        *,
        schedule: Schedule | None = None,
        termination_protected: bool = False,
        tags: Mapping[str, str] | None = None,
    ) -> Board:
        """A new dashboard; Highlights where it has their name. ``catalog``: the stores that widgets may read.

        Raises DashboardAlreadyExists, DashboardLimitExceeded, InvalidTags, InvalidParameter, StatementInvalid and its
        kin, and what the catalog raises.
        """
        self._check_name(name)
        if name == HIGHLIGHTS_ID:
            _check_highlights(widgets, schedule)
            termination_protected = True
        made = self.registry.create(
            account_id,
            region,
            name,
            self._named(name, widgets, (), catalog),
            schedule=None if schedule is None else checked(schedule),
            next_refresh=following(schedule, self.registry.clock()),
            termination_protected=termination_protected,
            tags=tags,
        )
        self._put_aliases(made, ())
        return self._of_record(made)

    def update(
        self,
        board: Board,
        catalog: Catalog,
        *,
        widgets: Sequence[Widget] | None = None,
        schedule: Schedule | None = None,
        termination_protected: bool | None = None,
    ) -> Board:
        """The dashboard with what is given in the place of what was. Raises DashboardManaged, and as ``create``."""
        record = _changeable(board)
        if board.name == HIGHLIGHTS_ID and (widgets is not None or schedule is not None):
            _check_highlights(widgets or (), schedule or record.schedule)
        changes: dict[str, Any] = {}
        if widgets is not None:
            changes["widgets"] = self._named(board.name, widgets, record.widgets, catalog)
        if schedule is not None:
            changes["schedule"] = checked(schedule)
            changes["next_refresh"] = following(schedule, self.registry.clock())
        if termination_protected is not None:
            changes["termination_protected"] = termination_protected
        after = self.registry.change(record, **changes)
        self._put_aliases(after, record.widgets)
        return self._of_record(after)

    def change_tags(self, board: Board, change: ChangeTags) -> Board:
        """The dashboard with what ``change`` makes of its tags. Raises DashboardManaged, InvalidTags."""
        return self._of_record(self.registry.change_tags(_changeable(board), change))

    def delete(self, board: Board) -> None:
        """Raises DashboardManaged, DashboardProtected."""
        record = _changeable(board)
        self.registry.delete(record)
        for widget in record.widgets:
            self._aliases.remove(record.account_id, widget.alias)

    def _check_name(self, name: str) -> None:
        if name in _BY_ID:
            raise DashboardAlreadyExists(f"the dashboard {name} comes with the software")
        if name.startswith(PREFIX) and name != HIGHLIGHTS_ID:
            raise InvalidParameter(f"names that begin with {PREFIX} are of dashboards that come with the software")

    def _named(
        self, name: str, widgets: Sequence[Widget], before: Sequence[Widget], catalog: Catalog
    ) -> tuple[Widget, ...]:
        """The widgets, each with an alias; one that asks what it asked before keeps its own."""
        known = {(one.statement, one.parameters): one.alias for one in reversed(before)}
        values = completed({}, self.registry.clock(), needs_store=False)
        for widget in check_number(widgets):
            self._check(fill(widget.statement, filled(widget.parameters, values)), catalog)
        return tuple(
            replace(one, alias=known.pop((one.statement, one.parameters), "") or f"{WIDGETS}{name}.{uuid.uuid4()}")
            for one in widgets
        )

    def _put_aliases(self, dashboard: Dashboard, before: Sequence[Widget]) -> None:
        kept = {one.alias for one in dashboard.widgets}
        for widget in before:
            if widget.alias not in kept:
                self._aliases.remove(dashboard.account_id, widget.alias)
        for widget in dashboard.widgets:
            self._aliases.put(dashboard.account_id, widget.alias, widget.statement)

    # -- refreshing ----------------------------------------------------------------------------------------------------

    def on_behalf(self, board: Board) -> Asker:
        """The service that refreshes a dashboard, with what the policies of stores let it do."""
        return Asker(self._behalf.arn, board.account_id, self._behalf.catalog(board.arn))

    def refresh(self, board: Board, given: Mapping[str, str], asker: Asker) -> str:
        """Start the queries of all widgets; their refresh id. None starts unless all may.

        Raises DashboardLimitExceeded while the latest refresh goes on, InvalidParameter, StoreNotFound, InactiveStore,
        AccessDenied, StatementInvalid and its kin.
        """
        if not board.widgets:
            raise InvalidParameter(f"{board.name} has no widgets", hint=NO_WIDGETS)
        before = self.latest(board)
        if before is not None and self.is_running(board, before):
            raise DashboardLimitExceeded(f"the refresh {before.refresh_id} of {board.name} is not over yet")
        values = completed(given, self.registry.clock(), needs_store=board.managed is not None)
        self._check_family(board, values, asker.catalog)
        asked = [self._asked(board, widget, values, asker) for widget in board.widgets]
        for one in asked:
            self._check(fill(one.statement or "", one.parameters), asker.catalog)
        refresh = self._begun(board, values, before)
        for one in asked:
            self._jobs.start(replace(one, refresh_id=refresh.refresh_id), asker.catalog)
        return str(refresh.refresh_id)

    def latest(self, board: Board) -> Refresh | None:
        """The latest refresh, None before the first."""
        return self.registry.latest(board.account_id, board.region, board.name)

    def is_running(self, board: Board, refresh: Refresh) -> bool:
        """Whether queries of a refresh go on."""
        return any(not query.ended for query in self._queries(board, refresh))

    def failure(self, board: Board, refresh: Refresh) -> str | None:
        """Why a refresh failed: it could not begin, or some of its queries did not finish. One line."""
        reason = refresh.failure
        if reason is None:
            queries = self._queries(board, refresh)
            failed = [one for one in queries if one.ended and one.answer is None]
            if not failed:
                return None
            reason = f"{len(failed)} of {len(queries)} queries failed; {failed[0].alias}: {failed[0].error_message}"
        return " ".join(reason.split())[:LONGEST_REASON]

    def note_failure(self, board: Board, reason: str) -> None:
        """Keep why a refresh that was due could not begin."""
        before = self.latest(board)
        refresh_id = None if before is None else before.refresh_id
        now = self.registry.clock()
        self.registry.note(Refresh(board.account_id, board.region, board.name, refresh_id, now, {}, reason), before)

    def _queries(self, board: Board, refresh: Refresh) -> list[Query]:
        if refresh.refresh_id is None:
            return []
        aliases = [widget.alias for widget in board.widgets]
        return self._jobs.of_refresh(board.account_id, aliases, refresh.refresh_id)

    def _begun(self, board: Board, values: Mapping[str, str], before: Refresh | None) -> Refresh:
        now = self.registry.clock()
        refresh = Refresh(board.account_id, board.region, board.name, _refresh_id(now), now, values)
        if not self.registry.note(refresh, before):
            raise DashboardLimitExceeded(f"another refresh of {board.name} has just begun")
        return refresh

    def _check_family(self, board: Board, values: Mapping[str, str], catalog: Catalog) -> None:
        if board.managed is None:
            return
        store = catalog.find(values[STORE])
        if store is None:
            raise StoreNotFound(f"there is no event data store {values[STORE]!r} in {board.region}")
        if store.family != board.managed.family:
            raise InvalidParameter(f"{board.managed.title} shows {board.managed.needs}; {store.name} holds others")

    def _asked(self, board: Board, widget: Widget, values: Mapping[str, str], asker: Asker) -> Asked:
        return Asked(
            account_id=board.account_id,
            region=board.region,
            asked_by=asker.arn,
            asked_by_account=asker.account_id,
            statement=widget.statement,
            alias=widget.alias,
            parameters=filled(widget.parameters, values),
        )


def statement_of(alias: str) -> str | None:
    """The statement of a widget that comes with the software."""
    return _STATEMENTS.get(alias)


_STATEMENTS = {widget.alias: widget.statement for one in MANAGED for widget in one.as_widgets()}
_COUNT = itertools.count()


def _refresh_id(now: datetime) -> str:
    """10 to 20 digits: the millisecond, and a number that tells two of one apart."""
    return f"{int(now.timestamp() * 1000)}{next(_COUNT) % 1000:03}"


def _changeable(board: Board) -> Dashboard:
    if board.record is None:
        raise DashboardManaged(f"the dashboard {board.name} comes with the software, and cannot be changed or deleted")
    return board.record


def _check_highlights(widgets: Sequence[Widget], schedule: Schedule | None) -> None:
    """Source: CloudTrail user guide, "View the Highlights dashboard": a schedule of 6 hours that is enabled."""
    if widgets:
        raise InvalidParameter("expected no widgets: those of the Highlights dashboard come with the software")
    if schedule is None or not schedule.enabled or (schedule.unit, schedule.value) != HIGHLIGHTS_SCHEDULE:
        raise InvalidParameter("expected a refresh schedule of 6 HOURS that is enabled, for the Highlights dashboard")
