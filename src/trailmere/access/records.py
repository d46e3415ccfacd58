"""Who asks: what the room tells others about an identity, and the rules of its names.

Source: IAM user guide, "IAM identifiers" (ARNs, unique ids) and "IAM and AWS STS quotas".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """What an identity is, as ``userIdentity.type`` of an event spells it."""

    ROOT = "Root"
    USER = "IAMUser"
    ASSUMED_ROLE = "AssumedRole"
    SERVICE = "AWSService"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who signed a call.

    ``name``: the user's name, ``role/session`` of a session, ``root``. ``principal_id``: ``AIDA...`` of a user,
    ``AROA...:session`` of a session, the account id of root. ``issued``: when the session began, None without one.
    ``session_policy``: JSON text that narrows a session.
    """

    account_id: str
    kind: Kind
    name: str
    arn: str
    principal_id: str
    access_key_id: str | None = None
    issued: datetime | None = None
    mfa: bool = False
    role_arn: str | None = None
    session_policy: str | None = None
