"""Policies of event data stores, channels and dashboards: the three operations on them. What a policy may say is
decided in ``trailmere.access``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from trailmere.access.resource_policies import check_arn
from trailmere.access.statements import PolicyKind
from trailmere.api.operations import channels, dashboards
from trailmere.errors import ResourcePolicyNotFound

if TYPE_CHECKING:
    from trailmere.api.call import Call


def put(call: Call) -> Mapping[str, Any]:
    """PutResourcePolicy."""
    arn = _resource(call)
    call.app.resource_policies.put(arn, call.input["ResourcePolicy"])
    return {"ResourceArn": arn, "ResourcePolicy": call.input["ResourcePolicy"]}


def get(call: Call) -> Mapping[str, Any]:
    """GetResourcePolicy."""
    arn = _resource(call)
    policy = call.app.resource_policies.get(arn)
    if policy is None:
        raise ResourcePolicyNotFound(f"{arn} has no resource-based policy")
    return {"ResourceArn": arn, "ResourcePolicy": policy}


def delete(call: Call) -> Mapping[str, Any]:
    """DeleteResourcePolicy."""
    call.app.resource_policies.delete(_resource(call))
    return {}


def _resource(call: Call) -> str:
    """The ARN of the resource as the registry has it, if there is one and the caller may do this operation to it.

    Raises InvalidResourceArn, ResourceTypeNotSupported; AccessDenied; StoreNotFound, ChannelNotFound, ResourceNotFound.
    """
    arn = call.input["ResourceArn"]
    return _FOUND[check_arn(arn)](call, arn)


_FOUND: Mapping[PolicyKind, Callable[[Call, str], str]] = {
    PolicyKind.EVENT_DATA_STORE: lambda call, arn: call.store(arn).arn,
    PolicyKind.CHANNEL: lambda call, arn: channels.find(call, arn).arn,
    PolicyKind.DASHBOARD: lambda call, arn: dashboards.find(call, arn).arn,
}

OPERATIONS: Mapping[str, Callable[[Call], Mapping[str, Any]]] = {
    "PutResourcePolicy": put,
    "GetResourcePolicy": get,
    "DeleteResourcePolicy": delete,
}
