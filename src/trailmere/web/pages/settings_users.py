"""The users of an account: who there is, with which role; made, changed, disabled, deleted; links to choose a password.

Who may: trailmere:ListIdentities to see them, trailmere:ManageIdentities to change them. What may not be done to the
last administrator is decided in ``access.people``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from trailmere.access.people import ROLES
from trailmere.errors import AccessDenied, IdentityNotFound, TrailmereError
from trailmere.web.notes import IAM, OURS
from trailmere.web.pages import settings_keys
from trailmere.web.pages.settings_noted import LIST, MANAGE, managing, noted, policy_arn
from trailmere.web.visit import BASE, Answer, Page, Redirect, Visit

if TYPE_CHECKING:
    from trailmere.registry.identities import User

HERE = "/settings/users"
ROLE_HINTS = {
    "Viewer": "looks, queries, sees dashboards and the lake's health",
    "Analyst": "and makes dashboards and saved queries",
    "Responder": "and imports, channels, stores, trails",
    "Administrator": "everything, users too",
}


def show(visit: Visit) -> Page:
    """All of them."""
    return _list(visit)


def create(visit: Visit) -> Answer:
    """A user with a role, and a link by which they choose a password."""
    name, role = visit.field("name").strip(), visit.field("role")

    def do() -> User:
        return visit.app.people.create(visit.account_id, name, role)

    try:
        user = noted(visit, "CreateUser", {"userName": name[:64]}, managing(visit, do))
    except AccessDenied:
        raise
    except TrailmereError as refused:
        return _list(visit, status=400, wrong=refused.message, name=name, role=role)
    if role:
        visit.note(IAM, "AttachUserPolicy", _attached(visit, user, ROLES[role]))
    return _one(visit, user.name, welcome=_welcome(visit, user))


def show_one(visit: Visit) -> Page:
    """One of them."""
    return _one(visit, visit.values["name"])


def change_role(visit: Visit) -> Answer:
    """Another role in the place of the one before; other policies stay."""
    user, role = _user(visit), visit.field("role")
    before = visit.app.people.member(user.account_id, user.name).role
    given = _attached(visit, user, ROLES.get(role or before, ""))
    name = "AttachUserPolicy" if role else "DetachUserPolicy"

    def do() -> None:
        change = visit.app.people.set_role(user, role)
        for detached in change.detached if role else ():
            visit.note(IAM, "DetachUserPolicy", _attached(visit, user, detached))

    return _done(visit, user, name, given, do, f"{user.name} is {role or 'without a role'} now.")


def switch(visit: Visit) -> Answer:
    """Enabled, or disabled: then neither password nor access keys are good for anything."""
    user, enabled = _user(visit), visit.field("do") == "enable"
    said = f"{user.name} is {'enabled' if enabled else 'disabled; their sessions are over'}."
    name = "EnableUser" if enabled else "DisableUser"

    def do() -> None:
        visit.app.people.set_enabled(user, enabled)

    return _done(visit, user, name, {"userName": user.name}, do, said, source=OURS)


def delete(visit: Visit) -> Answer:
    """With keys, policies and sessions."""
    user = _user(visit)

    def do() -> None:
        visit.app.people.delete(user)

    given = {"userName": user.name}
    return _done(visit, user, "DeleteUser", given, do, f"{user.name} is deleted.", then=visit.link(HERE))


def end_sessions(visit: Visit) -> Answer:
    """They have to sign in again, wherever they are."""
    user = _user(visit)

    def do() -> None:
        visit.app.console.end_sessions(user)

    said = f"All sessions of {user.name} are over."
    return _done(visit, user, "EndSessions", {"userName": user.name}, do, said, source=OURS)


def forget_ways(visit: Visit) -> Answer:
    """Passkeys open nothing any more; who comes next from the provider by this name is them. Sessions end."""
    user = _user(visit)

    def do() -> None:
        visit.app.ways_in.forget(user.id)
        visit.app.console.end_sessions(user)

    said = f"Passkeys of {user.name} are gone, and who they are at the provider is forgotten. Their sessions are over."
    return _done(visit, user, "ForgetWaysIn", {"userName": user.name}, do, said, source=OURS)


def welcome(visit: Visit) -> Answer:
    """Another link to choose a password; those before work no more."""
    user = _user(visit)
    name = "UpdateLoginProfile" if user.id in visit.app.console.can_sign_in() else "CreateLoginProfile"
    given = {"userName": user.name, "passwordResetRequired": True}
    link = noted(visit, name, given, managing(visit, lambda: _welcome(visit, user)))
    return _one(visit, user.name, welcome=link)


def create_key(visit: Visit) -> Answer:
    """A new access key; its secret is on this page and nowhere else."""
    user = _user(visit)
    try:
        key = settings_keys.create(visit, user, lambda: visit.allow(MANAGE))
    except AccessDenied:
        raise
    except TrailmereError as refused:
        return _one(visit, user.name, status=400, wrong=refused.message)
    return _one(visit, user.name, new_key=key)


def change_key(visit: Visit) -> Answer:
    """Switch one off or on, or delete it."""
    user = _user(visit)
    said = settings_keys.change(visit, user, lambda: visit.allow(MANAGE))
    return Redirect(visit.link(_path(user.name)), said)


def _done(
    visit: Visit,
    user: User,
    name: str,
    given: dict[str, Any],
    do: Callable[[], None],
    said: str,
    *,
    then: str = "",
    source: str = "",
) -> Answer:
    """Do it if they may; what is refused for another reason is told on the page of the user."""
    try:
        noted(visit, name, given, managing(visit, do), source=source or IAM)
    except AccessDenied:
        raise
    except TrailmereError as refused:
        return _one(visit, user.name, status=400, wrong=refused.message, hint=refused.hint or "")
    return Redirect(then or visit.link(_path(user.name)), said)


def _user(visit: Visit) -> User:
    try:
        return visit.app.identities.user(visit.account_id, visit.values["name"])
    except IdentityNotFound:
        visit.allow(MANAGE)  # who may not is not told who there is
        raise


def _path(name: str) -> str:
    return f"{HERE}/{quote(name, safe='')}"


def _attached(visit: Visit, user: User, policy: str) -> dict[str, str]:
    return {"userName": user.name, "policyArn": policy_arn(visit, policy)}


def _welcome(visit: Visit, user: User) -> str:
    """The address of the link, as this browser reaches the server."""
    scheme = "https" if visit.request.secure else "http"
    return f"{scheme}://{visit.request.header('host')}{BASE}/welcome#{visit.app.console.welcome(user)}"


def _list(visit: Visit, *, status: int = 200, **more: Any) -> Page:
    visit.allow(LIST)
    context = {
        "members": visit.app.people.members(visit.account_id),
        "may": visit.may(MANAGE),
        "roles": ROLE_HINTS,
        "path_of": _path,
        "wrong": "",
        "name": "",
        "role": "Viewer",
    }
    return Page("settings_users.html", context | more, status)


def _one(visit: Visit, name: str, *, status: int = 200, **more: Any) -> Page:
    visit.allow(LIST)
    member = visit.app.people.member(visit.account_id, name)
    context = {
        "member": member,
        "sessions": visit.app.console.sessions(member.user),
        "changed": visit.app.console.password_changed(member.user),
        "arn": visit.app.identities.arn_of(member.user),
        "passkeys": visit.app.ways_in.passkeys(member.user.id),
        "subjects": visit.app.ways_in.subjects(member.user.id),
        "path": _path(member.user.name),
        "may": visit.may(MANAGE),
        "roles": ROLE_HINTS,
        "welcome": "",
        "new_key": None,
        "wrong": "",
        "hint": "",
    }
    return Page("settings_user.html", context | more, status)


ROUTES = (
    ("GET", HERE, show),
    ("POST", HERE, create),
    ("GET", f"{HERE}/{{name}}", show_one),
    ("POST", f"{HERE}/{{name}}/role", change_role),
    ("POST", f"{HERE}/{{name}}/switch", switch),
    ("POST", f"{HERE}/{{name}}/delete", delete),
    ("POST", f"{HERE}/{{name}}/sessions", end_sessions),
    ("POST", f"{HERE}/{{name}}/ways", forget_ways),
    ("POST", f"{HERE}/{{name}}/welcome", welcome),
    ("POST", f"{HERE}/{{name}}/keys", create_key),
    ("POST", f"{HERE}/{{name}}/keys/change", change_key),
)
