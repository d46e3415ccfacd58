"""Access keys of a user: made, switched off and on, deleted; one's own, or another's by who may manage them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from trailmere.errors import IdentityNotFound, InvalidParameter
from trailmere.web.pages.settings_noted import noted

if TYPE_CHECKING:
    from trailmere.access.identities import NewKey
    from trailmere.registry.identities import User
    from trailmere.web.visit import Visit


def create(visit: Visit, user: User, may: Callable[[], object] = lambda: None) -> NewKey:
    """A new key with its secret, which is shown once. ``may`` raises where it is not allowed."""

    def do() -> NewKey:
        may()
        return visit.app.identities.create_key(user)

    return noted(visit, "CreateAccessKey", {"userName": user.name}, do, answer=_told)


def change(visit: Visit, user: User, may: Callable[[], object] = lambda: None) -> str:
    """Switch a key off or on, or delete it, as the form says; what was done, in words."""
    id, what = visit.field("key"), visit.field("do")
    given = {"userName": user.name, "accessKeyId": id[:128]}

    def do(act: Callable[[], object]) -> Callable[[], object]:
        def checked() -> object:
            may()
            if id not in {key.id for key in visit.app.identities.keys(user)}:
                raise IdentityNotFound(f"{user.name} has no access key {id[:40]!r}")
            return act()

        return checked

    identities = visit.app.identities
    if what == "delete":
        noted(visit, "DeleteAccessKey", given, do(lambda: identities.delete_key(id)))
        return f"The access key {id} is deleted."
    if what not in ("on", "off"):
        raise InvalidParameter(f"expected on, off or delete, got {what[:40]!r}")
    status = "Active" if what == "on" else "Inactive"
    noted(visit, "UpdateAccessKey", given | {"status": status}, do(lambda: identities.set_key_active(id, what == "on")))
    return f"The access key {id} is switched {what}."


def _told(key: NewKey) -> dict[str, dict[str, str]]:
    return {"accessKey": {"accessKeyId": key.access_key_id, "status": "Active", "userName": key.user.name}}
