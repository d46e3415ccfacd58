"""What keeps a browser and its person safe: who gets in, headers, origins, paths, and hostile text that stays text."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode, urlsplit

import pytest
from playwright.sync_api import expect

from tests.web.browsing import PASSWORD, Console, Watched, sign_in, watched
from tests.web.screenshots import PAGES
from trailmere.api.request import Request
from trailmere.web import pages, site

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.extended

TEMPLATES = Path(site.__file__).parent / "templates"
AGENT = '"><script>alert(1)</script>\u202egnp.exe' + "A" * 100
PLAIN = sorted(path for method, path, _ in pages.ROUTES if method == "GET" and "{" not in path)
INLINE = re.compile(
    r"<script(?![^>]*\bsrc=)(?![^>]*\btype=\"application/json\")|<style|<[^>]*\s(?:style|on[a-z]+)\s*=|=\s*[\"']?javascript:",
    re.IGNORECASE,
)


@dataclass
class Answered:
    """What came back, as bytes and headers."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def cookie(self) -> str:
        """The session that the answer sets."""
        return self.headers.get("set-cookie", "").partition(";")[0]


def ask(console: Console, method: str, path: str, body: str = "", **headers: str) -> Answered:
    """One request, its path exactly as given. ``headers``: underscores are hyphens."""
    connection = http.client.HTTPConnection(urlsplit(console.url).netloc, timeout=30)
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    if method == "POST":
        given = {"content-type": "application/x-www-form-urlencoded", **given}
    connection.request(method, path, body or None, given)
    answer = connection.getresponse()
    told = Answered(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    connection.close()
    return told


def post(console: Console, path: str, cookie: str = "", **form: str) -> Answered:
    """A form of this site's own."""
    return ask(console, "POST", f"/console{path}", urlencode(form), cookie=cookie, sec_fetch_site="same-origin")


def session(console: Console, user: str = "admin", **headers: str) -> str:
    """The cookie of somebody who signed in."""
    given = {"sec_fetch_site": "same-origin", **headers}
    form = urlencode({"user": user, "password": PASSWORD})
    return ask(console, "POST", "/console/sign-in", form, **given).cookie


@pytest.fixture(scope="module")
def cookie(console: Console) -> str:
    return session(console)


# -- sessions ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("method", "path"), [(method, path) for method, path, _ in pages.ROUTES])
def test_no_page_is_for_somebody_who_has_not_signed_in(console: Console, method: str, path: str) -> None:
    before = len(console.notes)
    address = re.sub(r"\{\w+\*?\}", "x", path)
    answers = [
        ask(console, method, f"/console{address}", sec_fetch_site="same-origin", **given)
        for given in ({}, {"cookie": "trailmere=guess"}, {"cookie": "trailmere="})
    ]

    assert {one.status for one in answers} == {303}
    assert all(one.headers["location"].startswith("/console/sign-in") for one in answers)
    assert len(console.notes) == before


@pytest.mark.parametrize(
    "path", sorted(path for method, path, _ in pages.ROUTES if method == "GET" and "{" not in path)
)
def test_a_page_for_somebody_who_may_nothing_is_a_page_and_no_error(console: Console, path: str) -> None:
    if "powerless" not in {one.name for one in console.app.identities.users()}:
        console.a_user("powerless")
    answer = ask(console, "GET", f"/console{path}", cookie=session(console, "powerless"))

    assert answer.status in (200, 303, 400, 403, 404)


def test_a_session_begins_anew_with_each_sign_in_and_ends_the_one_before(console: Console) -> None:
    first = session(console)
    second = session(console, cookie=first)

    assert first != second
    assert ask(console, "GET", "/console/settings/me", cookie=first).status == 303
    assert ask(console, "GET", "/console/settings/me", cookie=second).status == 200


def test_a_session_that_was_signed_out_of_is_good_for_nothing(console: Console) -> None:
    cookie = session(console)
    answer = post(console, "/sign-out", cookie)

    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert ask(console, "GET", "/console/settings/me", cookie=cookie).status == 303


@pytest.mark.parametrize("secure", [False, True])
def test_scripts_and_other_sites_do_not_get_the_cookie(console: Console, secure: bool) -> None:
    request = Request(
        method="POST",
        path="/console/sign-in",
        query="",
        headers=(("sec-fetch-site", "same-origin"), ("content-type", "application/x-www-form-urlencoded")),
        body=urlencode({"user": "admin", "password": PASSWORD}).encode(),
        source_address="198.51.100.7",
        secure=secure,
    )
    told = site.Site(console.app, console.notes.append).answer(request).headers["set-cookie"].split("; ")

    assert told[0].startswith("trailmere=")
    assert len(told[0]) == len("trailmere=") + 43
    assert told[1:] == ["Path=/console", "HttpOnly", "SameSite=Lax", *(["Secure"] if secure else [])]


def test_a_session_is_not_in_an_address_or_a_page(console: Console, cookie: str) -> None:
    token = cookie.partition("=")[2]

    assert all(token.encode() not in ask(console, "GET", f"/console{path}", cookie=cookie).body for path in PAGES)


# -- where a request comes from ----------------------------------------------------------------------------------------


STRANGERS = {
    "another site": {"sec_fetch_site": "cross-site"},
    "another site with its origin": {"sec_fetch_site": "cross-site", "origin": "https://evil.example"},
    "a neighbour": {"sec_fetch_site": "same-site"},
    "typed": {"sec_fetch_site": "none"},
    "an old browser at another site": {"origin": "https://evil.example"},
    "a sandboxed frame": {"origin": "null", "sec_fetch_site": "cross-site"},
    "an origin of nothing": {"origin": "null"},
    "an origin that begins alike": {"origin": "http://127.0.0.1.evil.example"},
    "no browser": {},
}


@pytest.mark.parametrize("stranger", STRANGERS)
@pytest.mark.parametrize("path", ["/sign-out", "/settings/me/sessions/all", "/settings/users", "/home/highlights"])
def test_a_form_that_another_site_sends_does_nothing(console: Console, path: str, stranger: str) -> None:
    cookie = session(console)
    before = len(console.notes)
    answer = ask(
        console, "POST", f"/console{path}", "name=evil&role=Administrator", cookie=cookie, **STRANGERS[stranger]
    )

    assert answer.status == 403
    assert b"came from another site" in answer.body
    assert len(console.notes) == before
    assert ask(console, "GET", "/console/settings/me", cookie=cookie).status == 200


def test_another_site_cannot_sign_its_visitor_in(console: Console) -> None:
    form = urlencode({"user": "admin", "password": PASSWORD})
    answer = ask(console, "POST", "/console/sign-in", form, sec_fetch_site="cross-site")

    assert (answer.status, answer.cookie) == (403, "")


@pytest.mark.parametrize(
    "to",
    [
        "https://evil.example/console/",
        "//evil.example/console/",
        "/\\evil.example/console",
        "\\\\evil.example/console",
        "/console\\@evil.example",
        "/\t/evil.example/console/",
        "/console/\r\nset-cookie: a=b",
        "/console/\u2028evil",
        "javascript:alert(1)//console/",
        "http:/console/",
        "consolex",
        "/consolex",
        "",
    ],
)
def test_who_signs_in_is_led_to_the_console_and_nowhere_else(console: Console, cookie: str, to: str) -> None:
    shown = ask(console, "GET", f"/console/sign-in?to={quote(to, safe='')}", cookie=cookie)
    sent = post(console, "/sign-in", user="admin", password=PASSWORD, to=to)

    assert [shown.headers["location"], sent.headers["location"]] == ["/console", "/console"]


# -- headers -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [*PAGES, "/no-such-page", "/sign-in", "/welcome"])
def test_every_page_has_the_strict_policy_and_nothing_inline(console: Console, cookie: str, path: str) -> None:
    given = {} if path in ("/sign-in", "/welcome") else {"cookie": cookie}
    answer = ask(console, "GET", f"/console{path}", **given)
    policy = answer.headers["content-security-policy"]

    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self' 'nonce-")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["cache-control"] == "no-store"
    assert INLINE.findall(answer.body.decode()) == []


def test_no_template_has_a_script_a_style_or_a_handler_in_it() -> None:
    plain = {
        one.name: re.sub(r"{%.*?%}|{{.*?}}|{#.*?#}", "", one.read_text("utf-8")) for one in TEMPLATES.glob("*.html")
    }
    found = {name: INLINE.findall(text) for name, text in plain.items()}

    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def test_the_nonce_is_another_one_each_time(console: Console, cookie: str) -> None:
    nonces = {
        ask(console, "GET", "/console/settings/me", cookie=cookie).headers["content-security-policy"] for _ in "ab"
    }

    assert len(nonces) == 2


def test_built_files_are_kept_for_ever_under_their_hash_and_not_under_another(console: Console) -> None:
    page = ask(console, "GET", "/console/sign-in").body.decode()
    addresses = re.findall(r'(?:src|href)="(/console/static/[^"]+)"', page)
    name = addresses[0].rpartition("/")[2]
    kept = [ask(console, "GET", one) for one in addresses]
    stale = ask(console, "GET", f"/console/static/0123456789abcdef/{name}")

    assert len(addresses) >= 3
    assert {(one.status, one.headers["cache-control"]) for one in kept} == {
        (200, "public, max-age=31536000, immutable")
    }
    assert (stale.status, stale.headers["cache-control"]) == (200, "no-cache")


@pytest.mark.parametrize("path", ["/", "/settings/me", "/sign-in", "/no-such-page", "/static/x/style.css"])
def test_head_is_answered_as_get_without_the_body(console: Console, cookie: str, path: str) -> None:
    given = {} if path == "/sign-in" else {"cookie": cookie}
    head, get = (ask(console, method, f"/console{path}", **given) for method in ("HEAD", "GET"))

    assert (head.status, head.headers["content-type"], head.body) == (get.status, get.headers["content-type"], b"")


# -- paths and fields --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/console/../etc/passwd",
        "/console/%2e%2e/%2e%2e/etc/passwd",
        "/console/..%2f..%2fetc%2fpasswd",
        "/console/static/../site.py",
        "/console/static/x/../../site.py",
        "/console/static/x/..%2f..%2fsite.py",
        "/console/static/x/%2e%2e/site.py",
        "/console/static//etc/passwd",
        "/console/static/x/",
        "/console/static/x",
        "/console/settings/users/..%2f..%2fme",
        "/console/settings/users/..",
        "/console/settings/users/%00",
        "/console/settings/users/%ff%fe",
        "/console//evil.example/",
        "/console/./settings/me",
    ],
)
def test_a_path_that_wants_out_leads_nowhere(console: Console, cookie: str, path: str) -> None:
    answer = ask(console, "GET", path, cookie=cookie)

    assert answer.status == 404
    assert b"root:" not in answer.body
    assert b"import" not in answer.body


@pytest.mark.parametrize("path", ["/settings/me", "/", "/settings/limits"])
def test_more_fields_than_any_page_has_are_a_sentence_and_no_error(console: Console, cookie: str, path: str) -> None:
    fields = "&".join(["f=1"] * 3000)

    assert ask(console, "GET", f"/console{path}?{fields}", cookie=cookie).status in (200, 400)
    assert ask(console, "GET", f"/console/sign-in?{fields}").status == 200
    assert ask(console, "POST", "/console/sign-in", fields, sec_fetch_site="same-origin").status == 401


def test_a_broken_cookie_is_none(console: Console) -> None:
    broken = ["trailmere", "=", ";;;", 'trailmere="', "trailmere=\xe9", "a" * 9000, "trailmere=" + "b" * 5000]

    assert {ask(console, "GET", "/console/", cookie=one).status for one in broken} == {303}


# -- hostile text ------------------------------------------------------------------------------------------------------


@pytest.fixture
def hostile(browser: Browser, console: Console) -> Iterator[Watched]:
    """A page of a user whose earlier session had a hostile browser; a dialog fails the test."""
    name = "=cmd+.@_-"
    if name not in {one.name for one in console.app.identities.users()}:
        console.a_user(name, "TrailmereViewer")
    session(console, name, user_agent=AGENT.encode().decode("latin-1"))
    with watched(browser, console) as seen:
        seen.page.on("dialog", lambda dialog: seen.wrong.append(f"dialog: {dialog.message}"))
        sign_in(seen.page, name)
        yield seen
        seen.check()


def test_the_browser_that_a_session_tells_of_is_text(hostile: Watched) -> None:
    hostile.page.goto("/console/settings/me")
    cell = hostile.page.locator("td.agent", has_text="alert(1)").first

    expect(cell).to_contain_text('"><script>alert(1)</script>')
    expect(cell).to_contain_text("\u2026")  # cut
    assert "\u202e" not in hostile.page.content()


def test_what_was_done_is_told_as_text_whoever_made_the_cookie(hostile: Watched, console: Console) -> None:
    text = quote("<img src=x onerror=alert(1)>\u202e")
    hostile.context.add_cookies([{"name": "said", "value": text, "url": f"{console.url}/console"}])
    hostile.page.goto("/console/settings/me")

    expect(hostile.page.get_by_role("status")).to_contain_text("<img src=x onerror=alert(1)>")
    assert hostile.page.locator("img[src=x]").count() == 0


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "{{7*7}}", "\u202ecod", "'\"><b>", "A" * 3000])
def test_a_name_that_there_is_not_is_told_as_text(console: Console, cookie: str, text: str) -> None:
    answer = ask(console, "GET", f"/console/settings/users/{quote(text, safe='')}", cookie=cookie)
    body = answer.body.decode()

    assert answer.status == 404
    assert INLINE.findall(body) == []
    assert "<b>" not in body
    assert "49" not in re.sub(r"\s", "", body.partition('role="alert"')[2].partition("</div>")[0])
    assert "\u202e" not in body


def test_a_name_that_was_typed_comes_back_into_the_field_and_nowhere_else(console: Console) -> None:
    answer = post(console, "/sign-in", user='"><script>alert(1)</script>', password="a wrong guess")

    assert answer.status == 401
    assert INLINE.findall(answer.body.decode()) == []


# -- secrets -----------------------------------------------------------------------------------------------------------


def test_neither_passwords_nor_tokens_nor_secrets_are_noted(console: Console) -> None:
    account = console.a_user("secretive", "AdministratorAccess")
    cookie = session(console, "secretive")
    made = post(console, "/settings/me/keys", cookie).body.decode()
    secret = re.search(r'id="new-secret">([^<]{40})<', made)
    link = post(console, "/settings/users", cookie, name="novice", role="Viewer").body.decode()
    welcome = re.search(r"/console/welcome#([\w-]{43})", link)
    changed = post(
        console, "/settings/me/password", cookie, old=PASSWORD, password="another long one", again="another long one"
    )
    assert secret is not None
    assert welcome is not None
    assert changed.status == 303
    told = b"\n".join(console.notes).decode()
    names = [json.loads(one)["eventName"] for one in console.notes if b'"userName":"secretive"' in one]

    hidden = (PASSWORD, "another long one", secret[1], welcome[1], cookie.partition("=")[2], changed.cookie[10:])
    assert [one for one in hidden if one in told] == []
    assert {"ConsoleLogin", "CreateAccessKey", "CreateUser", "AttachUserPolicy", "ChangePassword"} <= set(names)
    assert account == console.app.settings.account_id
