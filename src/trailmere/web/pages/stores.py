"""Stores: the event data stores of the account, and the routes of their pages.

One page a matter: ``stores_show`` (a store), ``stores_form`` (new and edit), ``stores_whatif``, ``stores_sharing``,
``stores_imports``, ``stores_channels``.
"""

from __future__ import annotations

from typing import Any

from trailmere.registry.records import Status
from trailmere.web.pages import (
    stores_channels,
    stores_form,
    stores_imports,
    stores_sharing,
    stores_show,
    stores_whatif,
)
from trailmere.web.pages.stores_read import (
    STATUS_WORDS,
    StoreRow,
    asked,
    kind_of,
    retention_words,
    row_of,
    running_imports,
)
from trailmere.web.visit import Page, Visit

LISTED = 50


def show(visit: Visit) -> Page:
    """The list: what there is, whether it takes events in, how much of it, from when to when."""
    told = asked(visit, "ListEventDataStores", MaxResults=LISTED, NextToken=visit.arg("after") or None)
    context: dict[str, Any] = {
        "refused": told.refused,
        "rows": (),
        "pending": (),
        "after": None,
        "may_create": visit.may("cloudtrail:CreateEventDataStore"),
        "may_restore": False,
        "status_words": STATUS_WORDS,
        "kind_of": kind_of,
        "retention_words": retention_words,
    }
    if told.output is not None:
        imports = running_imports(visit)
        rows = [row_of(visit, one, imports) for one in told.output["EventDataStores"]]
        pending = [one for one in rows if _is_pending(one)]
        context |= {
            "rows": [one for one in rows if one not in pending],
            "pending": pending,
            "after": told.output.get("NextToken"),
            "may_restore": {one.id: visit.may("cloudtrail:RestoreEventDataStore", one.arn) for one in pending},
        }
    return Page("stores.html", context)


def _is_pending(row: StoreRow) -> bool:
    return row.record is not None and row.record.status is Status.PENDING_DELETION


ROUTES = (
    ("GET", "/stores", show),
    *stores_imports.ROUTES,
    *stores_channels.ROUTES,
    *stores_whatif.ROUTES,
    *stores_form.ROUTES,
    *stores_sharing.ROUTES,
    *stores_show.ROUTES,
)
