"""Events: the whole history of all accounts and Regions, newest first; what is counted over it, and one event."""

from __future__ import annotations

from trailmere.web.pages import events_export, events_list, events_one

ROUTES = (
    ("GET", "/events", events_list.show),
    ("GET", "/events/facets", events_list.facets),
    ("GET", "/events/timeline", events_list.timeline),
    ("GET", "/events/columns", events_list.columns_offered),
    ("GET", "/events/filter", events_list.add_filter),
    ("GET", "/events/export", events_export.export),
    ("GET", "/events/compare", events_one.compare),
    ("GET", "/events/{id}", events_one.show),
    ("GET", "/events/{id}/neighbours", events_one.neighbours),
    ("GET", "/events/{id}/record", events_one.record),
)
