"""The Principal element: whom a resource-based policy or a trust policy names, and how far that reaches.

Source: IAM user guide, "AWS JSON policy elements: Principal" and "NotPrincipal"; "Policy evaluation logic", on the
principals of a resource-based policy in the same account. Whom a policy names is compared by ARN: a user who is made
anew under an old name is the old one to it, which AWS avoids by unique ids.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from trailmere.access.records import Identity, Kind

SERVICES = ("cloudtrail.amazonaws.com",)  # nobody else asks anything here
_ACCOUNT = re.compile(r"[0-9]{12}")
_ARN = re.compile(
    r"arn:(?:aws|aws-cn|aws-us-gov):(?:"
    r"iam::(?P<root>[0-9]{12}):root"
    r"|iam::[0-9]{12}:(?P<entity>user|role)/[\w+=,.@/-]{1,576}"
    r"|sts::[0-9]{12}:(?P<session>assumed-role)/[\w+=,.@-]{1,64}/[\w+=,.@-]{2,64})",
    re.ASCII,
)


class Whom(StrEnum):
    """What a principal is."""

    ANYONE = "anyone"
    ACCOUNT = "account"
    USER = "user"
    ROLE = "role"
    SESSION = "session"
    SERVICE = "service"


class Reach(IntEnum):
    """What an Allow gives whom it names, in their own account."""

    NONE = 0  # they are not named
    ACCOUNT = 1  # their account is: it may give them the permission, by policies of its own
    ROLE = 2  # enough by itself, within what a session policy allows
    DIRECT = 3  # enough by itself


_REACH = {
    Whom.ANYONE: Reach.ROLE,
    Whom.ACCOUNT: Reach.ACCOUNT,
    Whom.USER: Reach.DIRECT,
    Whom.ROLE: Reach.ROLE,
    Whom.SESSION: Reach.DIRECT,
    Whom.SERVICE: Reach.DIRECT,
}
# whoever is exempt by a NotPrincipal has to be named there by all of these, as AWS asks for
_EXEMPT = {
    Kind.ROOT: {Whom.ACCOUNT},
    Kind.USER: {Whom.ACCOUNT, Whom.USER},
    Kind.ASSUMED_ROLE: {Whom.ACCOUNT, Whom.ROLE, Whom.SESSION},
    Kind.SERVICE: {Whom.SERVICE},
}


class PrincipalError(ValueError):
    """A principal that is not understood; the message says what was expected."""


@dataclass(frozen=True, slots=True)
class Principal:
    """One principal. ``name``: the ARN, the account's id, the service's name, ``*``."""

    whom: Whom
    name: str

    def is_of(self, identity: Identity) -> bool:
        """Whether ``identity`` is it, or belongs to it."""
        if self.whom is Whom.ANYONE:
            return True
        if self.whom is Whom.SERVICE or identity.kind is Kind.SERVICE:
            return self.whom is Whom.SERVICE and identity.kind is Kind.SERVICE and identity.name == self.name
        if self.whom is Whom.ACCOUNT:
            return identity.account_id == self.name
        return self.name == (identity.role_arn if self.whom is Whom.ROLE else identity.arn)


def reach(principals: Iterable[Principal], identity: Identity) -> Reach:
    """How far a statement that names ``principals`` reaches to ``identity``."""
    return max((_REACH[one.whom] for one in principals if one.is_of(identity)), default=Reach.NONE)


def exempts(principals: Iterable[Principal], identity: Identity) -> bool:
    """Whether a NotPrincipal of ``principals`` leaves ``identity`` out."""
    return _EXEMPT[identity.kind] <= {one.whom for one in principals if one.is_of(identity)}


def read_principal(type: str, value: str) -> Principal:
    """``value`` under the member ``type`` of a Principal element: AWS or Service. Raises PrincipalError."""
    if type == "Service":
        if value not in SERVICES:
            raise PrincipalError(f"expected {' or '.join(SERVICES)}, got {value[:200]!r}")
        return Principal(Whom.SERVICE, value)
    if value == "*":
        return Principal(Whom.ANYONE, value)
    if _ACCOUNT.fullmatch(value):
        return Principal(Whom.ACCOUNT, value)
    found = _ARN.fullmatch(value)
    if found is None:
        raise PrincipalError(
            "expected the id of an account, *, or the ARN of an account's root, a user, a role or a session of a role "
            f"(arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION), without wildcards; got {value[:200]!r}"
        )
    if found["root"]:
        return Principal(Whom.ACCOUNT, found["root"])
    return Principal(Whom.SESSION if found["session"] else Whom(found["entity"]), value)
