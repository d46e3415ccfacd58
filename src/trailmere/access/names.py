"""What identities are called: names, unique ids, ARNs, access keys and their secrets, as AWS forms them.

Source: IAM user guide, "IAM identifiers", "IAM and AWS STS quotas"; IAM API reference, CreateUser and CreateRole; STS
API reference, AssumeRole.
"""

from __future__ import annotations

import base64
import re
import secrets

from trailmere.errors import InvalidParameter

ACCOUNT_NAME = re.compile(r"[\w .,'()/&@+-]{1,50}")
USER_NAME = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)  # roles too
POLICY_NAME = re.compile(r"[\w+=,.@-]{1,128}", re.ASCII)
SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"  # of base 32 (RFC 4648), which AWS's ids are written in


def unique_id(prefix: str, length: int = 21) -> str:
    """An id that was never given before: ``AIDA...`` of a user, ``AROA...`` of a role; ``AKIA...`` of an access key and
    ``ASIA...`` of a session's key, which have 20 characters."""
    return prefix + "".join(secrets.choice(_ALPHABET) for _ in range(length - len(prefix)))


def new_secret() -> str:
    """A secret access key: 40 characters that hold 30 random bytes."""
    return base64.b64encode(secrets.token_bytes(30)).decode()


def new_account_id() -> str:
    """Twelve digits, the first of which is not 0."""
    return str(secrets.randbelow(9 * 10**11) + 10**11)


def arn(partition: str, account_id: str, kind: str, name: str) -> str:
    """``arn:aws:iam::ACCOUNT:KIND/NAME``, for ``kind`` user or role."""
    return f"arn:{partition}:iam::{account_id}:{kind}/{name}"


def session_arn(partition: str, account_id: str, role: str, session: str) -> str:
    """``arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION``."""
    return f"arn:{partition}:sts::{account_id}:assumed-role/{role}/{session}"


def check(pattern: re.Pattern[str], what: str, name: str) -> str:
    """``name``, or InvalidParameter."""
    if not pattern.fullmatch(name):
        raise InvalidParameter(f"expected the name of {what} to match {pattern.pattern}, got {name[:140]!r}")
    return name


def check_account_id(account_id: str) -> str:
    """``account_id``, or InvalidParameter."""
    if not re.fullmatch(r"[0-9]{12}", account_id):
        raise InvalidParameter(f"expected 12 digits as the id of an account, got {account_id[:40]!r}")
    return account_id
