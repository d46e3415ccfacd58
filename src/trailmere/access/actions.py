"""The actions that a policy may name here, and the kinds of resource that each is asked about.

Names are those of the operations in botocore's service models, with the few that only policies know. Kinds of resource
are those of the Service Authorization Reference ("Actions, resources, and condition keys for AWS CloudTrail", the same
for AWS CloudTrail Data and AWS STS). An action without a kind is asked about ``*``. Other doors ask the questions of
CloudTrail: whoever reads a store through the Iceberg catalog or Trino needs what a query needs, ``READ_STORE``.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

TRAIL, STORE, CHANNEL, DASHBOARD, ROLE = "trail", "eventdatastore", "channel", "dashboard", "role"
_TAGGED = (CHANNEL, DASHBOARD, STORE, TRAIL)
_GOVERNED = (CHANNEL, DASHBOARD, STORE)  # those that have policies of their own

# of an operation's name -> kinds of resource; the first row that fits
_KINDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"(AddTags|RemoveTags|ListTags)", _TAGGED),
    (r"(Put|Get|Delete)ResourcePolicy", _GOVERNED),
    (r"(Get|Put)(EventConfiguration|InsightSelectors)", (STORE, TRAIL)),
    (r"CreateChannel", (CHANNEL, STORE)),
    (r"(Get|Update|Delete)Channel|(Create|Get|Update|Delete)ServiceLinkedChannel", (CHANNEL,)),
    (r"(Create|Get|Update|Delete)Dashboard|StartDashboardRefresh", (DASHBOARD,)),
    (r"(Create|Get|Update|Delete|Restore)EventDataStore|(Start|Stop)EventDataStoreIngestion", (STORE,)),
    (r"(Enable|Disable)Federation|GetEventDataStoreData", (STORE,)),
    (r"(Start|Cancel|Describe|Generate)Query|GetQueryResults|GenerateQueryResultsSummary|ListQueries", (STORE,)),
    (r"(Create|Get|Update|Delete)Trail|GetTrailStatus|(Start|Stop)Logging", (TRAIL,)),
    (r"(Get|Put)EventSelectors|ListInsightsData", (TRAIL,)),
    (r"PutAuditEvents", (CHANNEL,)),
    (r"AssumeRole|TagSession|SetSourceIdentity", (ROLE,)),
)
_POLICY_ONLY = (
    "CreateServiceLinkedChannel",
    "DeleteServiceLinkedChannel",
    "GenerateQueryResultsSummary",
    "GetEventDataStoreData",
    "GetServiceLinkedChannel",
    "ListServiceLinkedChannels",
    "UpdateServiceLinkedChannel",
)
_OURS = ("GetHealth", "ListIdentities", "ManageIdentities", "PutSavedQuery")  # of the console, where AWS has none
_STS = ("AssumeRole", "GetCallerIdentity", "GetSessionToken", "SetSourceIdentity", "TagSession")
# An operation without an action of its own (CloudTrail API reference, ListInsightsMetricData) -> the one that covers it
COVERED_BY = {"cloudtrail:ListInsightsMetricData": "cloudtrail:LookupEvents"}

READ_STORE = ("cloudtrail:GetEventDataStore", "cloudtrail:StartQuery", "cloudtrail:GetQueryResults")


@cache
def actions() -> Mapping[str, tuple[str, ...]]:
    """Every action, as ``cloudtrail:StartQuery``, and the kinds of resource that it is asked about."""
    return {name: _kinds(name.partition(":")[2]) for name in _names()}


@cache
def lowered() -> Mapping[str, str]:
    """Every action in small letters -> as AWS spells it."""
    return {name.lower(): name for name in actions()}


@cache
def services() -> tuple[str, ...]:
    """The prefixes of actions."""
    return tuple(dict.fromkeys(name.partition(":")[0] for name in actions()))


def closest(name: str) -> str | None:
    """The action that may have been meant."""
    close = difflib.get_close_matches(name.lower(), lowered(), n=1)
    return lowered()[close[0]] if close else None


def _names() -> Iterator[str]:
    cloudtrail = {f"cloudtrail:{name}" for name in (*_operations("cloudtrail"), *_POLICY_ONLY)}
    yield from sorted(cloudtrail.difference(COVERED_BY))
    yield from sorted(f"cloudtrail-data:{name}" for name in _operations("cloudtrail-data"))
    yield from (f"sts:{name}" for name in _STS)
    yield from (f"trailmere:{name}" for name in _OURS)


def _operations(service: str) -> tuple[str, ...]:
    from botocore.loaders import Loader

    # only what botocore itself ships: a model in somebody's home directory makes no action
    loader = Loader(extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
    model: dict[str, Any] = loader.load_service_model(service, "service-2")
    return tuple(model["operations"])


def _kinds(operation: str) -> tuple[str, ...]:
    return next((kinds for names, kinds in _KINDS if re.fullmatch(names, operation)), ())
