"""The operations that are served: each a small function from a call to the members of its answer.

An area is a module with ``OPERATIONS``, name -> function; members are spelled as AWS spells them, and None is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from trailmere.api.call import Call
from trailmere.api.model import CLOUDTRAIL, CLOUDTRAIL_DATA, STS
from trailmere.api.operations import (
    audit_events,
    channels,
    dashboards,
    event_configuration,
    federation,
    imports,
    insights,
    lookup,
    organization,
    public_keys,
    queries,
    resource_policies,
    samples,
    stores,
    sts,
    tags,
    trails,
)

Function = Callable[[Call], Mapping[str, Any]]

AREAS: tuple[tuple[str, Mapping[str, Function]], ...] = (
    (CLOUDTRAIL, stores.OPERATIONS),
    (CLOUDTRAIL, tags.OPERATIONS),
    (CLOUDTRAIL, federation.OPERATIONS),
    (CLOUDTRAIL, event_configuration.OPERATIONS),
    (CLOUDTRAIL, organization.OPERATIONS),
    (CLOUDTRAIL, trails.OPERATIONS),
    (CLOUDTRAIL, channels.OPERATIONS),
    (CLOUDTRAIL, imports.OPERATIONS),
    (CLOUDTRAIL, queries.OPERATIONS),
    (CLOUDTRAIL, dashboards.OPERATIONS),
    (CLOUDTRAIL, resource_policies.OPERATIONS),
    (CLOUDTRAIL, samples.OPERATIONS),
    (CLOUDTRAIL, public_keys.OPERATIONS),
    (CLOUDTRAIL, lookup.OPERATIONS),
    (CLOUDTRAIL, insights.OPERATIONS),
    (CLOUDTRAIL_DATA, audit_events.OPERATIONS),
    (STS, sts.OPERATIONS),
)

OPERATIONS: Mapping[tuple[str, str], Function] = {
    (service, name): function for service, area in AREAS for name, function in area.items()
}
