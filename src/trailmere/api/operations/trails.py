"""Trails: eleven operations on them, and how a call names one. What is allowed is decided in ``trailmere.registry``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from trailmere.api.call import tag_context, tags_of
from trailmere.api.paging import page
from trailmere.errors import InvalidTrailArn, TrailNotFound
from trailmere.events.trail_selectors import DEFAULT, check_selectors
from trailmere.registry.trails import check_trail_name

if TYPE_CHECKING:
    from datetime import datetime

    from trailmere.api.call import Call, Context
    from trailmere.registry.trails import Trail

MOST_LISTED = 1000

# member of the input -> what the registry calls it
_WISHES: Mapping[str, str] = {
    "S3BucketName": "bucket",
    "S3KeyPrefix": "prefix",
    "SnsTopicName": "topic",
    "IncludeGlobalServiceEvents": "global_events",
    "IsMultiRegionTrail": "multi_region",
    "EnableLogFileValidation": "validation",
    "CloudWatchLogsLogGroupArn": "log_group",
    "CloudWatchLogsRoleArn": "log_role",
    "KmsKeyId": "kms_key",
    "IsOrganizationTrail": "organization",
    "RecursiveLogging": "recursive_logging",
}
_ARN = re.compile(r"arn:(aws[a-z-]*):cloudtrail:([a-z0-9-]+):(\d{12}):trail/([^/:]+)")


def create(call: Call) -> Mapping[str, Any]:
    """CreateTrail."""
    name, tags = call.input["Name"], tags_of(call.input.get("TagsList", ()))
    call.allow(call.arn(f"trail/{name}"), context=tag_context("request", tags))
    wishes = _wishes(call)
    created = call.app.trails.create(call.account_id, call.region, name, tags=tags, **wishes)
    return _described(created)


def update(call: Call) -> Mapping[str, Any]:
    """UpdateTrail."""
    trail = find(call, call.input["Name"])
    return _described(call.app.trails.change(trail, call.region, **_wishes(call)))


def delete(call: Call) -> Mapping[str, Any]:
    """DeleteTrail."""
    call.app.trails.delete(find(call, call.input["Name"]), call.region)
    return {}


def get(call: Call) -> Mapping[str, Any]:
    """GetTrail."""
    return {"Trail": _whole(find(call, call.input["Name"]))}


def describe(call: Call) -> Mapping[str, Any]:
    """DescribeTrails: those that are named, in this Region or by their ARN; else all, with the shadows of others."""
    call.allow()
    names = call.input.get("trailNameList", ())
    if names:
        found = [_named(call, name) for name in names]
        return {"trailList": [_whole(one) for one in found if one is not None]}
    seen = call.app.trails.seen(call.account_id, call.region)
    with_shadows = call.input.get("includeShadowTrails", True)
    return {"trailList": [_whole(one) for one in seen if with_shadows or one.region == call.region]}


def list_all(call: Call) -> Mapping[str, Any]:
    """ListTrails."""
    call.allow()
    here = call.app.trails.seen(call.account_id, call.region)
    found, more = page(call, here, lambda trail: trail.arn, MOST_LISTED)
    return {"Trails": [{"TrailARN": one.arn, "Name": one.name, "HomeRegion": one.region} for one in found], **more}


def status(call: Call) -> Mapping[str, Any]:
    """GetTrailStatus. The members that are texts are there, and empty, for clients from before 2014."""
    trail = find(call, call.input["Name"], told=lambda arn, _name: arn)
    return {
        "IsLogging": trail.logging,
        "StartLoggingTime": trail.started,
        "StopLoggingTime": trail.stopped,
        "LatestDeliveryTime": trail.delivered,
        "LatestDeliveryError": trail.delivery_error,
        "LatestDeliveryAttemptTime": "",
        "LatestNotificationAttemptTime": "",
        "LatestNotificationAttemptSucceeded": "",
        "LatestDeliveryAttemptSucceeded": "",
        "TimeLoggingStarted": _text(trail.started),
        "TimeLoggingStopped": _text(trail.stopped),
    }


def start_logging(call: Call) -> Mapping[str, Any]:
    """StartLogging."""
    call.app.trails.set_logging(find(call, call.input["Name"]), call.region, True)
    return {}


def stop_logging(call: Call) -> Mapping[str, Any]:
    """StopLogging."""
    call.app.trails.set_logging(find(call, call.input["Name"]), call.region, False)
    return {}


def get_selectors(call: Call) -> Mapping[str, Any]:
    """GetEventSelectors."""
    trail = find(call, call.input["TrailName"])
    return {"TrailARN": trail.arn, **(trail.selectors or DEFAULT)}


def put_selectors(call: Call) -> Mapping[str, Any]:
    """PutEventSelectors: those of one kind replace whatever there was."""
    trail = find(call, call.input["TrailName"])
    selectors = check_selectors(call.input.get("EventSelectors"), call.input.get("AdvancedEventSelectors"))
    after = call.app.trails.change(trail, call.region, selectors=selectors)
    return {"TrailARN": after.arn, **selectors}


def find(
    call: Call, text: str, context: Context | None = None, *, told: Callable[[str, str], str] = lambda _arn, name: name
) -> Trail:
    """The trail of this name or ARN as the caller's account sees it, if the caller may do this operation to it.

    ``told`` says how one that is not there is named in the error. Raises InvalidTrailName, InvalidTrailArn;
    AccessDenied, whether there is such a trail or not; TrailNotFound; and as ``Call.check_organization``.
    """
    found = _named(call, text) or (None if text.startswith("arn:") else _shadow(call, text))
    arn = text if text.startswith("arn:") else found.arn if found else call.arn(f"trail/{text}")
    missing = TrailNotFound(f"Unknown trail: {told(arn, text)} for the user: {call.account_id}")
    if arn.split(":")[4] != call.account_id:
        raise missing
    call.allow(arn, context={**(tag_context("resource", found.tags) if found else {}), **(context or {})})
    if found is None:
        raise missing
    call.check_organization(found.organization)
    return found


def _named(call: Call, text: str) -> Trail | None:
    """By a name in this Region, or by an ARN of the account. Raises InvalidTrailName, InvalidTrailArn."""
    if not text.startswith("arn:"):
        return call.app.trails.at_home(call.account_id, call.region, check_trail_name(text))
    parts = _ARN.fullmatch(text)
    if parts is None:
        raise InvalidTrailArn(f"expected the ARN of a trail, got {text!r}")
    found = None
    if parts[3] == call.account_id:
        found = call.app.trails.at_home(call.account_id, parts[2], check_trail_name(parts[4]))
    return found


def _shadow(call: Call, name: str) -> Trail | None:
    return call.app.trails.find(call.account_id, call.region, name)


def _wishes(call: Call) -> dict[str, Any]:
    """What the input says of a trail. Raises OrganizationsNotInUse, NotManagementAccount."""
    wishes = {field: call.input[member] for member, field in _WISHES.items() if member in call.input}
    if wishes.get("organization"):
        call.app.organization.check_may_have_resources(call.account_id)
    return wishes


def _text(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _described(trail: Trail) -> dict[str, Any]:
    return {
        "Name": trail.name,
        "S3BucketName": trail.bucket,
        "S3KeyPrefix": trail.prefix,
        "SnsTopicName": None if trail.topic is None else trail.topic.rpartition(":")[2],
        "SnsTopicARN": trail.topic_arn,
        "IncludeGlobalServiceEvents": trail.global_events,
        "IsMultiRegionTrail": trail.multi_region,
        "TrailARN": trail.arn,
        "LogFileValidationEnabled": trail.validation,
        "CloudWatchLogsLogGroupArn": trail.log_group,
        "CloudWatchLogsRoleArn": trail.log_role,
        "KmsKeyId": trail.kms_key,
        "IsOrganizationTrail": trail.organization,
        "RecursiveLogging": trail.recursive_logging,
    }


def _whole(trail: Trail) -> dict[str, Any]:
    return {
        **_described(trail),
        "HomeRegion": trail.region,
        "HasCustomEventSelectors": trail.selectors is not None,
        "HasInsightSelectors": False,
    }


OPERATIONS = {
    "CreateTrail": create,
    "UpdateTrail": update,
    "DeleteTrail": delete,
    "GetTrail": get,
    "DescribeTrails": describe,
    "ListTrails": list_all,
    "GetTrailStatus": status,
    "StartLogging": start_logging,
    "StopLogging": stop_logging,
    "GetEventSelectors": get_selectors,
    "PutEventSelectors": put_selectors,
}
