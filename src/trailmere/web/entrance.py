"""The way in and out: signing in, the link of a first visit, signing out. The only pages for nobody in particular.

Ways in that are extras have modules of their own: ``entrance_openid``, ``entrance_passkeys``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from trailmere.access.passkeys import is_installed, place_of
from trailmere.api.journal import user_identity
from trailmere.errors import AuthenticationFailed, InvalidParameter
from trailmere.web.notes import note_sign_in
from trailmere.web.provider import Provider
from trailmere.web.visit import BASE, Answer, Page, Redirect

if TYPE_CHECKING:
    from trailmere.access.console import Person
    from trailmere.api.journal import Journal
    from trailmere.api.request import Request
    from trailmere.app import App
    from trailmere.registry.identities import User

_PLAIN = re.compile(r"/[!-\[\]-~]*")  # printable ASCII without a backslash, which browsers take for a slash
Entered = tuple[Answer, str | None]  # what is shown, and what the session cookie becomes


class Entrance:
    """Signs people in and out, and notes it."""

    def __init__(self, app: App, journal: Journal) -> None:
        """Raises SettingsError for an OpenID provider that cannot be used."""
        self.app = app
        self.provider = Provider(app.settings) if app.settings.oidc_issuer else None
        self._journal = journal

    def show_sign_in(self, request: Request, person: Person | None) -> Entered:
        """Account, user and password; whoever is signed in goes on."""
        to = inside(fields_of(request.query).get("to", ""))
        return (Page("sign_in.html", self.form(request, to=to)) if person is None else Redirect(to)), None

    def sign_in(self, request: Request, before: Person | None) -> Entered:
        """Begin a session; the one that the browser had before is over."""
        given = fields_of(request.body.decode("utf-8", "replace"))
        account = given.get("account", "").strip() or self.app.settings.account_id
        name, to = given.get("user", "").strip(), inside(given.get("to", ""))
        try:
            token, person = self.app.console.sign_in(
                account,
                name,
                given.get("password", ""),
                address=request.source_address,
                agent=request.header("user-agent"),
            )
        except AuthenticationFailed as refused:
            self._note(request, account, name, None)
            return Page(
                "sign_in.html", self.form(request, to=to, account=account, user=name, wrong=refused.message), 401
            ), None
        self._end(before)
        self._note(request, account, name, person)
        return Redirect(to), token

    def enter(self, request: Request, before: Person | None, user: User, to: str, how: Mapping[str, Any]) -> Entered:
        """Begin a session of a user who proved who they are. Raises AuthenticationFailed."""
        token, person = self.app.console.enter(user, address=request.source_address, agent=request.header("user-agent"))
        self._end(before)
        self._note(request, user.account_id, user.name, person, how)
        return Redirect(to), token

    def refuse(
        self, request: Request, account: str, name: str, to: str, refused: AuthenticationFailed, how: Mapping[str, Any]
    ) -> Entered:
        """The page where one signs in, and why not so."""
        self._note(request, account, name, None, how)
        return Page("sign_in.html", self.form(request, to=inside(to), wrong=refused.message), 401), None

    def _end(self, before: Person | None) -> None:
        """The session that the browser had before is over: nobody uses it any more."""
        if before is not None:
            self.app.console.end_session(before.session.token_hash)

    def show_welcome(self, _request: Request, _person: Person | None) -> Entered:
        """A password is chosen; the link's secret is in the fragment, which a script puts into the form."""
        return Page("welcome.html"), None

    def welcome(self, request: Request, _person: Person | None) -> Entered:
        """Set the password, and begin a session."""
        given = fields_of(request.body.decode("utf-8", "replace"))
        token = given.get("token", "")
        try:
            if given.get("password", "") != given.get("again", ""):
                raise InvalidParameter("The two passwords are not the same.")
            cookie, person = self.app.console.use_welcome(
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
            self.app.console.end_session(person.session.token_hash)
        return Redirect(f"{BASE}/sign-in"), ""

    def form(self, request: Request, **more: str) -> dict[str, Any]:
        """What the sign-in page shows."""
        ways = {
            "provider": None if self.provider is None else self.provider.name,
            "passkeys": is_installed() and place_of(origin_of(request)) is not None,
        }
        return {"account": self.app.settings.account_id, "user": "", "wrong": "", **ways, **more}

    def _note(
        self, request: Request, account: str, name: str, person: Person | None, how: Mapping[str, Any] | None = None
    ) -> None:
        identity = None if person is None else user_identity(person.identity)
        note_sign_in(self._journal, request, self.app.settings.region, account, name, identity, how)


Way = Callable[[Entrance, "Request", "Person | None"], Entered]
ROUTES: Mapping[tuple[str, str], Way] = {
    ("GET", "/sign-in"): Entrance.show_sign_in,
    ("POST", "/sign-in"): Entrance.sign_in,
    ("GET", "/welcome"): Entrance.show_welcome,
    ("POST", "/welcome"): Entrance.welcome,
    ("POST", "/sign-out"): Entrance.sign_out,
}


def fields_of(text: str) -> dict[str, str]:
    """The first value of each field; nothing where there are more fields than any form has."""
    try:
        return dict(reversed(parse_qsl(text, keep_blank_values=True, max_num_fields=50)))
    except ValueError:
        return {}


def origin_of(request: Request) -> str:
    """The origin of this console as the browser sees it."""
    return f"{'https' if request.secure else 'http'}://{request.header('host')}"


def inside(place: str) -> str:
    """A place of the console to go on to; its beginning for anything else."""
    if not _PLAIN.fullmatch(place):
        return BASE
    parts = urlsplit(place)
    inside = parts.path == BASE or parts.path.startswith(f"{BASE}/")
    return place if inside and not parts.scheme and not parts.netloc else BASE
