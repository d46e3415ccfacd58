"""``python -m tests.web.screenshots [FOLDER] [PATH ...]``: pages of the demo's console as pictures.

Each page light, dark, and 390 pixels wide. Paths are those below ``/console``; without any, those of ``PAGES``.
``--lake LAKE`` uses a lake that is there, else one is made by ``trailmere demo``; ``--window`` takes what a window
shows of a page from ``#PART`` on, as docs/screenshots has it.
"""

from __future__ import annotations

import argparse
import re
import tempfile
from pathlib import Path

from tests.walks.door import trailmere
from tests.web.browsing import chromium, serve_console, sign_in, watched
from trailmere.simulator.compromised_key import CREATE_ACCESS_KEY_ID

MARCH = "range=2022-03-14T00:00:00Z..2022-03-17T00:00:00Z"
PAGES = (
    "/",
    f"/events?{MARCH}&only=errors",
    f"/query?{MARCH}",
    "/query/history",
    f"/query/samples?{MARCH}&q=failed",
    f"/events/{CREATE_ACCESS_KEY_ID}?{MARCH}",
    f"/events/compare?a={CREATE_ACCESS_KEY_ID}&b={CREATE_ACCESS_KEY_ID}&show=all",
    f"/events/columns?{MARCH}",
    "/events/no-such-event",
    f"/dashboards?{MARCH}",
    f"/dashboards/AWSCloudTrail-SecurityMonitoring?{MARCH}&store=incident-1",
    "/settings/me",
    "/settings/users",
    "/settings/users/admin",
    "/settings/accounts",
    "/settings/sources",
    "/settings/limits",
    "/settings/about",
    "/stores",
    "/stores/1994bee2-d4a0-460e-8c07-1b5ee04765d8",
    "/stores/1994bee2-d4a0-460e-8c07-1b5ee04765d8/sharing",
    "/stores/new?template=data-write-only",
    "/stores/what-if?store=incident-1&days=30&template=management-write-only",
    "/stores/imports/new",
    "/stores/channels",
)
LOOKS = {
    "light": {"color_scheme": "light", "viewport": {"width": 1440, "height": 900}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1440, "height": 900}},
    "narrow": {"color_scheme": "light", "viewport": {"width": 390, "height": 844}},
}


def take(lake: Path, folder: Path, paths: list[str], looks: list[str], *, whole: bool) -> None:
    """Pictures of all pages; says what went wrong on one."""
    folder.mkdir(parents=True, exist_ok=True)
    with serve_console(lake) as console, chromium() as browser:
        for look in looks:
            with watched(browser, console, **LOOKS[look]) as seen:
                sign_in(seen.page)
                for path in paths:
                    seen.page.goto(f"/console{path}")
                    seen.page.wait_for_load_state("networkidle")
                    if part := path.partition("#")[2]:
                        seen.page.locator(f"#{part}").evaluate("element => element.scrollIntoView()")
                    name = re.sub(r"[^a-z0-9]+", "-", path.partition("?")[0].lower()).strip("-") or "home"
                    seen.page.screenshot(path=folder / f"{name}-{look}.png", full_page=whole)
                    for wrong in seen.wrong:
                        print(f"{path} {look}: {wrong}")
                    seen.wrong.clear()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("docs/screenshots"))
    parser.add_argument("paths", nargs="*")
    parser.add_argument("--lake", type=Path)
    parser.add_argument("--looks", nargs="*", default=list(LOOKS), choices=list(LOOKS))
    parser.add_argument("--window", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        place = given.lake or Path(made) / "lake"
        if given.lake is None:
            trailmere("demo", "--yes", "--lake", place)
        take(place, given.folder, given.paths or list(PAGES), given.looks, whole=not given.window)
