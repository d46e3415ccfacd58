"""Who somebody is here whom an OpenID provider vouches for: a user of one account, by the name in a claim.

A name may be given to somebody else at the provider, and some let people choose theirs; what stays is the subject. So
the first subject that comes for a user is theirs for good, until an administrator has it forgotten. The claims were
proved before (``trailmere.web.provider``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from trailmere.errors import AuthenticationFailed, IdentityAlreadyExists, IdentityNotFound, InvalidParameter

if TYPE_CHECKING:
    from trailmere.access.identities import Identities
    from trailmere.access.people import People
    from trailmere.registry.identities import User
    from trailmere.registry.ways_in import WaysIn

CODE = "SignInFailure"
LONGEST_SUBJECT = 255  # OpenID Connect Core 1.0, 2


@dataclass(frozen=True, slots=True)
class OpenIdRule:
    """Whom a provider may vouch for. ``names``: patterns, none for all; ``role`` of users who are made, "" for none."""

    issuer: str
    account_id: str
    claim: str
    names: tuple[str, ...] = ()
    role: str = ""


@dataclass(frozen=True, slots=True)
class Vouched:
    """A user whom the provider vouched for. ``is_new``: made just now."""

    user: User
    is_new: bool


class OpenIdDesk:
    """Finds the user, or makes one. Safe to use from several threads and processes."""

    def __init__(self, rule: OpenIdRule, identities: Identities, people: People, records: WaysIn) -> None:
        self.rule = rule
        self._identities = identities
        self._people = people
        self._records = records

    def name_in(self, claims: Mapping[str, Any]) -> str:
        """The name that the claims have for a user. Raises AuthenticationFailed."""
        name = claims.get(self.rule.claim)
        if not isinstance(name, str) or not name:
            raise AuthenticationFailed(CODE, f"The provider did not tell who you are: {self.rule.claim} is missing.")
        if self.rule.claim == "email" and claims.get("email_verified") is not True:
            raise AuthenticationFailed(CODE, "The provider has not verified your email.")
        return name

    def user(self, claims: Mapping[str, Any]) -> Vouched:
        """Who it is. Raises AuthenticationFailed."""
        name, subject = self.name_in(claims), claims.get("sub")
        if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT:
            raise AuthenticationFailed(CODE, "The provider did not tell who you are: sub is missing.")
        if self.rule.names and not any(fnmatchcase(name.lower(), one.lower()) for one in self.rule.names):
            raise AuthenticationFailed(CODE, "The provider knows you, and you may not sign in here.")
        vouched = self._found(name)
        if not self._records.is_subject(vouched.user.id, self.rule.issuer, subject):
            raise AuthenticationFailed(
                CODE, "Somebody else signed in by this name before. An administrator can have that forgotten."
            )
        return vouched

    def _found(self, name: str) -> Vouched:
        try:
            return Vouched(self._identities.user(self.rule.account_id, name), is_new=False)
        except IdentityNotFound:
            if not self.rule.role:
                raise AuthenticationFailed(
                    CODE, "The provider knows you, and there is no such user here. Ask an administrator to make one."
                ) from None
        try:
            return Vouched(self._people.create(self.rule.account_id, name, self.rule.role), is_new=True)
        except IdentityAlreadyExists:  # made by a sign-in at the same moment
            return Vouched(self._identities.user(self.rule.account_id, name), is_new=False)
        except InvalidParameter as error:
            raise AuthenticationFailed(CODE, f"No user here can be called so: {error.message}") from None
