"""Who acted, by the record. Records are of strangers: what is of another type is as good as not there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def principal(who: Mapping[str, Any]) -> str:
    """The user, the role, root or the service: as the column ``principal`` has it."""
    if who.get("type") == "Root":
        return "root"
    issuer = as_object(as_object(who.get("sessionContext")).get("sessionIssuer"))
    found = (
        who.get("userName"),
        issuer.get("userName"),
        who.get("invokedBy"),
        as_object(who.get("onBehalfOf")).get("userId"),
        who.get("arn"),
        who.get("principalId"),
        who.get("accountId"),
    )
    return next((as_text(one) for one in found if one), "")


def session(who: Mapping[str, Any]) -> str:
    """The name of a role's session."""
    id = as_text(who.get("principalId"))
    return id.partition(":")[2] if who.get("type") == "AssumedRole" else ""


def as_object(value: Any) -> dict[str, Any]:
    """An object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def as_text(value: Any) -> str:
    """A value as text; empty for none."""
    return value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)
