"""What if: what selectors would keep and drop of what a store has, by day. The counting is ``query.whatif``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trailmere.errors import TrailmereError
from trailmere.events.selectors import family_of, to_json
from trailmere.query.whatif import Foreseen, Window, foresee, window
from trailmere.web.pages import stores_builder as builder
from trailmere.web.pages.stores_read import days_of
from trailmere.web.visit import Page, Visit

if TYPE_CHECKING:
    from trailmere.events.selectors import AdvancedEventSelector
    from trailmere.registry.records import EventDataStore

DAYS = (7, 30, 90, 400)
USUAL_DAYS = 30


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What was asked and found. ``wrong`` says why nothing was; ``link`` leads to the same again."""

    store: EventDataStore | None
    days: int
    window: Window | None = None
    found: Foreseen | None = None
    wrong: str = ""
    link: str = ""

    @property
    def charted(self) -> list[tuple[str, str, int]]:
        """Rows of the chart."""
        days = () if self.found is None else self.found.days
        return [
            row for one in days for row in ((f"{one.day}", "kept", one.kept), (f"{one.day}", "dropped", one.dropped))
        ]


def show(visit: Visit) -> Page:
    """The page: a store, days, selectors; all of it in the URL."""
    stores = visit.stores()
    draft = _draft(visit, stores)
    asked = bool(visit.arg("selectors") or visit.arg("template"))
    result = look(visit, draft.read, visit.arg("store"), visit.arg("days")) if draft.read and asked else None
    context = {"stores": stores, "draft": draft, "whatif": result, "chosen": _store(stores, visit.arg("store"))}
    return Page("stores_whatif.html", context | {"days": DAYS, "wanted_days": wanted_days(visit.arg("days"))})


def look(visit: Visit, selectors: Sequence[AdvancedEventSelector], store_id: str, days: str) -> WhatIf:
    """What the selectors would keep of the latest days of a store that whoever looks may query."""
    store, latest = _store(visit.stores(), store_id), wanted_days(days)
    if store is None:
        return WhatIf(None, latest, wrong="There is no store with events that you may query.")
    text = json.dumps(to_json(selectors), separators=(",", ":"), ensure_ascii=False)
    link = visit.link("/stores/what-if", store=store.id, days=latest, selectors=text)
    try:
        family = family_of(selectors)
        if family != store.family:
            wrong = f"Nothing of {store.name} would be kept: it holds events of another kind."
            return WhatIf(store, latest, wrong=wrong, link=link)
        looked = window(days_of(visit, store), latest)
        if looked is None:
            return WhatIf(store, latest, wrong=f"{store.name} has no events to look at.", link=link)
        return WhatIf(store, latest, looked, foresee(visit.run, store.id, family, selectors, looked), link=link)
    except TrailmereError as error:
        return WhatIf(store, latest, wrong=error.message, link=link)


def wanted_days(text: str) -> int:
    """The number of days, of those that can be chosen."""
    return int(text) if text in map(str, DAYS) else USUAL_DAYS


def _store(stores: Sequence[EventDataStore], wanted: str) -> EventDataStore | None:
    named = next((one for one in stores if wanted and wanted in (one.id, one.name)), None)
    events = [one for one in stores if one.family == "cloudtrail"]
    return named or next(iter(events or stores), None)


def _draft(visit: Visit, stores: Sequence[EventDataStore]) -> builder.Draft:
    try:
        if visit.arg("template"):
            return builder.of_template(visit.arg("template"), visit.arg("values"))
        if visit.arg("selectors"):
            return builder.of_text(visit.arg("selectors"))
    except TrailmereError as error:
        return builder.Draft(None, "", builder.Wrong(error.message, error.hint or ""))
    store = _store(stores, visit.arg("store"))
    return builder.of_selectors(store.selectors) if store else builder.of_template("management-events", "")


ROUTES = (("GET", "/stores/what-if", show),)
