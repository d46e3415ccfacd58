"""Signing in by a passkey: what the authenticator is to sign, and who signed it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from trailmere.access.passkeys import REFUSED, is_installed
from trailmere.errors import AuthenticationFailed, InvalidParameter
from trailmere.web import cookies
from trailmere.web.entrance import Entered, Entrance, Way, fields_of, inside, origin_of
from trailmere.web.visit import Download

if TYPE_CHECKING:
    from trailmere.access.console import Person
    from trailmere.api.request import Request

HERE = "/sign-in/passkey"
HOW = {"SignInBy": "passkey", "MFAUsed": "Yes"}  # the authenticator, and what it verified its user by
CODE = "SignInFailure"


def ask(entrance: Entrance, request: Request, _person: Person | None) -> Entered:
    """What the page hands to the authenticator, as JSON."""
    _check_installed()
    asked = entrance.app.passkeys.ask(origin_of(request), address=request.source_address)
    return Download(asked.options.encode(), "application/json", begun=asked.token), None


def sign_in(entrance: Entrance, request: Request, before: Person | None) -> Entered:
    """Begin a session of whoever's passkey signed."""
    given = fields_of(request.body.decode("utf-8", "replace"))
    try:
        _check_installed()
        token = cookies.read(request, cookies.BEGUN)
        user = entrance.app.passkeys.user(token, given.get("credential", ""))
        return entrance.enter(request, before, user, inside(given.get("to", "")), HOW)
    except InvalidParameter:
        refused = AuthenticationFailed(CODE, REFUSED)
    except AuthenticationFailed as error:
        refused = error
    return entrance.refuse(request, entrance.app.settings.account_id, "", given.get("to", ""), refused, HOW)


def _check_installed() -> None:
    if not is_installed():
        raise InvalidParameter("There are no passkeys here.", hint="pip install 'trailmere[passkeys]'")


ROUTES: Mapping[tuple[str, str], Way] = {
    ("POST", f"{HERE}/ask"): ask,
    ("POST", HERE): sign_in,
}
