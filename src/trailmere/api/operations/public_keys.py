"""ListPublicKeys: the public halves of the keys that sign delivered query results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from trailmere.api.paging import place

if TYPE_CHECKING:
    from trailmere.api.call import Call


def list_all(call: Call) -> Mapping[str, Any]:
    """ListPublicKeys: those in use at some time between StartTime and EndTime, or now."""
    call.allow()
    place(call)  # there is one page: no token was given, whatever this one says
    keys = call.app.signer.public_keys(call.input.get("StartTime"), call.input.get("EndTime"))
    told = [
        {
            "Value": key.public_der,
            "ValidityStartTime": key.valid_from,
            "ValidityEndTime": key.valid_until,
            "Fingerprint": key.fingerprint,
        }
        for key in keys
    ]
    return {"PublicKeyList": told}


OPERATIONS = {"ListPublicKeys": list_all}
