"""The condition keys that a policy may name here: what they are called, what their values are, what they mean.

A key that is not in the table is refused when a policy is written: a condition on something that no call tells would
never hold, or always. Source: IAM user guide, "AWS global condition context keys"; IAM and AWS STS condition keys;
CloudTrail user guide, "Resource-based policy examples" (``cloudtrail:ExternalId``). Names count without their case.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from enum import StrEnum


class KeyType(StrEnum):
    """What the values of a key are, which decides the operators that it may stand under."""

    STRING = "text"
    ARN = "an ARN"
    NUMERIC = "a number"
    DATE = "a time"
    EPOCH = "seconds since 1970"  # compared as a time or as a number
    BOOL = "true or false"
    IP = "an IP address"


@dataclass(frozen=True, slots=True)
class ConditionKey:
    """One key. ``multivalued``: a call may have several values of it, so that a quantifier has to say how they count.
    ``meaning``: what a value is; of a key that is true or false, what is the case if it is true. A name that ends in
    ``/`` is followed by the key of a tag."""

    name: str
    type: KeyType
    meaning: str
    multivalued: bool = False

    @property
    def noun(self) -> str:
        """What the key tells, as part of a sentence."""
        return f"whether {self.meaning}" if self.type is KeyType.BOOL else self.meaning


_ALL = (
    ConditionKey("aws:CurrentTime", KeyType.DATE, "the time of the call"),
    ConditionKey("aws:EpochTime", KeyType.EPOCH, "the time of the call, in seconds since 1970"),
    ConditionKey("aws:MultiFactorAuthPresent", KeyType.BOOL, "the session's second factor was shown"),
    ConditionKey("aws:PrincipalAccount", KeyType.STRING, "the account of whoever asks"),
    ConditionKey("aws:PrincipalArn", KeyType.ARN, "the ARN of whoever asks (of a session, that of its role)"),
    ConditionKey("aws:PrincipalIsAWSService", KeyType.BOOL, "a service asks"),
    ConditionKey("aws:PrincipalServiceName", KeyType.STRING, "the name of the service that asks"),
    ConditionKey("aws:PrincipalTag/", KeyType.STRING, "a tag of whoever asks"),
    ConditionKey("aws:PrincipalType", KeyType.STRING, "Account, User or AssumedRole"),
    ConditionKey("aws:RequestedRegion", KeyType.STRING, "the Region that is asked"),
    ConditionKey("aws:RequestTag/", KeyType.STRING, "a tag that the call gives a resource"),
    ConditionKey("aws:ResourceAccount", KeyType.STRING, "the account of the resource"),
    ConditionKey("aws:ResourceTag/", KeyType.STRING, "a tag of the resource"),
    ConditionKey("aws:SecureTransport", KeyType.BOOL, "the call came over TLS"),
    ConditionKey("aws:SourceAccount", KeyType.STRING, "the account on whose behalf a service asks"),
    ConditionKey("aws:SourceArn", KeyType.ARN, "the resource on whose behalf a service asks"),
    ConditionKey("aws:SourceIp", KeyType.IP, "the address that the call came from"),
    ConditionKey("aws:TagKeys", KeyType.STRING, "the keys of the tags that the call names", multivalued=True),
    ConditionKey("aws:TokenIssueTime", KeyType.DATE, "when the session began"),
    ConditionKey("aws:UserAgent", KeyType.STRING, "the client, as it calls itself"),
    ConditionKey("aws:userid", KeyType.STRING, "the unique id of whoever asks"),
    ConditionKey("aws:username", KeyType.STRING, "the name of the user who asks"),
    ConditionKey("cloudtrail:ExternalId", KeyType.STRING, "the external id of PutAuditEvents"),
    ConditionKey("sts:ExternalId", KeyType.STRING, "the external id of AssumeRole"),
    ConditionKey("sts:RoleSessionName", KeyType.STRING, "the name of the session that AssumeRole begins"),
)
KEYS = {key.name.lower(): key for key in _ALL}


def find(name: str) -> ConditionKey | None:
    """The key of this name, in any case, or None. ``aws:RequestTag/team`` is found as ``aws:RequestTag/``."""
    lowered = name.lower()
    head, slash, tag = lowered.partition("/")
    return KEYS.get(head + slash) if bool(slash) == bool(tag) else None


def closest(name: str) -> str | None:
    """The name of a key that may have been meant."""
    close = difflib.get_close_matches(name.lower(), KEYS, n=1)
    return KEYS[close[0]].name if close else None
