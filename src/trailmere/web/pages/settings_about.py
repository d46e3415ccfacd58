"""What runs here: versions, licences, and the checks of ``trailmere doctor``, which take a moment and come later."""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files

from trailmere.checkup import LIBRARIES, examine
from trailmere.web.pages.settings_noted import SEE
from trailmere.web.visit import Page, Visit

LICENCE = "Apache-2.0"


def show(visit: Visit) -> Page:
    """The page."""
    visit.allow(SEE)
    notices = (files("trailmere.web") / "static" / "notices.txt").read_text("utf-8")
    libraries = [(name, _version(name)) for name in LIBRARIES]
    context = {
        "version": _version("trailmere"),
        "python": sys.version.split()[0],
        "libraries": libraries,
        "notices": notices,
        "checks": examine(visit.app) if visit.arg("checks") else None,
    }
    return Page("settings_about.html", context)


def checks(visit: Visit) -> Page:
    """A part: every check."""
    visit.allow(SEE)
    return Page("settings_checks.html", {"checks": examine(visit.app)})


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


ROUTES = (("GET", "/settings/about", show), ("GET", "/settings/about/checks", checks))
