"""Signing in by the OpenID provider of the settings: to it, and back with a code.

What the way back needs of the way out (state, nonce, the code's verifier) is kept here, for the browser that holds the
cookie of it. Source: OpenID Connect Core 1.0, RFC 6749 section 10.12, RFC 9207.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from trailmere.access.begun import OVER
from trailmere.errors import AuthenticationFailed
from trailmere.web import cookies
from trailmere.web.entrance import Entered, Entrance, Way, fields_of, inside, origin_of
from trailmere.web.visit import BASE, Redirect

if TYPE_CHECKING:
    from trailmere.access.console import Person
    from trailmere.access.openid import OpenIdDesk
    from trailmere.api.request import Request
    from trailmere.web.provider import Provider

HERE = "/sign-in/oidc"
KIND = "openid"
CODE = "SignInFailure"
NOT_SET_UP = "Nobody can sign in by a provider here."
REFUSED = "The provider did not sign you in."

log = logging.getLogger(__name__)


def depart(entrance: Entrance, request: Request, person: Person | None) -> Entered:
    """To the provider; whoever is signed in goes on."""
    to = inside(fields_of(request.query).get("to", ""))
    if person is not None:
        return Redirect(to), None
    try:
        provider, _ = _set_up(entrance)
        callback = entrance.app.settings.oidc_redirect_url or f"{origin_of(request)}{BASE}{HERE}"
        journey = provider.depart(callback)
        kept = {**asdict(journey), "callback": callback, "to": to}
        token = entrance.app.begun.begin(KIND, kept, address=request.source_address)
    except AuthenticationFailed as refused:
        return entrance.refuse(request, _account(entrance), "", to, refused, _how(entrance))
    return Redirect(journey.url, begun=token), None


def arrive(entrance: Entrance, request: Request, before: Person | None) -> Entered:
    """Back from the provider, with a code or a refusal."""
    given, kept, name = fields_of(request.query), dict[str, Any](), ""
    try:
        provider, desk = _set_up(entrance)
        kept |= entrance.app.begun.take(KIND, cookies.read(request, cookies.BEGUN))
        code = _code(given, kept["state"], provider.issuer)
        claims = provider.arrive(code, kept["callback"], nonce=kept["nonce"], verifier=kept["verifier"])
        name = desk.name_in(claims)
        vouched = desk.user(claims)
        how = {**_how(entrance, claims), **({"UserCreated": "Yes"} if vouched.is_new else {})}
        return entrance.enter(request, before, vouched.user, inside(kept["to"]), how)
    except AuthenticationFailed as refused:
        return entrance.refuse(request, _account(entrance), name, kept.get("to", ""), refused, _how(entrance))


def _set_up(entrance: Entrance) -> tuple[Provider, OpenIdDesk]:
    desk = entrance.app.openid
    if entrance.provider is None or desk is None:
        raise AuthenticationFailed(CODE, NOT_SET_UP)
    return entrance.provider, desk


def _code(given: Mapping[str, str], state: str, issuer: str) -> str:
    """The code of a way back that began here. Raises AuthenticationFailed."""
    if not secrets.compare_digest(given.get("state", "").encode(), state.encode()):
        raise AuthenticationFailed(CODE, OVER)
    if given.get("iss", issuer) != issuer:
        raise AuthenticationFailed(CODE, REFUSED)
    if not given.get("code"):
        log.warning("sign-in by %s refused there: %.200r", issuer, given.get("error", ""))
        raise AuthenticationFailed(CODE, REFUSED)
    return given["code"]


def _account(entrance: Entrance) -> str:
    return entrance.app.settings.oidc_account or entrance.app.settings.account_id


def _how(entrance: Entrance, claims: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
    """By what somebody signed in, for the event. ``amr`` tells of several factors (RFC 8176)."""
    factors = (claims or {}).get("amr")
    several = isinstance(factors, list) and "mfa" in factors
    return {
        "SignInBy": "openid",
        "Issuer": entrance.app.settings.oidc_issuer,
        "MFAUsed": "Yes" if several else "No",
        **({} if claims is None else {"Subject": str(claims.get("sub"))}),
    }


ROUTES: Mapping[tuple[str, str], Way] = {
    ("GET", f"{HERE}/start"): depart,
    ("GET", HERE): arrive,
}
