"""As much of ``sts`` as clients need beside CloudTrail: who am I, and temporary credentials of a role."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trailmere.api.call import Call

SESSION_SECONDS = 3600  # where a call does not say


def get_caller_identity(call: Call) -> Mapping[str, Any]:
    """GetCallerIdentity. Nobody needs permission for it, as in AWS."""
    return {"UserId": call.identity.principal_id, "Account": call.account_id, "Arn": call.identity.arn}


OPERATIONS = {"GetCallerIdentity": get_caller_identity}
