"""A server with the console over a lake, and a real browser that looks at it.

Every page of the browser is watched: a console error, a CSP report, a script error, a request to another host, or an
answer of 500 fails the test that caused it.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from playwright.sync_api import sync_playwright

from trailmere.api.dispatch import Dispatcher
from trailmere.api.listener import Listener, Patience, address_of, bind
from trailmere.api.server import AwsDoor, ServeLimits
from trailmere.app import App, build
from trailmere.settings import load
from trailmere.web.door import ConsoleDoor

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

PASSWORD = "correct horse battery"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass
class Console:
    """A running server with the console. ``notes`` has the event of every call and sign-in."""

    app: App
    url: str
    notes: list[bytes]
    user: str = "admin"

    def a_user(self, name: str, *policies: str, account: str | None = None) -> str:
        """A user who can sign in with ``PASSWORD``; their account."""
        where = account or self.app.settings.account_id
        identities = self.app.identities
        if where not in {one.id for one in identities.accounts()} and where != self.app.settings.account_id:
            identities.create_account(f"account-{where}", where)
        user = identities.create_user(where, name)
        for policy in policies:
            identities.attach_policy(user, policy)
        self.app.console.set_password(user, PASSWORD)
        return where


@contextmanager
def serve_console(lake: Path, **settings: Any) -> Iterator[Console]:
    """A server over a lake, whose administrator has ``PASSWORD``. It accepts when this returns."""
    app = build(load({}, lake=lake, **settings))
    notes: list[bytes] = []
    door = AwsDoor(Dispatcher(app, sink=notes.append), app.stores.names, ServeLimits.of(app.settings))
    console = ConsoleDoor(app, notes.append)
    bound = bind("127.0.0.1", 0)
    started = threading.Event()
    listener = Listener(door.application(console.mounts()), bound, Patience.of(app.settings), tell=started.set)
    app.identities.first_administrator()
    administrator = app.identities.user(app.settings.account_id, "admin")
    app.console.set_password(administrator, PASSWORD)
    app.jobs.resume()
    thread = threading.Thread(target=listener.listen, name="server", daemon=True)
    thread.start()
    started.wait()
    try:
        yield Console(app, address_of(bound, secure=False), notes)
    finally:
        listener.stop()
        thread.join()
        console.close()
        door.close()
        app.close()


@contextmanager
def chromium() -> Iterator[Browser]:
    """The machine's own Chromium, without a window."""
    assert CHROMIUM is not None, "there is no Chromium on this machine"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@dataclass
class Watched:
    """A page and what went wrong on it."""

    page: Page
    context: BrowserContext
    wrong: list[str] = field(default_factory=list)

    def check(self) -> None:
        """Fails where anything went wrong; then begins anew."""
        wrong, self.wrong = self.wrong, []
        assert wrong == []


@contextmanager
def watched(browser: Browser, console: Console, **context: Any) -> Iterator[Watched]:
    """A page of a browser's own, not signed in. ``context`` as Playwright's: ``color_scheme``, ``viewport``."""
    made = browser.new_context(base_url=console.url, **context)
    page = made.new_page()
    seen = Watched(page, made)
    host = urlsplit(console.url).netloc

    def on_request(request: Any) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob", "about") and parts.netloc != host:
            seen.wrong.append(f"asks another host: {request.url}")

    def on_console(message: Any) -> None:
        expected = "the server responded with a status of 4" in message.text
        if message.type in ("error", "warning") and not expected:
            seen.wrong.append(f"console: {message.text}")

    page.on("request", on_request)
    page.on("console", on_console)
    page.on("pageerror", lambda error: seen.wrong.append(f"script: {error}"))
    page.on(
        "response", lambda answer: seen.wrong.append(f"{answer.status}: {answer.url}") if answer.status >= 500 else None
    )
    try:
        yield seen
    finally:
        made.close()


def sign_in(page: Page, user: str = "admin", *, account: str = "", to: str = "/console") -> None:
    """As a person does it."""
    page.goto(f"/console/sign-in?to={to}")
    if account:
        page.get_by_label("Account").fill(account)
    page.get_by_label("User").fill(user)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(lambda url: "sign-in" not in url)
