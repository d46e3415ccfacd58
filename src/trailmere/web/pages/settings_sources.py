"""What brings events: trails that are followed, imports, channels; when each last did, and where to change it.

Asked through the operations of CloudTrail, each of which may be refused to whoever looks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from trailmere.api.errors import Fault
from trailmere.app import ACTIVITY_STORE
from trailmere.web.visit import Page, Visit

MOST = 20  # of a kind
Found = TypeVar("Found")


def show(visit: Visit) -> Page:
    """The page."""
    settings = visit.app.settings
    context = {
        "trails": _asked(lambda: _trails(visit)),
        "channels": _asked(lambda: _channels(visit)),
        "imports": _asked(lambda: _imports(visit)),
        "folders": [one for one in settings.import_folders.split(":") if one],
        "buckets": [one.strip() for one in settings.import_buckets.split(",") if one.strip()],
        "activity": visit.app.stores_in(settings.account_id, settings.region).find(ACTIVITY_STORE),
        "most": MOST,
    }
    return Page("settings_sources.html", context)


def _asked(ask: Callable[[], Found]) -> tuple[Found | None, str]:
    """What was found, or why it was refused."""
    try:
        return ask(), ""
    except Fault as refused:
        return None, refused.message


def _trails(visit: Visit) -> list[Mapping[str, Any]]:
    trails = visit.perform("DescribeTrails", includeShadowTrails=True)["trailList"][:MOST]
    return [{**trail, "Status": visit.perform("GetTrailStatus", Name=trail["TrailARN"])} for trail in trails]


def _channels(visit: Visit) -> list[Mapping[str, Any]]:
    found = visit.perform("ListChannels", MaxResults=MOST)["Channels"]
    return [visit.perform("GetChannel", Channel=one["ChannelArn"]) for one in found]


def _imports(visit: Visit) -> list[Mapping[str, Any]]:
    found = visit.perform("ListImports", MaxResults=MOST)["Imports"]
    return [visit.perform("GetImport", ImportId=one["ImportId"]) for one in found[:5]]


ROUTES = (("GET", "/settings/sources", show),)
