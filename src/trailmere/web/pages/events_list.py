"""The list of events with its filters; the counts beside it and the timeline above it, which come after the rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from trailmere.errors import TrailmereError
from trailmere.query.walking import EARLIEST
from trailmere.web.pages import events_columns as columns
from trailmere.web.pages import events_links as links
from trailmere.web.pages.events_asked import ROWS, SWITCHES, Asked, read, read_filter
from trailmere.web.pages.events_buckets import Bucket, buckets
from trailmere.web.pages.events_history import SECONDS, Counts, History, latest_time
from trailmere.web.pages.events_record import kind, service
from trailmere.web.ranges import around
from trailmere.web.visit import Page, Redirect

if TYPE_CHECKING:
    from trailmere.web.visit import Answer, Visit

# what every row is read with, beside what is chosen
SHOWN = (
    "eventName", "eventSource", "principal", "session", "userIdentity.type", "recipientAccountId", "awsRegion",
    "sourceIPAddress", "errorCode", "errorMessage", "readOnly",
)  # fmt: skip
FACETS = (
    "eventName", "eventSource", "principal", "recipientAccountId", "awsRegion", "sourceIPAddress", "errorCode",
    "userIdentity.accessKeyId", "readOnly",
)  # fmt: skip
TOP, TOP_OF_ONE = 8, 100
MAPS = ("requestParameters", "responseElements", "additionalEventData", "serviceEventDetails")


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to click: what it says, where it leads, and whether it is on."""

    text: str
    href: str
    on: bool = False
    count: int = 0
    excluding: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Facet:
    """The most frequent values of a column. ``more`` leads to more of them."""

    path: str
    name: str
    values: Sequence[Choice]
    more: str = ""


def show(visit: Visit) -> Answer:
    """The list. Raises InvalidParameter, StoreNotFound, and the errors of a query."""
    asked = read(visit)
    if not asked.all_stores:
        return Page("events_none.html", {"may_create": visit.may("cloudtrail:CreateEventDataStore")})
    paths = tuple(dict.fromkeys((*SHOWN, *asked.columns)))
    began, end = visit.range.start, visit.range.end
    found = History(visit, asked).page(paths, began, end, limit=asked.rows, after=asked.after)
    following = found.following or (None if found.reached is None else _before(found.reached))
    context = {
        "asked": asked,
        "found": found,
        "following": None if following is None else visit.here(after=str(following)),
        "newest": links.view(visit) if asked.after else None,
        "chips": _chips(visit, asked),
        "switches": [Choice(name, links.toggled(visit, pair), pair in visit.query) for pair, name in SWITCHES.items()],
        "stores": _stores(visit, asked),
        "sizes": [Choice(str(size), visit.here(rows=str(size), after=None), size == asked.rows) for size in ROWS],
        "extra": [(path, columns.label(path), links.view(visit, drop=(("col", path),))) for path in asked.columns],
        "open": lambda event: links.one(visit, event.place),
        "only": lambda path, value: links.view(visit, add=(("f", f"{path}={value or ''}"),)),
        "part": lambda name: links.view(visit, path=f"/events/{name}"),
        "export": lambda format: links.view(visit, path="/events/export", add=(("format", format),)),
        "offered": [one.path for one in columns.offered(_families(asked))],
        "kind": kind,
        "service": service,
        **(_nothing(visit, asked) if not found.events and not found.reached else {"elsewhere": None, "anything": None}),
    }
    return Page("events.html", context)


def facets(visit: Visit) -> Page:
    """How often each value occurs, of what is asked for. A part of the list."""
    asked, more = read(visit), visit.arg("more")
    paths = [more] if more in FACETS else FACETS
    top = TOP_OF_ONE if more in FACETS else TOP + 1

    def context() -> dict[str, Any]:
        counts = History(visit, asked).facets(paths, visit.range.start, visit.range.end, top=top, seconds=SECONDS)
        return {
            "facets": [_facet(visit, asked, path, counts, top - (not more)) for path in paths],
            "reached": counts.reached,
            "fewer": links.view(visit, path="/events/facets") if more else "",
        }

    return _part(visit, "events_facets.html", "Counts", context)


def timeline(visit: Visit) -> Page:
    """How many events there were when. A part of the list."""
    asked = read(visit)

    def context() -> dict[str, Any]:
        range = visit.range
        unit = "hour" if range.text == "all" else range.period
        counts = History(visit, asked).timeline(unit, range.start, range.end, SECONDS)
        drawn = buckets(counts.by, range, unit, counts.reached)
        return {
            "buckets": drawn.buckets,
            "unit": drawn.unit,
            "reached": counts.reached,
            "events": sum(one.succeeded + one.failed for one in drawn.buckets),
            "failed": sum(one.failed for one in drawn.buckets),
            "narrow": lambda one: links.with_range(visit, _span(one)),
            "zoom": links.with_range(visit, "FROM..TO"),
            "stamp": links.stamp,
            "label": lambda one: _moment(one, drawn.unit, visit),
        }

    return _part(visit, "events_timeline.html", "Timeline", context)


def columns_offered(visit: Visit) -> Page:
    """All columns that can be shown, with keys of maps that the latest events have."""
    asked = read(visit)

    def context() -> dict[str, Any]:
        keys = History(visit, asked).keys(MAPS, EARLIEST, visit.range.end)
        known = [(one.path, one.meaning) for one in columns.offered(_families(asked)) if one.path not in SHOWN]
        seen = [(f"{name}.{key}", "Seen in the latest events.") for name in MAPS for key in keys[name]]
        others = [(path, "") for path in asked.columns if path not in dict(known + seen)]
        return {
            "groups": [("Chosen from elsewhere", others), ("Columns", known), ("Keys seen in events", seen)],
            "chosen": asked.columns,
            "kept": [pair for pair in visit.query if pair[0] not in ("col", *links.OF_A_PLACE)],
        }

    return _part(visit, "events_columns.html", "Columns", context)


def add_filter(visit: Visit) -> Redirect:
    """The filter of the form, added to the list. Raises InvalidParameter."""
    path, operator, value = visit.arg("column").strip(), visit.arg("operator", "="), visit.arg("value")
    text = f"{path}{operator if operator in columns.OPERATORS else '='}{value}"
    read_filter(text)
    drop = tuple(pair for pair in visit.query if pair[0] in ("column", "operator", "value"))
    return Redirect(links.view(visit, drop=drop, add=(("f", text),)))


# --- parts of the page ------------------------------------------------------------------------------------------------


def _part(visit: Visit, template: str, title: str, context: Any) -> Page:
    """A part that says what is wrong in its own place; as a page for whoever has no script."""
    try:
        made = {"wrong": "", **context()}
    except TrailmereError as error:
        made = {"wrong": error.message}
    if visit.is_part:
        return Page(template, made)
    return Page("events_part.html", {**made, "part": template, "title": title, "back": links.view(visit)})


def _chips(visit: Visit, asked: Asked) -> list[Choice]:
    chips = [Choice(one.reads, links.view(visit, drop=(("f", one.text),)), title=one.text) for one in asked.filters]
    if asked.text:
        given = tuple(pair for pair in visit.query if pair[0] == "q")
        chips.append(Choice(f"Text: {asked.text}", links.view(visit, drop=given), title=asked.text))
    return chips


def _stores(visit: Visit, asked: Asked) -> list[Choice]:
    """Each store as a switch; none on means all."""
    named = visit.args("store")
    return [
        Choice(one.name, links.toggled(visit, ("store", one.name)), one.name in named, title=one.arn)
        for one in asked.all_stores
    ]


def _facet(visit: Visit, asked: Asked, path: str, counts: Counts, top: int) -> Facet:
    found = counts.by[path].most_common(top + 1)
    values = [
        Choice(
            _value(path, value),
            links.toggled(visit, ("f", f"{path}={value}")),
            ("f", f"{path}={value}") in visit.query,
            count,
            links.view(visit, add=(("f", f"{path}!={value}"),)),
            value,
        )
        for value, count in found[:top]
    ]
    more = links.view(visit, path="/events/facets", add=(("more", path),)) if len(found) > top else ""
    return Facet(path, columns.label(path), values, more if not visit.arg("more") else "")


def _value(path: str, value: str) -> str:
    if not value:
        return {"errorCode": "no error"}.get(path, "none")
    if path == "readOnly":
        return {"true": "reads", "false": "writes"}.get(value, value)
    return service(value) if path == "eventSource" else value


def _nothing(visit: Visit, asked: Asked) -> dict[str, Any]:
    """Where there is something: what is asked for at another time, else anything at all."""
    elsewhere = latest_time(visit, asked) if asked.after is None else None
    anything = None
    if elsewhere is None and asked.after is None and asked.is_narrowed:
        anything = latest_time(visit, Asked(asked.stores, asked.all_stores))
    return {
        "elsewhere": elsewhere,
        "anything": anything,
        "to": lambda when: links.with_range(visit, _day_around(when)),
        "unfiltered": lambda when: visit.link("/events", range=_day_around(when)),
        "here_unfiltered": visit.link("/events"),
    }


def _day_around(when: datetime) -> str:
    return around(when, 12 * 60)


def _families(asked: Asked) -> frozenset[str]:
    return frozenset(store.family for store in asked.stores)


def _before(reached: datetime) -> Any:
    from trailmere.web.pages.events_asked import Place

    return Place(reached, "")


def _span(one: Bucket) -> str:
    return f"{links.stamp(one.start)}..{links.stamp(one.end)}"


def _moment(one: Bucket, unit: str, visit: Visit) -> str:
    """A bucket's time for people: no finer than the bucket."""
    local = one.start.astimezone(visit.zone)
    if unit in ("minute", "hour"):
        return f"{local:%Y-%m-%d %H:%M}"
    return f"{one.start.astimezone(UTC):%Y-%m-%d}" if unit != "month" else f"{one.start:%Y-%m}"
