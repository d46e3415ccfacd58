"""What is asked of the console: every page that can be opened without writing a query, with what it must show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from benchmarks.large import Large

# how a page comes to its answer: without an event being read, or by statements of the console's own
BOOKS, EVENTS, BOUNDED = "books", "events", "bounded"
PAINTED = ("home", "events", "query")


@dataclass(frozen=True, slots=True)
class Asked:
    """A page. ``kind``: ``books`` reads no events, ``events`` reads some, ``bounded`` reads until its time is up."""

    name: str
    path: str
    kind: str
    shows: str
    form: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Needles:
    """What pages are asked about, beside events of ``large``."""

    large: Large
    store_id: str
    query_id: str
    statement: str
    dashboard: str


def pages(needles: Needles) -> list[Asked]:
    """All of them, Home first."""
    return [
        *_of_events(needles),
        *_of_queries(needles),
        *_of_dashboards(needles),
        *_of_stores(needles),
        *_of_settings(),
    ]


def _of_events(needles: Needles) -> list[Asked]:
    (id, when), (other, at), (oldest, _) = needles.large.events
    last_day, incident = _day(needles.large.latest), _day(needles.large.incident)
    access_key = needles.large.access_key
    key = ("f", f"userIdentity.accessKeyId={access_key}")
    return [
        Asked("home", "/", BOOKS, "Where events come from"),
        Asked("home: upkeep part", "/home/upkeep", BOOKS, "events"),
        Asked("events", "/events", EVENTS, "Filter"),
        Asked("events: last day", _to("/events", last_day), EVENTS, "Filter"),
        Asked("events: a day, by access key", _to("/events", incident, key), EVENTS, access_key),
        Asked("events: all time, by access key", _to("/events", ("range", "all"), key), BOUNDED, access_key),
        Asked("events: a day, free text", _to("/events", incident, ("q", access_key)), BOUNDED, "Filter"),
        Asked("events: counts, last day", _to("/events/facets", last_day), BOUNDED, "Service"),
        Asked("events: counts, 7 days", "/events/facets", BOUNDED, "Service"),
        Asked("events: timeline, last day", _to("/events/timeline", last_day), BOUNDED, "events"),
        Asked("events: timeline, 7 days", "/events/timeline", BOUNDED, "events"),
        Asked("event, from the list", _to(f"/events/{id}", ("at", when)), EVENTS, id),
        Asked("event, by id alone: new", f"/events/{id}", EVENTS, id),
        Asked("event, by id alone: oldest", f"/events/{oldest}", BOUNDED, oldest),
        Asked("event: neighbours", _to(f"/events/{id}/neighbours", ("at", when)), EVENTS, "/events/"),
        Asked("compare", _compare(id, when, other, at), EVENTS, other),
    ]


def _of_queries(needles: Needles) -> list[Asked]:
    sql = {"sql": needles.statement}
    return [
        Asked("query", "/query", BOOKS, "FROM"),
        Asked("query: check", "/query/check?range=7d", BOOKS, "files", sql),
        Asked("query: check, all time", "/query/check?range=all", BOOKS, "files", sql),
        Asked("query: history", "/query/history", BOOKS, needles.query_id),
        Asked("query: samples and saved", "/query/samples", BOOKS, "Events by name"),
        Asked("query: an answer", f"/query/{needles.query_id}", BOOKS, "/export/"),
    ]


def _of_dashboards(needles: Needles) -> list[Asked]:
    return [
        Asked("dashboards", "/dashboards", BOOKS, needles.dashboard),
        Asked("dashboard, with answers", f"/dashboards/{needles.dashboard}", BOOKS, "Refresh"),
    ]


def _of_stores(needles: Needles) -> list[Asked]:
    what_if = (("store", needles.store_id), ("template", "management-events"))
    return [
        Asked("stores", "/stores", BOOKS, "events"),
        Asked("store", f"/stores/{needles.store_id}", BOOKS, "events"),
        Asked("store: upkeep part", f"/stores/{needles.store_id}/upkeep", BOOKS, "maintain"),
        Asked("store: edit", f"/stores/{needles.store_id}/edit", BOOKS, "events"),
        Asked("store: sharing", f"/stores/{needles.store_id}/sharing", BOOKS, "events"),
        Asked("new store", "/stores/new", BOOKS, "elector"),
        Asked("new store: what if", _to("/stores/what-if", *what_if), BOUNDED, "kept"),
        Asked("imports", "/stores/imports", BOOKS, "mport"),
        Asked("new import", "/stores/imports/new", BOOKS, "mport"),
        Asked("channels", "/stores/channels", BOOKS, "hannel"),
    ]


def _of_settings() -> list[Asked]:
    names = ("me", "users", "users/admin", "accounts", "sources", "limits", "about", "about/checks")
    return [Asked(f"settings: {name}", f"/settings/{name}", BOOKS, "") for name in names]


def _to(path: str, *pairs: tuple[str, str]) -> str:
    return f"{path}?{urlencode(pairs)}"


def _compare(id: str, when: str, other: str, at: str) -> str:
    return _to("/events/compare", ("a", id), ("a_at", when), ("b", other), ("b_at", at))


def _day(day: str) -> tuple[str, str]:
    return "range", f"{day}T00:00:00Z..{date.fromisoformat(day) + timedelta(days=1)}T00:00:00Z"


def kinds() -> dict[str, str]:
    """The kind of each page, by its name."""
    nothing = Large("", 0, 0, 0, "2026-01-01", "2026-01-01", "", [("", "")] * 3)
    return {one.name: one.kind for one in pages(Needles(nothing, "", "", "", ""))}
