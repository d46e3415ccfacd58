"""What of the events is asked for: stores, filters, free text, columns, the place in the list. Read from the URL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from trailmere.errors import InvalidParameter, StoreNotFound
from trailmere.events.columns import COLUMNS
from trailmere.query.quoting import literal
from trailmere.web.pages import events_columns as columns

if TYPE_CHECKING:
    from trailmere.registry.stores import EventDataStore
    from trailmere.web.visit import Visit

ROWS = (50, 100, 200)
USUAL_ROWS = 100
MOST_FILTERS = 30
MOST_COLUMNS = 12
LONGEST_VALUE = 1000  # characters
YEARS = (1970, 9000)
# what is switched on and off: name in the URL, value -> what people read, and its conditions by family
SWITCHES = {
    ("only", "errors"): "Only errors",
    ("only", "writes"): "Only writes",
    ("hide", "services"): "Hide AWS services",
}
_OF_SERVICES = (
    "(COALESCE(useridentity.type, '') <> 'AWSService' AND COALESCE(eventtype, '') <> 'AwsServiceEvent' "
    "AND COALESCE(strpos(useridentity.invokedby, '.amazonaws.com'), 0) = 0)"
)


@dataclass(frozen=True, slots=True)
class Filter:
    """A column and what it shall be. ``text`` is as in the URL."""

    path: str
    operator: str
    value: str
    text: str

    @property
    def reads(self) -> str:
        """As people read it."""
        name = columns.label(self.path)
        if not self.value:
            return f"{name}: {'none' if self.operator == '=' else 'any'}"
        value = (
            {"true": "reads", "false": "writes"}.get(self.value, self.value) if self.path == "readOnly" else self.value
        )
        return f"{name}{ {'=': ':', '!=': ' is not', '~': ' contains'}[self.operator] } {value}"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ends, and the next begins: the time and id of its last event."""

    time: datetime
    id: str

    def __str__(self) -> str:
        return f"{self.time.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}~{self.id}"


@dataclass(frozen=True, slots=True)
class Asked:
    """``stores``: those searched, ``all_stores``: those that the person may query."""

    stores: tuple[EventDataStore, ...]
    all_stores: tuple[EventDataStore, ...]
    filters: tuple[Filter, ...] = ()
    text: str = ""
    switches: tuple[tuple[str, str], ...] = ()
    columns: tuple[str, ...] = ()
    rows: int = USUAL_ROWS
    after: Place | None = None

    @property
    def is_narrowed(self) -> bool:
        """Whether something leaves events out."""
        return bool(self.filters or self.text or self.switches)

    def condition(self, family: str) -> str:
        """All that is asked for, of a store of this family; ``FALSE`` where it can hold nothing of it."""
        parts = [*_of_filters(self.filters, family), *_of_switches(self.switches, family)]
        if self.text:
            parts.append(f"strpos(lower(eventjson), {literal(self.text.lower())}) > 0")
        if "FALSE" in parts:
            return "FALSE"
        return " AND ".join(part for part in parts if part != "TRUE") or "TRUE"


def read(visit: Visit) -> Asked:
    """What the URL asks for. Raises InvalidParameter, StoreNotFound."""
    stores = tuple(visit.stores())
    cols = dict.fromkeys(path for path in visit.args("col") if path)
    return Asked(
        stores=tuple(_chosen(stores, [name for name in visit.args("store") if name])),
        all_stores=stores,
        filters=tuple(_filters(visit.args("f"))),
        text=visit.arg("q").strip()[:LONGEST_VALUE],
        switches=tuple(pair for pair in SWITCHES if pair in visit.query),
        columns=tuple(list(cols)[:MOST_COLUMNS]),
        rows=int(given) if (given := visit.arg("rows")) in map(str, ROWS) else USUAL_ROWS,
        after=place(visit.arg("after")),
    )


def read_filter(text: str) -> Filter:
    """``column=value``, ``column!=value``, ``column~part``. Raises InvalidParameter."""
    spots = [(at, -len(one), one) for one in columns.OPERATORS if (at := text.find(one)) > 0]
    if not spots:
        raise InvalidParameter(f"expected a filter such as eventName=CreateUser, got {text[:100]!r}")
    at, _, operator = min(spots)
    path, value = text[:at].strip(), text[at + len(operator) :]
    known = path in columns.OWN or any(columns.reach(path, family) for family in COLUMNS)
    if not known:
        raise InvalidParameter(
            f"there is no column {path[:100]!r}", hint="Columns are chosen from the list under Columns."
        )
    if len(value) > LONGEST_VALUE:
        raise InvalidParameter(f"expected at most {LONGEST_VALUE:,} characters in a filter, got {len(value):,}")
    return Filter(path, operator, value, text)


def place(text: str) -> Place | None:
    """The place that a text names. Raises InvalidParameter."""
    if not text:
        return None
    time, _, id = text.partition("~")
    moment = instant(time)
    if moment is None:
        raise InvalidParameter(f"expected the place of an event, TIME~ID, got {text[:100]!r}")
    return Place(moment, id)


def instant(text: str) -> datetime | None:
    """A time in a URL, UTC where it has no zone; None for what is no time, or none that events can be looked for at."""
    try:
        read = datetime.fromisoformat(text)
        utc = read.replace(tzinfo=read.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return utc if YEARS[0] <= utc.year < YEARS[1] else None


def _filters(texts: Sequence[str]) -> Iterator[Filter]:
    if len(texts) > MOST_FILTERS:
        raise InvalidParameter(f"expected at most {MOST_FILTERS} filters, got {len(texts)}")
    for text in dict.fromkeys(one for one in texts if one):
        yield read_filter(text)


def _chosen(stores: Sequence[EventDataStore], names: Sequence[str]) -> Iterator[EventDataStore]:
    for name in names:
        if not any(name in (one.name, one.id, one.arn) for one in stores):
            raise StoreNotFound(f"there is no event data store {name[:200]!r} that you may query")
    yield from (one for one in stores if not names or {one.name, one.id, one.arn} & set(names))


def _of_filters(filters: Sequence[Filter], family: str) -> Iterator[str]:
    """Values of one column are alternatives; what shall not be, and other columns, hold all."""
    wanted: dict[str, list[str]] = {}
    for one in filters:
        made = columns.condition(one.path, one.operator, one.value, family)
        if one.operator == "!=":
            yield made
        else:
            wanted.setdefault(one.path, []).append(made)
    for alternatives in wanted.values():
        parts = [part for part in alternatives if part != "FALSE"]
        yield (
            "TRUE"
            if "TRUE" in parts
            else "FALSE"
            if not parts
            else parts[0]
            if len(parts) == 1
            else (f"({' OR '.join(parts)})")
        )


def _of_switches(switches: Sequence[tuple[str, str]], family: str) -> Iterator[str]:
    is_cloudtrail = family == columns.CLOUDTRAIL
    for pair in switches:
        if pair == ("only", "errors"):
            code, message = columns.expression("errorCode", family), columns.expression("errorMessage", family)
            yield f"({code} IS NOT NULL OR {message} IS NOT NULL)"
        elif pair == ("only", "writes"):
            yield "readonly = FALSE" if is_cloudtrail else "FALSE"
        else:
            yield _OF_SERVICES if is_cloudtrail else "TRUE"
