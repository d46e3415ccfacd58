"""One event: a card for people, the exact record, and where each of its values leads; two beside each other."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from trailmere.errors import InvalidParameter, TrailmereError
from trailmere.web.pages import events_links as links
from trailmere.web.pages.events_asked import instant, place
from trailmere.web.pages.events_find import NotFound, OneEvent, beside, find, who
from trailmere.web.pages.events_leads import is_text
from trailmere.web.pages.events_record import compare as compare_records
from trailmere.web.pages.events_record import formatted, read_card, service
from trailmere.web.visit import Download, Page, Redirect

if TYPE_CHECKING:
    from trailmere.web.visit import Answer, Visit

LONGEST_TEXT = 200_000  # characters of a record that are laid out; the download has all of them


def show(visit: Visit) -> Answer:
    """An event. One that is in no store is said to be missing, with where it was looked for."""
    found = find(visit, visit.values["id"], instant(visit.arg("at")))
    if isinstance(found, NotFound):
        return _missing(visit, [found])
    card = read_card(found.text)
    return Page(
        "event.html",
        {
            "event": found,
            "card": card,
            "service": service,
            "is_text": is_text,
            "leads": [(lead, links.follow(visit, lead.filters, found.time)) for lead in card.leads],
            "follow": lambda text: links.follow(visit, (text,), found.time),
            "around": links.five_minutes(visit, found.time),
            "formatted": formatted(found.text)[:LONGEST_TEXT],
            "is_cut": len(found.text) > LONGEST_TEXT,
            "exact": exact(found.text),
            "has_hidden": not found.text.isprintable() and any(_is_hidden(one) for one in found.text),
            "list": links.view(visit),
            "record": _near(visit, found, "record"),
            "part": _near(visit, found, "neighbours"),
            "others": [(one, links.one(visit, one)) for one in found.others],
        },
    )


def record(visit: Visit) -> Answer:
    """The exact text of the record, as a file."""
    found = find(visit, visit.values["id"], instant(visit.arg("at")))
    if isinstance(found, NotFound):
        return _missing(visit, [found])
    return Download(found.text.encode("utf-8", "surrogatepass"), "application/json", f"{_file_name(found.id)}.json")


def neighbours(visit: Visit) -> Page:
    """The events before and after one, by the same principal. A part of its page."""
    context: dict[str, Any] = {"earlier": None, "later": None, "wrong": "", "known": True}
    try:
        found = find(visit, visit.values["id"], instant(visit.arg("at")))
        identity = {} if isinstance(found, NotFound) else _identity(found.text)
        path, value = who(identity)
        if isinstance(found, NotFound) or not path or not is_text(value):
            context["known"] = False
        else:
            earlier, later = beside(visit, path, value, found.place)
            context |= {
                name: one and (one, links.one(visit, one.place))
                for name, one in (("earlier", earlier), ("later", later))
            }
    except TrailmereError as error:
        context["wrong"] = error.message
    return Page("event_neighbours.html", context)


def compare(visit: Visit) -> Answer:
    """Two events beside each other: what differs is marked. ``pick``, twice, is what the list sends."""
    picked = visit.args("pick")
    if picked:
        return _picked(visit, picked)
    found = [find(visit, visit.arg(name), instant(visit.arg(f"{name}_at"))) for name in ("a", "b") if visit.arg(name)]
    if len(found) != 2:
        raise InvalidParameter("expected two events to compare", hint="Mark two events of the list, with x, then c.")
    missing = [one for one in found if isinstance(one, NotFound)]
    if missing:
        return _missing(visit, missing)
    a, b = (one for one in found if isinstance(one, OneEvent))
    lines = [(path, left, right, left != right) for path, left, right in compare_records(a.text, b.text)]
    only = visit.arg("show") != "all"
    return Page(
        "events_compare.html",
        {
            "sides": [
                (name, one, read_card(one.text), links.one(visit, one.place)) for name, one in (("A", a), ("B", b))
            ],
            "lines": [line for line in lines if line[3] or not only],
            "differing": sum(line[3] for line in lines),
            "alike": sum(not line[3] for line in lines),
            "only": only,
            "all": visit.here(show="all"),
            "less": visit.here(show=None),
            "swapped": visit.here(
                a=visit.arg("b"), a_at=visit.arg("b_at") or None, b=visit.arg("a"), b_at=visit.arg("a_at") or None
            ),
            "list": links.view(visit, drop=tuple(pair for pair in visit.query if pair[0] in _OF_COMPARE)),
        },
    )


_OF_COMPARE = ("a", "b", "a_at", "b_at", "show")


def exact(text: str) -> Markup:
    """A text for an attribute, from which a browser reads the same text: it would change carriage returns."""
    return escape(text).replace("\r", Markup("&#13;"))


def _picked(visit: Visit, picked: list[str]) -> Redirect:
    places = [one for one in map(place, picked) if one is not None]
    if len(places) != 2:
        raise InvalidParameter(
            f"expected two events to compare, got {len(places)}", hint="Mark two events of the list, with x, then c."
        )
    a, b = places
    given = {"a": a.id, "a_at": links.stamp(a.time), "b": b.id, "b_at": links.stamp(b.time)}
    drop = tuple(pair for pair in visit.query if pair[0] == "pick")
    return Redirect(links.view(visit, path="/events/compare", drop=drop, add=tuple(given.items())))


def _missing(visit: Visit, missing: list[NotFound]) -> Page:
    return Page("event_missing.html", {"missing": missing, "list": visit.link("/events")}, 404)


def _near(visit: Visit, found: OneEvent, name: str) -> str:
    return links.one(visit, found.place).replace("?", f"/{name}?", 1)


def _identity(text: str) -> dict[str, Any]:
    try:
        identity = json.loads(text).get("userIdentity")
    except (ValueError, RecursionError, AttributeError):
        return {}
    return identity if isinstance(identity, dict) else {}


def _is_hidden(character: str) -> bool:
    return not character.isprintable() and character not in "\n\t "


def _file_name(id: str) -> str:
    return "".join(one for one in id if one.isalnum() or one in "-_")[:80] or "event"
