"""Home: is the lake healthy and current?"""

from __future__ import annotations

from trailmere.web.visit import Page, Visit


def show(_visit: Visit) -> Page:
    """The page."""
    return Page("home.html")


ROUTES = (("GET", "/", show),)
