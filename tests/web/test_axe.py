"""Every page, light and dark, as axe-core judges it: no violation (WCAG 2.2 A and AA, and its best practices).

axe-core comes with the packages of ``web/`` (npm ci): CI has them, a clone need not.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.web.browsing import Console, Watched, sign_in, watched
from tests.web.screenshots import PAGES

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.extended

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
RUN = """async () => (await axe.run(document, {resultTypes: ['violations']})).violations.map(one =>
    `${one.id} (${one.impact}): ${one.help}: ` + one.nodes.slice(0, 4).map(node => node.target.join(' ') + ' | ' +
    (node.any.concat(node.all, node.none)[0] || {message: ''}).message).join('; '))"""
ENTRANCE = ("/sign-in", "/welcome")


@pytest.fixture(scope="module", params=["light", "dark"])
def judged(request: pytest.FixtureRequest, browser: Browser, console: Console) -> Iterator[Watched]:
    """The page of an administrator in a theme, into which axe may be put: CSP would refuse it, and is off here only."""
    if not AXE.exists():
        pytest.skip("axe-core is not installed: npm ci in web/")
    with watched(browser, console, bypass_csp=True, color_scheme=request.param) as seen:
        sign_in(seen.page)
        yield seen


def violations(seen: Watched, path: str) -> list[Any]:
    """What axe finds on a page that has come to rest."""
    seen.page.goto(f"/console{path}")
    seen.page.wait_for_load_state("networkidle")
    seen.page.add_script_tag(path=str(AXE))
    return list(seen.page.evaluate(RUN))


@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_no_violation(judged: Watched, path: str) -> None:
    assert violations(judged, path) == []


def test_a_page_with_everything_opened_has_no_violation(judged: Watched) -> None:
    judged.page.goto("/console/settings/me")
    judged.page.locator("details.menu > summary").last.click()
    judged.page.add_script_tag(path=str(AXE))
    opened = judged.page.evaluate(RUN)
    judged.page.keyboard.press("Escape")
    judged.page.keyboard.press("Control+k")

    assert opened + judged.page.evaluate(RUN) == []


@pytest.mark.parametrize("path", ENTRANCE)
def test_the_way_in_has_no_violation(judged: Watched, path: str) -> None:
    judged.context.clear_cookies()  # the last tests of a theme

    assert violations(judged, path) == []


def test_a_page_that_is_not_there_has_no_violation(judged: Watched) -> None:
    sign_in(judged.page)

    assert violations(judged, "/no-such-page") == []
