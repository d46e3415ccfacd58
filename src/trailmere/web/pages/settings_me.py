"""One's own password, sessions and access keys. Everybody may change their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trailmere.access.passkeys import is_installed, place_of
from trailmere.errors import AuthenticationFailed, InvalidParameter, TrailmereError
from trailmere.web.entrance import origin_of
from trailmere.web.notes import OURS
from trailmere.web.pages import settings_keys
from trailmere.web.pages.settings_noted import noted
from trailmere.web.visit import BASE, Answer, Page, Redirect, Visit

if TYPE_CHECKING:
    from trailmere.access.console import Person

HERE = "/settings/me"


def show(visit: Visit) -> Page:
    """The page."""
    return page(visit)


def change_password(visit: Visit) -> Answer:
    """The present one, and a new one twice. All sessions end but this one, which begins anew."""
    person = visit.person

    def do() -> tuple[str, Person]:
        if visit.field("password") != visit.field("again"):
            raise InvalidParameter("The two new passwords are not the same.")
        return visit.app.console.change_password(
            person,
            visit.field("old"),
            visit.field("password"),
            address=visit.request.source_address,
            agent=visit.request.header("user-agent"),
        )

    try:
        token, _ = noted(visit, "ChangePassword", {}, do)
    except (AuthenticationFailed, InvalidParameter) as refused:
        return page(visit, status=400, wrong_password=refused.message)
    return Redirect(visit.link(HERE, done="password"), token=token)


def end_session(visit: Visit) -> Redirect:
    """One of one's own sessions."""
    wanted = visit.field("session")
    if wanted in {one.token_hash for one in visit.app.console.sessions(visit.person.user)}:
        visit.app.console.end_session(wanted)
        visit.note(OURS, "EndSession", {"userName": visit.person.user.name})
    return Redirect(visit.link(HERE), "The session is over.")


def end_all(visit: Visit) -> Redirect:
    """All of them, this one too."""
    visit.app.console.end_sessions(visit.person.user)
    visit.note(OURS, "EndSessions", {"userName": visit.person.user.name})
    return Redirect(f"{BASE}/sign-in", token="")


def create_key(visit: Visit) -> Page:
    """A new access key; its secret is on this page and nowhere else."""
    try:
        return page(visit, new_key=settings_keys.create(visit, visit.person.user))
    except TrailmereError as refused:
        return page(visit, status=400, wrong_key=refused.message)


def change_key(visit: Visit) -> Redirect:
    """Switch one off or on, or delete it."""
    return Redirect(visit.link(HERE), settings_keys.change(visit, visit.person.user))


def passkeys_of(visit: Visit) -> dict[str, Any]:
    """What the page tells of passkeys: whether there can be any, and be made at this address."""
    there = is_installed()
    return {
        "passkeys_there": there,
        "passkeys_here": there and place_of(origin_of(visit.request)) is not None,
        "passkeys": visit.app.passkeys.of(visit.person.user) if there else [],
        "passkey_name": "",
        "wrong_passkey": "",
        "hint_passkey": "",
    }


def page(visit: Visit, *, status: int = 200, **more: Any) -> Page:
    """The page. ``more``: what a form says of what was sent."""
    user, console = visit.person.user, visit.app.console
    context = {
        "user": user,
        "policies": visit.app.identities.policies(user),
        "sessions": console.sessions(user),
        "keys": visit.app.identities.keys(user),
        "changed": console.password_changed(user),
        "done": visit.arg("done") == "password",
        "new_key": None,
        "wrong_password": "",
        "wrong_key": "",
        **passkeys_of(visit),
    }
    return Page("settings_me.html", context | more, status)


ROUTES = (
    ("GET", HERE, show),
    ("POST", f"{HERE}/password", change_password),
    ("POST", f"{HERE}/sessions", end_session),
    ("POST", f"{HERE}/sessions/all", end_all),
    ("POST", f"{HERE}/keys", create_key),
    ("POST", f"{HERE}/keys/change", change_key),
)
