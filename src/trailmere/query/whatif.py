"""What would selectors keep of what a store has? Asked of the rows, answered by the test that ingest selects with.

A statement counts the rows that are alike in every field that the selectors look at; of each kind one is asked with
``events.selection.compile_selectors``, over the readers of ``events.event``. So nothing here knows an operator. How far
back is looked is bounded by ``window``; whoever calls runs the statement, with their own rights.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from trailmere.events.columns import FAMILIES
from trailmere.events.event import Event, category_of
from trailmere.events.selection import compile_selectors

if TYPE_CHECKING:
    from trailmere.events.selectors import AdvancedEventSelector
    from trailmere.lake.days import StoredDay
    from trailmere.query.records import ResultSet

MOST_EVENTS = 1_000_000
MOST_NAMES = 20  # of dropped and of kept events that are told

_ALWAYS = ("eventCategory", "eventType", "managementEvent")  # the category of a record that does not name it
# field of selectors -> the column that its reader reads
_COLUMNS: Mapping[str, str] = {
    "eventCategory": "eventCategory",
    "eventSource": "eventSource",
    "eventName": "eventName",
    "eventType": "eventType",
    "readOnly": "readOnly",
    "resources.type": "resources",
    "resources.ARN": "resources",
    "userIdentity.arn": "userIdentity.arn",
    "errorCode": "errorCode",
    "vpcEndpointId": "vpcEndpointId",
    "sessionCredentialFromConsole": "sessionCredentialFromConsole",
}


@dataclass(frozen=True, slots=True)
class Window:
    """The latest whole days that are looked at. ``events``: how many they hold; ``most``: no more are looked at."""

    since: datetime
    until: datetime
    events: int
    most: int | None = None  # set where a single day holds more than may be looked at
    leaves_out: int = 0  # events of earlier days that were wanted too


@dataclass(frozen=True, slots=True)
class Day:
    """What would be kept and dropped of one day."""

    day: date
    kept: int
    dropped: int


@dataclass(frozen=True, slots=True)
class Named:
    """How often an action was kept, or dropped."""

    source: str
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What would be kept and dropped. The names are the most frequent ones."""

    days: tuple[Day, ...]
    kept_names: tuple[Named, ...]
    dropped_names: tuple[Named, ...]

    @property
    def kept(self) -> int:
        """Events that would be kept."""
        return sum(one.kept for one in self.days)

    @property
    def dropped(self) -> int:
        """Events that would not."""
        return sum(one.dropped for one in self.days)


def window(days: Sequence[StoredDay], latest_days: int, most: int = MOST_EVENTS) -> Window | None:
    """The days to look at: of the ``latest_days`` before the last event, as many as hold ``most`` events; None where
    there are none."""
    if not days:
        return None
    earliest = days[-1].day - timedelta(days=latest_days - 1)
    wanted = [one for one in reversed(days) if one.day >= earliest]
    taken: list[StoredDay] = []
    events = 0
    for one in wanted:
        if taken and events + one.rows > most:
            break
        taken.append(one)
        events += one.rows
    left = sum(one.rows for one in wanted) - events
    since, until = _midnight(taken[-1].day), _midnight(taken[0].day) + timedelta(days=1)
    return Window(since, until, events, most if events > most else None, left)


def foresee(
    run: Callable[[str], ResultSet],
    store_id: str,
    family: str,
    selectors: Sequence[AdvancedEventSelector],
    looked: Window,
) -> Foreseen:
    """What the selectors would keep of the window of a store. ``run`` answers a statement; its errors come through."""
    wanted = compile_selectors(selectors)
    columns = _columns(family, selectors)
    days: dict[date, list[int]] = {}
    names: tuple[Counter[tuple[str, str]], Counter[tuple[str, str]]] = (Counter(), Counter())
    for row in _rows(run(_statement(store_id, family, columns, looked))):
        keeps = wanted(_event(family, columns, row))
        days.setdefault(row["day"].date(), [0, 0])[0 if keeps else 1] += row["n"]
        names[0 if keeps else 1][row["source"] or "", row["name"] or ""] += row["n"]
    return Foreseen(
        tuple(Day(day, *days[day]) for day in sorted(days)),
        *(tuple(Named(*what, count) for what, count in found.most_common(MOST_NAMES)) for found in names),
    )


def _columns(family: str, selectors: Sequence[AdvancedEventSelector]) -> tuple[str, ...]:
    """The columns to read; none of a family of one category, whose selectors name nothing else."""
    if family != "cloudtrail":
        return ()
    named = {_COLUMNS[field.field] for selector in selectors for field in selector.fields if field.field in _COLUMNS}
    return (*_ALWAYS, *sorted(named.difference(_ALWAYS)))


def _statement(store_id: str, family: str, columns: Sequence[str], looked: Window) -> str:
    told = [f"{column} AS c{number}" for number, column in enumerate(columns)]
    names = ["eventSource AS source", "eventName AS name"] if family == "cloudtrail" else ["'' AS source", "'' AS name"]
    picked = ", ".join(["date_trunc('day', eventTime) AS day", *names, *told])
    within = f"eventTime >= {_literal(looked.since)} AND eventTime < {_literal(looked.until)}"
    limit = "" if looked.most is None else f" LIMIT {looked.most}"
    grouped = ", ".join(["day", "source", "name", *(f"c{number}" for number in range(len(columns)))])
    rows = f'SELECT {picked} FROM "{store_id}" WHERE {within}{limit}'  # noqa: S608 - of our own words and an id
    return f"SELECT {grouped}, count(*) AS n FROM ({rows}) AS looked GROUP BY {grouped}"  # noqa: S608


def _rows(answer: ResultSet) -> Iterator[dict[str, Any]]:
    names = list(answer.schema.names)
    for batch in answer.batches:
        columns = [column.to_pylist() for column in batch.columns]
        for values in zip(*columns, strict=True):
            yield dict(zip(names, values, strict=True))


def _event(family: str, columns: Sequence[str], row: Mapping[str, Any]) -> Event:
    """A row as the event that ingest asked about."""
    if family != "cloudtrail":
        return Event(SimpleNamespace(), family, _category_of_family(family), 0)
    told = {column: row[f"c{number}"] for number, column in enumerate(columns)}
    fields = SimpleNamespace(insightDetails=None, **{name: told[name] for name in told if "." not in name})
    if "userIdentity.arn" in told:
        fields.userIdentity = SimpleNamespace(arn=told["userIdentity.arn"])
    if "resources" in told:
        fields.resources = [None if one is None else _resource(one) for one in told["resources"] or ()]
    return Event(fields, family, category_of(fields), 0)


def _resource(told: Mapping[str, Any]) -> SimpleNamespace:
    return SimpleNamespace(type=told.get("type"), ARN=told.get("arn"), arn=None)


def _category_of_family(family: str) -> str:
    return next(category for category, its in FAMILIES.items() if its == family)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _literal(moment: datetime) -> str:
    return f"'{moment:%Y-%m-%d %H:%M:%S}'"
