"""One's own passkeys: made and removed. The list stands on the page of ``settings_me``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trailmere.access.passkeys import is_installed
from trailmere.errors import AuthenticationFailed, InvalidParameter
from trailmere.web import cookies
from trailmere.web.entrance import origin_of
from trailmere.web.notes import OURS
from trailmere.web.pages import settings_me
from trailmere.web.pages.settings_noted import noted
from trailmere.web.visit import Answer, Download, Redirect, Visit

if TYPE_CHECKING:
    from trailmere.registry.ways_in import Passkey

HERE = f"{settings_me.HERE}/passkeys"


def ask(visit: Visit) -> Download:
    """What the page hands to the authenticator, as JSON."""
    _check_installed()
    place = origin_of(visit.request)
    asked = visit.app.passkeys.ask_for_new(visit.person.user, place, address=visit.request.source_address)
    return Download(asked.options.encode(), "application/json", begun=asked.token)


def add(visit: Visit) -> Answer:
    """Keep what the authenticator made."""
    name, token = visit.field("name"), cookies.read(visit.request, cookies.BEGUN)

    def do() -> Passkey:
        _check_installed()
        return visit.app.passkeys.add(visit.person.user, token, visit.field("credential"), name)

    given = {"userName": visit.person.user.name, "passkeyName": name[:64]}
    try:
        made = noted(visit, "CreatePasskey", given, do, source=OURS, answer=lambda one: {"origin": one.origin})
    except (AuthenticationFailed, InvalidParameter) as refused:
        told = {"wrong_passkey": refused.message, "hint_passkey": refused.hint or "", "passkey_name": name[:64]}
        return settings_me.page(visit, status=400, **told)
    return Redirect(visit.link(settings_me.HERE), f"The passkey {made.name} is added.")


def remove(visit: Visit) -> Redirect:
    """It opens nothing from now on."""
    gone = visit.app.passkeys.remove(visit.person.user, visit.field("passkey"))
    if gone is not None:
        visit.note(OURS, "DeletePasskey", {"userName": visit.person.user.name, "passkeyName": gone.name})
    return Redirect(visit.link(settings_me.HERE), "The passkey is removed.")


def _check_installed() -> None:
    if not is_installed():
        raise InvalidParameter("There are no passkeys here.", hint="pip install 'trailmere[passkeys]'")


ROUTES = (
    ("POST", HERE, add),
    ("POST", f"{HERE}/ask", ask),
    ("POST", f"{HERE}/remove", remove),
)
