"""The demo organisation behind the console, and a browser: made once for all tests of a process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.walks.door import trailmere
from tests.web.browsing import Console, Watched, chromium, serve_console, sign_in, watched

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

expect.set_options(timeout=30_000)  # milliseconds: for a machine that is busy, not for pages that are slow


@pytest.fixture(scope="session")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """A server over the lake of ``trailmere demo``: the stores incident-1 (March 2022) and incident-2."""
    lake = tmp_path_factory.mktemp("console") / "lake"
    trailmere("demo", "--yes", "--lake", lake)
    with serve_console(lake) as running:
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture
def visitor(browser: Browser, console: Console) -> Iterator[Watched]:
    """A page of somebody who is not signed in; what went wrong on it fails the test."""
    with watched(browser, console) as seen:
        yield seen
        seen.check()


@pytest.fixture
def admin(visitor: Watched) -> Watched:
    """A page of the administrator."""
    sign_in(visitor.page)
    return visitor
