"""What people do here that is no operation of CloudTrail, as events that AWS would write of the same: sign-in, users.

Source: CloudTrail user guide, "AWS Management Console sign-in events" and "Logging IAM and AWS STS API calls".
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from trailmere.api.journal import EVENT_VERSION, user_identity

if TYPE_CHECKING:
    from trailmere.api.call import Call
    from trailmere.api.errors import Fault
    from trailmere.api.journal import Journal
    from trailmere.api.request import Request

SIGN_IN = "signin.amazonaws.com"
IAM = "iam.amazonaws.com"
OURS = "trailmere"  # what AWS has no name for
LONGEST = 512  # characters of a name that somebody typed who is not known


def note(
    journal: Journal,
    call: Call,
    source: str,
    name: str,
    given: Mapping[str, Any],
    fault: Fault | None = None,
    answer: Mapping[str, Any] | None = None,
) -> None:
    """Note what a person did, or tried. ``answer``: what came of it, without secrets."""
    event = _event(call.request_id, call.when.isoformat(timespec="seconds"), call.region, source, name) | {
        "userIdentity": user_identity(call.identity),
        "sourceIPAddress": call.source_address,
        "userAgent": call.user_agent,
        "requestParameters": dict(given) or None,
        "responseElements": None if answer is None else dict(answer),
        "readOnly": False,
        "eventType": "AwsApiCall",
        "recipientAccountId": call.account_id,
        **({} if fault is None else {"errorCode": fault.code, "errorMessage": fault.message}),
    }
    journal.write(json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode())


def note_sign_in(
    journal: Journal,
    request: Request,
    region: str,
    account_id: str,
    name: str,
    identity: Mapping[str, Any] | None,
    how: Mapping[str, Any] | None = None,
) -> None:
    """Note that somebody signed in (``identity``: their ``userIdentity``), or tried to (None). ``how``: by what."""
    unknown = {"type": "IAMUser", "accountId": account_id[:12], "userName": name[:LONGEST], "accessKeyId": ""}
    when = request.arrived.isoformat(timespec="seconds")
    event = _event(request.id, when, region, SIGN_IN, "ConsoleLogin") | {
        "userIdentity": unknown if identity is None else dict(identity),
        "sourceIPAddress": request.source_address,
        "userAgent": request.header("user-agent"),
        "requestParameters": None,
        "responseElements": {"ConsoleLogin": "Failure" if identity is None else "Success"},
        "additionalEventData": {"MFAUsed": "No", "MobileVersion": "No"} | dict(how or {"SignInBy": "password"}),
        "readOnly": False,
        "eventType": "AwsConsoleSignIn",
        "recipientAccountId": account_id[:12],
        **({"errorMessage": "Failed authentication"} if identity is None else {}),
    }
    journal.write(json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode())


def _event(request_id: str, when: str, region: str, source: str, name: str) -> dict[str, Any]:
    return {
        "eventVersion": EVENT_VERSION,
        "eventTime": when.replace("+00:00", "Z"),
        "eventSource": source,
        "eventName": name,
        "awsRegion": region,
        "requestID": request_id,
        "eventID": str(uuid.uuid4()),
        "managementEvent": True,
        "eventCategory": "Management",
    }
