"""How calls fail, and the resources that several services name. The texts are AWS's usual ones."""

from __future__ import annotations

from trailmere.simulator.templates import Fault

DENIED = "User: arn:aws:sts::{account}:assumed-role/{role}/{session} is not authorized to perform: "
NO_POLICY = " because no identity-based policy allows the {action} action"
KMS_KEY = {"accountId": "{account}", "type": "AWS::KMS::Key", "ARN": "arn:aws:kms:{region}:{account}:key/{kms_key}"}


def denied(action: str, resource: str, share: float, code: str = "AccessDenied") -> Fault:
    """Refused by IAM: no policy allows ``action`` on ``resource``."""
    return Fault(share, code, f"{DENIED}{action} on resource: {resource}{NO_POLICY.format(action=action)}")


def unauthorized(share: float) -> Fault:
    """Refused by EC2, which words it in its own way."""
    text = "You are not authorized to perform this operation. Encoded authorization failure message: {token_short}"
    return Fault(share, "Client.UnauthorizedOperation", text)


def throttled(share: float, code: str = "ThrottlingException") -> Fault:
    """Too many calls."""
    return Fault(share, code, "Rate exceeded")
