"""The console as its users have it: ``trailmere serve`` as a process, a signed-in client, a real browser.

A request's time is that of the client over loopback, on a connection that is kept open; processor time is the server's
with its query workers.
"""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from urllib.parse import urlencode, urlsplit

from benchmarks import ours

USER, PASSWORD = "admin", "correct horse battery"
BASE = "/console"
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
SECONDS = 300.0  # that a dashboard or a query may take
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync")
_PAINT = """() => new Promise(done => {
  const told = () => performance.getEntriesByName('first-contentful-paint')[0];
  if (told()) { done(told().startTime); return; }
  new PerformanceObserver(() => { if (told()) done(told().startTime); }).observe({type: 'paint', buffered: true});
})"""


def set_password(lake: Path) -> None:
    """The administrator of a new lake can sign in."""
    with ours.opened(lake) as app:
        app.identities.first_administrator()
        app.console.set_password(app.identities.user(app.settings.account_id, USER), PASSWORD)


class ConsoleServer:
    """``trailmere serve`` over a lake; it listens when entered."""

    def __init__(self, lake: Path) -> None:
        self._lake = lake
        self.address = ""

    def __enter__(self) -> ConsoleServer:
        command = [sys.executable, "-m", "trailmere", "serve", "--lake", str(self._lake), "--port", "0"]
        log = (self._lake.parent / "console-server.log").open("a")
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        assert self._process.stdout is not None
        self.address = self._process.stdout.readline().split()[-1]
        return self

    def __exit__(self, _type: type[BaseException] | None, _e: BaseException | None, _t: TracebackType | None) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(timeout=120)

    def cpu_seconds(self) -> float:
        """Processor time so far, of the server and the workers that it has started."""
        return sum(_ticks(pid) for pid in (self._process.pid, *_children(self._process.pid))) / TICKS_A_SECOND


def _ticks(pid: int) -> int:
    """User and system time: proc(5), stat, fields 14 and 15; those of children that ended, 16 and 17."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return sum(map(int, fields[11:15]))


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for thread in Path(f"/proc/{pid}/task").iterdir():
        for child in map(int, (thread / "children").read_text().split()):
            found += [child, *_children(child)]
    return found


class Client:
    """A person who is signed in, with one connection."""

    def __init__(self, server: ConsoleServer) -> None:
        self.server = server
        self._connection = http.client.HTTPConnection(urlsplit(server.address).netloc, timeout=SECONDS)
        self.cookie = ""
        response = self._send("POST", "/sign-in", {"user": USER, "password": PASSWORD, "to": BASE})
        response.read()
        self.cookie = (response.getheader("set-cookie") or "").partition(";")[0]
        if response.status != 303 or not self.cookie:
            raise RuntimeError(f"could not sign in: {response.status}")

    def ask(self, path: str, form: Mapping[str, str] | None = None) -> tuple[int, bytes]:
        """The status and body of a page below the console."""
        response = self._send("GET" if form is None else "POST", path, form)
        return response.status, response.read()

    def follow(self, path: str, form: Mapping[str, str]) -> str:
        """Where a form leads."""
        response = self._send("POST", path, form)
        body = response.read()
        if response.status != 303:
            raise RuntimeError(f"{path}: {response.status}, {body[:2000]!r}")
        return response.getheader("location") or ""

    def wait_for(self, path: str, is_there: Callable[[str], bool]) -> None:
        """Ask until a page shows what it should."""
        until = time.monotonic() + SECONDS
        while not is_there(text := self.ask(path)[1].decode()):
            if time.monotonic() > until:
                raise RuntimeError(f"{path} did not come to an end: {text[-2000:]}")
            time.sleep(0.5)

    def _send(self, method: str, path: str, form: Mapping[str, str] | None) -> http.client.HTTPResponse:
        headers = {"cookie": self.cookie, "origin": self.server.address, "sec-fetch-site": "same-origin"}
        body = None if form is None else urlencode(form)
        if body is not None:
            headers["content-type"] = "application/x-www-form-urlencoded"
        self._connection.request(method, BASE + path, body, headers)
        return self._connection.getresponse()


def first_paint(server: ConsoleServer, client: Client, path: str) -> dict[str, float]:
    """Milliseconds from the navigation to the first byte and to the first contentful paint; an empty cache."""
    from playwright.sync_api import sync_playwright

    name, _, value = client.cookie.partition("=")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        context = browser.new_context(base_url=server.address, viewport={"width": 1440, "height": 900})
        context.add_cookies([{"name": name, "value": value, "url": server.address}])
        page = context.new_page()
        page.goto(f"{BASE}{path}", wait_until="commit")
        painted = page.evaluate(_PAINT)
        first_byte = page.evaluate("() => performance.getEntriesByType('navigation')[0].responseStart")
        browser.close()
    return {"first_byte": float(first_byte), "first_paint": float(painted)}
