"""Policies of resources: of event data stores, channels and dashboards. Checked when they are written, then kept.

Source: CloudTrail API reference, PutResourcePolicy, GetResourcePolicy, DeleteResourcePolicy; user guide,
"Resource-based policy examples". Whether there is such a resource is the caller's to know.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from trailmere.access.policies import parse_policy
from trailmere.access.statements import PolicyKind
from trailmere.errors import InvalidResourceArn, MalformedPolicy, ResourcePolicyNotFound, ResourceTypeNotSupported
from trailmere.registry.database import utc_now
from trailmere.registry.resource_policies import ResourcePolicyRecords

if TYPE_CHECKING:
    from sqlalchemy import Engine

_ARN = re.compile(r"arn:aws[a-z-]*:cloudtrail:[a-z0-9-]+:[0-9]{12}:([a-z]+)/[A-Za-z0-9._-]+")
_KINDS = {
    "eventdatastore": PolicyKind.EVENT_DATA_STORE,
    "channel": PolicyKind.CHANNEL,
    "dashboard": PolicyKind.DASHBOARD,
}


class ResourcePolicies:
    """The policies of all resources of a lake, by ARN. ARNs are those that the registry gives, letter by letter."""

    def __init__(self, engine: Engine, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._records = ResourcePolicyRecords(engine)
        self._clock = clock

    def put(self, arn: str, text: str) -> None:
        """Give the resource the policy ``text``, in the place of the one before.

        Raises InvalidResourceArn, ResourceTypeNotSupported, MalformedPolicy.
        """
        kind = check_arn(arn)
        policy = parse_policy(text, kind)
        for statement in policy.statements:
            if not any(resource.matches(arn, {}) for resource in statement.resources):
                raise MalformedPolicy(
                    f"expected the resource that the policy is for, {arn}", place=f"{statement.place}.Resource"
                )
        self._records.put(arn, arn.split(":")[4], text, self._clock())

    def get(self, arn: str) -> str | None:
        """The resource's policy, or None."""
        return self._records.get(arn)

    def delete(self, arn: str) -> None:
        """Take the resource's policy away.

        Raises InvalidResourceArn, ResourceTypeNotSupported, ResourcePolicyNotFound.
        """
        check_arn(arn)
        if not self._records.delete(arn):
            raise ResourcePolicyNotFound(f"{arn} has no resource-based policy")

    def forget(self, arn: str) -> None:
        """Take away whatever policy a resource has that is deleted, so that none of the same name inherits it."""
        self._records.delete(arn)


def kind_of(arn: str) -> PolicyKind | None:
    """What kind of policy the resource may have, None for one that may have none."""
    found = _ARN.fullmatch(arn)
    return None if found is None else _KINDS.get(found[1])


def check_arn(arn: str) -> PolicyKind:
    """As ``kind_of``. Raises InvalidResourceArn, ResourceTypeNotSupported."""
    found = _ARN.fullmatch(arn)
    if found is None:
        raise InvalidResourceArn(
            f"expected an ARN such as arn:aws:cloudtrail:us-east-2:111122223333:eventdatastore/ID, got {arn[:300]!r}"
        )
    if found[1] not in _KINDS:
        raise ResourceTypeNotSupported(f"expected the ARN of one of {', '.join(_KINDS)}, got that of a {found[1]}")
    return _KINDS[found[1]]
