"""What the room's parts give each other: a widget, how it is drawn, a dashboard that comes with the software.

Source: CloudTrail user guide, "View properties for widgets in CloudTrail Lake dashboards"; API reference,
StartDashboardRefresh (the names of parameters).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from trailmere.registry.dashboards import Widget

__all__ = [
    "END",
    "PERIOD",
    "START",
    "STORE",
    "WIDGETS",
    "ManagedDashboard",
    "ManagedWidget",
    "View",
    "Widget",
    "with_placeholders",
]

WIDGETS = "dashboard."  # before the name of a custom dashboard, in the aliases of its widgets
STORE = "$EventDataStoreId$"
START, END, PERIOD = "$StartTime$", "$EndTime$", "$Period$"
WINDOW = ":window"  # in a statement of ours: the condition on eventTime
_WINDOW = f"eventTime >= '{START}' AND eventTime < '{END}'"
_NAMED = re.compile("|".join(re.escape(name) for name in (STORE, START, END, PERIOD)))


class View(StrEnum):
    """How a widget is drawn, as AWS spells it."""

    TABLE = "Table"
    LINE = "LineChart"
    PIE = "PieChart"
    BAR = "BarChart"


@dataclass(frozen=True, slots=True)
class ManagedWidget:
    """A widget that comes with the software.

    ``sql`` reads ``FROM $EventDataStoreId$``, has ``:window`` in its WHERE clause, and ``'$Period$'`` in the
    ``date_trunc`` of a trend. ``columns`` says which columns of the answer are drawn: ``LabelColumn`` and
    ``ValueColumn`` of a pie; ``XAxisColumn``, ``YAxisColumn`` and, for one line or bar colour each, ``FilterColumn`` of
    lines and bars. ``tells`` is what a person may read in it: the text beside the chart.
    """

    title: str
    view: View
    sql: str
    tells: str
    columns: Mapping[str, str] = field(default_factory=dict)

    def widget(self, alias: str) -> Widget:
        """As clients see it."""
        statement, parameters = with_placeholders(self.sql)
        return Widget(statement, parameters, {"Title": self.title, "View": self.view, **self.columns}, alias)


@dataclass(frozen=True, slots=True)
class ManagedDashboard:
    """A dashboard that comes with the software. ``id`` is its name in ARNs, ``AWSCloudTrail-Overview``.

    ``family`` is that of the stores that it is for; ``needs`` says in plain words which events they have to hold.
    """

    id: str
    title: str
    family: str
    needs: str
    widgets: tuple[ManagedWidget, ...]

    def alias(self, widget: ManagedWidget) -> str:
        """The name of a widget's queries."""
        return f"{self.id}.{re.sub(r'[^a-z0-9]+', '-', widget.title.lower()).strip('-')}"

    def as_widgets(self) -> tuple[Widget, ...]:
        """Its widgets as clients see them."""
        return tuple(one.widget(self.alias(one)) for one in self.widgets)


def with_placeholders(sql: str) -> tuple[str, tuple[str, ...]]:
    """A statement of ours with ``?`` in the place of each name, and the names in their order."""
    whole = sql.replace(WINDOW, _WINDOW)
    return _NAMED.sub("?", whole), tuple(_NAMED.findall(whole))
