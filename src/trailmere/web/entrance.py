"""The way in and out: signing in, the link of a first visit, signing out. The only pages for nobody in particular."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from trailmere.api.journal import user_identity
from trailmere.errors import AuthenticationFailed, InvalidParameter
from trailmere.web.notes import note_sign_in
from trailmere.web.visit import BASE, Answer, Page, Redirect

if TYPE_CHECKING:
    from trailmere.access.console import Person
    from trailmere.api.journal import Journal
    from trailmere.api.request import Request
    from trailmere.app import App

_PLAIN = re.compile(r"/[!-\[\]-~]*")  # printable ASCII without a backslash, which browsers take for a slash
Entered = tuple[Answer, str | None]  # what is shown, and what the session cookie becomes


class Entrance:
    """Signs people in and out, and notes it."""

    def __init__(self, app: App, journal: Journal) -> None:
        self._app = app
        self._journal = journal

    def show_sign_in(self, request: Request, person: Person | None) -> Entered:
        """Account, user and password; whoever is signed in goes on."""
        to = _inside(_fields(request.query).get("to", ""))
        return (Page("sign_in.html", self._form(to=to)) if person is None else Redirect(to)), None

    def sign_in(self, request: Request, before: Person | None) -> Entered:
        """Begin a session; the one that the browser had before is over."""
        given = _fields(request.body.decode("utf-8", "replace"))
        account = given.get("account", "").strip() or self._app.settings.account_id
        name, to = given.get("user", "").strip(), _inside(given.get("to", ""))
        try:
            token, person = self._app.console.sign_in(
                account,
                name,
                given.get("password", ""),
                address=request.source_address,
                agent=request.header("user-agent"),
            )
        except AuthenticationFailed as refused:
            self._note(request, account, name, None)
            return Page("sign_in.html", self._form(to=to, account=account, user=name, wrong=refused.message), 401), None
        if before is not None:
            self._app.console.end_session(before.session.token_hash)  # nobody uses it any more
        self._note(request, account, name, person)
        return Redirect(to), token

    def show_welcome(self, _request: Request, _person: Person | None) -> Entered:
        """A password is chosen; the link's secret is in the fragment, which a script puts into the form."""
        return Page("welcome.html"), None

    def welcome(self, request: Request, _person: Person | None) -> Entered:
        """Set the password, and begin a session."""
        given = _fields(request.body.decode("utf-8", "replace"))
        token = given.get("token", "")
        try:
            if given.get("password", "") != given.get("again", ""):
                raise InvalidParameter("The two passwords are not the same.")
            cookie, person = self._app.console.use_welcome(
                token,
                given.get("password", ""),
                address=request.source_address,
                agent=request.header("user-agent"),
            )
        except (AuthenticationFailed, InvalidParameter) as refused:
            return Page("welcome.html", {"wrong": refused.message, "token": token}, 400), None
        self._note(request, person.user.account_id, person.user.name, person)
        return Redirect(BASE), cookie

    def sign_out(self, _request: Request, person: Person | None) -> Entered:
        """End the session."""
        if person is not None:
            self._app.console.end_session(person.session.token_hash)
        return Redirect(f"{BASE}/sign-in"), ""

    def _form(self, **more: str) -> dict[str, str]:
        return {"account": self._app.settings.account_id, "user": "", "wrong": "", **more}

    def _note(self, request: Request, account: str, name: str, person: Person | None) -> None:
        identity = None if person is None else user_identity(person.identity)
        note_sign_in(self._journal, request, self._app.settings.region, account, name, identity)


Way = Callable[[Entrance, "Request", "Person | None"], Entered]
ROUTES: Mapping[tuple[str, str], Way] = {
    ("GET", "/sign-in"): Entrance.show_sign_in,
    ("POST", "/sign-in"): Entrance.sign_in,
    ("GET", "/welcome"): Entrance.show_welcome,
    ("POST", "/welcome"): Entrance.welcome,
    ("POST", "/sign-out"): Entrance.sign_out,
}


def _fields(text: str) -> dict[str, str]:
    """The first value of each field; nothing where there are more fields than any form has."""
    try:
        return dict(reversed(parse_qsl(text, keep_blank_values=True, max_num_fields=50)))
    except ValueError:
        return {}


def _inside(place: str) -> str:
    """A place of the console to go on to; its beginning for anything else."""
    if not _PLAIN.fullmatch(place):
        return BASE
    parts = urlsplit(place)
    inside = parts.path == BASE or parts.path.startswith(f"{BASE}/")
    return place if inside and not parts.scheme and not parts.netloc else BASE
