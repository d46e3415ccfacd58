"""Activities are data; this turns one into a text with holes, so that an event costs one substitution.

A hole is ``{name}`` inside a JSON string, or the whole string ``{#name}`` for a value that is no string (a number, the
identity). What fills it comes from ``trailmere.simulator.values`` or, for the holes of ``PER_EVENT``, from the event.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from trailmere.simulator.records import render

PER_EVENT = frozenset({"identity", "time", "ip", "agent", "account", "region", "event_id", "request_id"})
FROM_THE_CLOCK = frozenset({"expiration", "epoch_ms", "log_day"})  # the same for all events of a slot
GLOBAL_SERVICES = frozenset({"iam", "sts", "sso", "organizations", "cloudfront", "route53", "signin", "support"})

_BARE_HOLE = re.compile(r'"\{#([a-z_0-9]+)\}"')
_HOLE = re.compile(r"\{([a-z_0-9]+)\}")


@dataclass(frozen=True, slots=True)
class Fault:
    """A way an activity fails, in ``share`` of its calls."""

    share: float
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Activity:
    """One API action, or service event, and the shape of its record.

    ``source`` is the service's short name (``s3`` for s3.amazonaws.com). ``host`` is the TLS host name asked for; ""
    where AWS records no TLS details (calls of services). ``identity`` stands in the actor's place where AWS records
    another. ``counterpart`` is what the same call looks like in the other
    account, which gets an event of its own with the same sharedEventID.
    """

    source: str
    name: str
    request: Any = None
    response: Any = None
    read_only: bool = True
    category: str = "Management"
    event_type: str = "AwsApiCall"
    version: str = "1.08"
    extra: Any = None
    resources: Any = None
    details: Any = None
    context: Any = None
    host: str | None = None
    faults: tuple[Fault, ...] = ()
    endpoint: bool = False
    shared: bool = False
    from_console: bool = False
    api_version: str | None = None
    identity: Any = None
    message: str | None = None  # errorMessage of what is recorded as failed without an errorCode
    counterpart: Activity | None = None
    elsewhere: bool = False  # it is itself the counterpart: the recipient is the other account

    @property
    def everywhere(self) -> bool:
        """Whether it is recorded in the Region it was made in; global services are recorded in us-east-1."""
        return self.source not in GLOBAL_SERVICES


@dataclass(frozen=True, slots=True)
class Template:
    """A record's text with ``%(name)s`` holes, and the names that the values room fills."""

    activity: Activity
    text: str
    holes: tuple[str, ...]


def compile_activity(activity: Activity, fault: Fault | None = None) -> Template:
    """The template of an activity, or of one of its failures."""
    text = render(_members(activity, fault)).replace("%", "%%")
    text = _HOLE.sub(r"%(\1)s", _BARE_HOLE.sub(r"%(\1)s", text))
    holes = set(re.findall(r"%\(([a-z_0-9]+)\)s", text)) - PER_EVENT
    if activity.counterpart is not None:
        holes |= set(compile_activity(activity.counterpart).holes)
    return Template(activity, text, tuple(sorted(holes)))


def variants(activity: Activity) -> list[tuple[float, Template]]:
    """The template of success and those of the failures, each with its share."""
    failures = [
        (fault.share, compile_activity(replace(activity, counterpart=None), fault)) for fault in activity.faults
    ]
    return [(1.0 - sum(share for share, _ in failures), compile_activity(activity)), *failures]


def _members(activity: Activity, fault: Fault | None) -> dict[str, object]:
    return {
        "eventVersion": activity.version,
        "userIdentity": activity.identity or "{#identity}",
        "eventTime": "{time}",
        "eventSource": f"{activity.source}.amazonaws.com",
        "eventName": activity.name,
        "awsRegion": "{region}",
        "sourceIPAddress": "{ip}",
        "userAgent": "{agent}",
        "errorCode": fault.code if fault else None,
        "errorMessage": fault.message if fault else activity.message,
        "requestParameters": activity.request,
        "responseElements": None if fault else activity.response,
        "additionalEventData": activity.extra,
        "requestID": "{request_id}" if activity.event_type == "AwsApiCall" else None,
        "eventID": "{event_id}",
        "readOnly": activity.read_only,
        "resources": activity.resources,
        "eventType": activity.event_type,
        "apiVersion": activity.api_version,
        "managementEvent": activity.category == "Management",
        "recipientAccountId": "{target_account}" if activity.elsewhere else "{account}",
        "sharedEventID": "{shared_id}" if activity.shared or activity.elsewhere else None,
        "vpcEndpointId": "{endpoint}" if activity.endpoint else None,
        "vpcEndpointAccountId": "{account}" if activity.category == "NetworkActivity" else None,
        "serviceEventDetails": activity.details,
        "eventCategory": activity.category,
        "eventContext": activity.context,
        "tlsDetails": _tls(activity),
        "sessionCredentialFromConsole": "true" if activity.from_console else None,
    }


def _tls(activity: Activity) -> dict[str, str] | None:
    host = f"{activity.source}.{{region}}.amazonaws.com" if activity.host is None else activity.host
    if not host:
        return None
    newer = activity.version in ("1.10", "1.11")
    return {
        "tlsVersion": "TLSv1.3" if newer else "TLSv1.2",
        "cipherSuite": "TLS_AES_128_GCM_SHA256" if newer else "ECDHE-RSA-AES128-GCM-SHA256",
        "clientProvidedHostHeader": host,
    }
