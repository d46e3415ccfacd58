"""Dashboards: their widgets, their schedules, and the latest refresh of each. Records, and how they may change.

What a widget may ask, and when a schedule is due, is decided in the study ``dashboards``. Dashboards that come with the
software have no record, but their refreshes have.

Source: CloudTrail API reference, CreateDashboard and UpdateDashboard; user guide, "Quotas".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Boolean, Column, MetaData, String, Table, Text, and_, delete, func, insert, select, update

from trailmere.errors import DashboardAlreadyExists, DashboardLimitExceeded, DashboardProtected, ResourceNotFound
from trailmere.registry.bounds import ChangeTags, check_tags
from trailmere.registry.database import UtcTime, create_tables, reading, utc_now, writing
from trailmere.registry.records import partition

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, Engine, RowMapping

MAXIMUM_DASHBOARDS = 100  # custom ones, in a Region
MAXIMUM_WIDGETS = 10

METADATA = MetaData()
# one column for each field of Dashboard, under its name
DASHBOARDS = Table(
    "dashboards",
    METADATA,
    Column("account_id", String(16), primary_key=True),
    Column("region", String(32), primary_key=True),
    Column("name", String(128), primary_key=True),
    Column("widgets", Text, nullable=False),  # JSON array of Widget
    Column("schedule", Text),  # JSON of Schedule
    Column("next_refresh", UtcTime, index=True),
    Column("termination_protected", Boolean, nullable=False),
    Column("tags", Text, nullable=False),  # JSON object
    Column("created", UtcTime, nullable=False),
    Column("updated", UtcTime, nullable=False),
)
# one column for each field of Refresh, under its name
REFRESHES = Table(
    "dashboard_refreshes",
    METADATA,
    Column("account_id", String(16), primary_key=True),
    Column("region", String(32), primary_key=True),
    Column("name", String(128), primary_key=True),
    Column("refresh_id", String(20)),
    Column("started", UtcTime, nullable=False),
    Column("given", Text, nullable=False),  # JSON object
    Column("failure", Text),
)


@dataclass(frozen=True, slots=True)
class Widget:
    """One question with its drawing, as clients see it: the ``?`` of ``statement`` stand for ``parameters`` in order.

    ``parameters`` are values, or names (``$StartTime$``) that a refresh gives values. ``properties`` as AWS's
    ViewProperties. ``alias`` names the widget's queries.
    """

    statement: str
    parameters: tuple[str, ...]
    properties: Mapping[str, str]
    alias: str = ""


@dataclass(frozen=True, slots=True)
class Schedule:
    """Every ``value`` ``unit`` (HOURS, DAYS), counted from ``time_of_day`` (``HH:MM`` UTC), if it is ``enabled``."""

    unit: str
    value: int
    enabled: bool
    time_of_day: str | None = None


@dataclass(frozen=True, slots=True)
class Dashboard:
    """One dashboard. ``next_refresh``: when its schedule is due, None without one that is enabled."""

    account_id: str
    region: str
    name: str
    widgets: tuple[Widget, ...]
    schedule: Schedule | None
    next_refresh: datetime | None
    termination_protected: bool
    tags: Mapping[str, str]
    created: datetime
    updated: datetime

    @property
    def arn(self) -> str:
        """``arn:aws:cloudtrail:REGION:ACCOUNT:dashboard/NAME``."""
        return arn_of(self.account_id, self.region, self.name)


@dataclass(frozen=True, slots=True)
class Refresh:
    """The latest refresh of a dashboard. ``given``: the values of its parameters. ``failure``: why it could not begin;
    then there is no id, if none began before."""

    account_id: str
    region: str
    name: str
    refresh_id: str | None
    started: datetime
    given: Mapping[str, str]
    failure: str | None = None


def arn_of(account_id: str, region: str, name: str) -> str:
    """The ARN of a dashboard."""
    return f"arn:{partition(region)}:cloudtrail:{region}:{account_id}:dashboard/{name}"


class DashboardRegistry:
    """The dashboards of a lake. Those of an account and Region know nothing of the others."""

    def __init__(self, engine: Engine, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._engine = engine
        self.clock = clock
        create_tables(engine, METADATA)

    def create(
        self,
        account_id: str,
        region: str,
        name: str,
        widgets: Sequence[Widget],
        *,
        schedule: Schedule | None = None,
        next_refresh: datetime | None = None,
        termination_protected: bool = False,
        tags: Mapping[str, str] | None = None,
    ) -> Dashboard:
        """A new dashboard. Raises InvalidTags, DashboardAlreadyExists, DashboardLimitExceeded."""
        now = self.clock()
        made = Dashboard(
            account_id=account_id,
            region=region,
            name=name,
            widgets=check_number(widgets),
            schedule=schedule,
            next_refresh=next_refresh,
            termination_protected=termination_protected,
            tags=check_tags(tags or {}),
            created=now,
            updated=now,
        )
        with writing(self._engine) as connection:
            if _get(connection, account_id, region, name) is not None:
                raise DashboardAlreadyExists(f"a dashboard named {name} exists in {region}")
            here = select(func.count()).where(_within(DASHBOARDS, account_id, region))
            if (connection.scalar(here) or 0) >= MAXIMUM_DASHBOARDS:
                raise DashboardLimitExceeded(f"expected at most {MAXIMUM_DASHBOARDS} dashboards in {region}")
            connection.execute(insert(DASHBOARDS).values(**_row(made)))
        return made

    def find(self, account_id: str, region: str, name: str) -> Dashboard | None:
        """The dashboard of this name, if it has a record."""
        with reading(self._engine) as connection:
            return _get(connection, account_id, region, name)

    def list(self, account_id: str, region: str) -> tuple[Dashboard, ...]:
        """All that have a record in an account and Region, sorted by name."""
        query = select(DASHBOARDS).where(_within(DASHBOARDS, account_id, region)).order_by(DASHBOARDS.c.name)
        with reading(self._engine) as connection:
            return tuple(_dashboard(row) for row in connection.execute(query).mappings())

    def change(self, before: Dashboard, **changes: Any) -> Dashboard:
        """The dashboard with the changes: fields of it; the others as whoever came first left them.

        Raises DashboardLimitExceeded, ResourceNotFound.
        """
        return self._write(before, lambda present: replace(present, **changes))

    def change_tags(self, before: Dashboard, change: ChangeTags) -> Dashboard:
        """The dashboard with what ``change`` makes of its tags. Raises InvalidTags, ResourceNotFound."""
        return self._write(before, lambda present: replace(present, tags=check_tags(change(present.tags))))

    def _write(self, dashboard: Dashboard, make: Callable[[Dashboard], Dashboard]) -> Dashboard:
        with writing(self._engine) as connection:
            present = _get(connection, dashboard.account_id, dashboard.region, dashboard.name)
            if present is None:
                raise ResourceNotFound(f"there is no dashboard {dashboard.name} in {dashboard.region}")
            after = replace(make(present), updated=self.clock())
            check_number(after.widgets)
            connection.execute(update(DASHBOARDS).where(_is(DASHBOARDS, after)).values(**_row(after)))
        return after

    def delete(self, dashboard: Dashboard) -> None:
        """Raises DashboardProtected."""
        with writing(self._engine) as connection:
            present = _get(connection, dashboard.account_id, dashboard.region, dashboard.name)
            if present is not None and present.termination_protected:
                raise DashboardProtected(
                    f"the dashboard {dashboard.name} has termination protection", hint="take the protection off first"
                )
            for table in (DASHBOARDS, REFRESHES):
                connection.execute(delete(table).where(_is(table, dashboard)))

    # -- refreshes -----------------------------------------------------------------------------------------------------

    def due(self, now: datetime) -> tuple[Dashboard, ...]:
        """Those whose schedule is due, longest first."""
        query = select(DASHBOARDS).where(DASHBOARDS.c.next_refresh <= now).order_by(DASHBOARDS.c.next_refresh)
        with reading(self._engine) as connection:
            return tuple(_dashboard(row) for row in connection.execute(query).mappings())

    def take(self, dashboard: Dashboard, following: datetime | None) -> bool:
        """Whether the refresh that is due is the caller's: only one gets it, whatever number of servers asks."""
        this = and_(_is(DASHBOARDS, dashboard), DASHBOARDS.c.next_refresh == dashboard.next_refresh)
        with writing(self._engine) as connection:
            return connection.execute(update(DASHBOARDS).where(this).values(next_refresh=following)).rowcount == 1

    def latest(self, account_id: str, region: str, name: str) -> Refresh | None:
        """The latest refresh of a dashboard."""
        this = _within(REFRESHES, account_id, region) & (REFRESHES.c.name == name)
        with reading(self._engine) as connection:
            row = connection.execute(select(REFRESHES).where(this)).mappings().first()
        return None if row is None else Refresh(**{**row, "given": json.loads(row["given"])})

    def note(self, refresh: Refresh, before: Refresh | None) -> bool:
        """Keep a refresh in the place of ``before``; False where another one came in between."""
        values = {**asdict(refresh), "given": json.dumps(dict(refresh.given))}
        with writing(self._engine) as connection:
            known = connection.execute(
                select(REFRESHES.c.refresh_id, REFRESHES.c.started).where(_is(REFRESHES, refresh))
            ).first()
            if (None if known is None else tuple(known)) != (before and (before.refresh_id, before.started)):
                return False
            connection.execute(delete(REFRESHES).where(_is(REFRESHES, refresh)))
            connection.execute(insert(REFRESHES).values(**values))
        return True


def check_number(widgets: Sequence[Widget]) -> tuple[Widget, ...]:
    """The widgets, if they are not too many. Raises DashboardLimitExceeded."""
    if len(widgets) > MAXIMUM_WIDGETS:
        raise DashboardLimitExceeded(f"expected at most {MAXIMUM_WIDGETS} widgets in a dashboard, got {len(widgets)}")
    return tuple(widgets)


def _within(table: Table, account_id: str, region: str) -> ColumnElement[bool]:
    return (table.c.account_id == account_id) & (table.c.region == region)


def _is(table: Table, one: Dashboard | Refresh) -> ColumnElement[bool]:
    return _within(table, one.account_id, one.region) & (table.c.name == one.name)


def _get(connection: Connection, account_id: str, region: str, name: str) -> Dashboard | None:
    this = _within(DASHBOARDS, account_id, region) & (DASHBOARDS.c.name == name)
    row = connection.execute(select(DASHBOARDS).where(this)).mappings().first()
    return None if row is None else _dashboard(row)


def _row(dashboard: Dashboard) -> dict[str, Any]:
    values = {column.name: getattr(dashboard, column.name) for column in DASHBOARDS.columns}
    values["widgets"] = json.dumps([asdict(one) for one in dashboard.widgets], ensure_ascii=False)
    values["schedule"] = None if dashboard.schedule is None else json.dumps(asdict(dashboard.schedule))
    values["tags"] = json.dumps(dict(dashboard.tags), ensure_ascii=False)
    return values


def _dashboard(row: RowMapping) -> Dashboard:
    values: dict[str, Any] = dict(row)
    widgets = json.loads(values["widgets"])
    values["widgets"] = tuple(Widget(**{**one, "parameters": tuple(one["parameters"])}) for one in widgets)
    values["schedule"] = values["schedule"] and Schedule(**json.loads(values["schedule"]))
    values["tags"] = json.loads(values["tags"])
    return Dashboard(**values)
