"""As much of ``sts`` as clients need beside CloudTrail: who am I, and temporary credentials of a role.

Source: AWS STS API reference, AssumeRole and GetCallerIdentity.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from trailmere.errors import InvalidParameter

if TYPE_CHECKING:
    from trailmere.api.call import Call

SESSION_SECONDS = 3600  # where a call does not say
MOST_POLICY_CHARACTERS = 2048
TAKEN = frozenset({"RoleArn", "RoleSessionName", "DurationSeconds", "Policy", "ExternalId", "MinimumSessionTokenSize"})


def assume_role(call: Call) -> Mapping[str, Any]:
    """AssumeRole, without session tags, managed policies, devices and source identities."""
    if strange := sorted(call.input.keys() - TAKEN):
        raise InvalidParameter(f"expected only {', '.join(sorted(TAKEN))}, got {', '.join(strange)}")
    role, policy, external = (call.input.get(name) for name in ("RoleArn", "Policy", "ExternalId"))
    assert role is not None
    call.resources.append(role)
    credentials = call.app.identities.assume_role(
        call.identity,
        role,
        call.input["RoleSessionName"],
        call.input.get("DurationSeconds", SESSION_SECONDS),
        policy,
        context={**call.context(), **({"sts:externalid": (external,)} if external else {})},
    )
    return {
        "Credentials": {
            "AccessKeyId": credentials.access_key_id,
            "SecretAccessKey": credentials.secret_access_key,
            "SessionToken": credentials.session_token,
            "Expiration": credentials.expires,
        },
        "AssumedRoleUser": {"AssumedRoleId": credentials.assumed_role_id, "Arn": credentials.assumed_role_arn},
        "PackedPolicySize": -(-len(policy) * 100 // MOST_POLICY_CHARACTERS) if policy else None,
    }


def get_caller_identity(call: Call) -> Mapping[str, Any]:
    """GetCallerIdentity. Nobody needs permission for it, as in AWS."""
    return {"UserId": call.identity.principal_id, "Account": call.account_id, "Arn": call.identity.arn}


OPERATIONS = {"AssumeRole": assume_role, "GetCallerIdentity": get_caller_identity}
