"""People who sign in: passwords, sessions of a browser, the link of a first visit, and how often one may try.

Whoever is signed in is a user of an account (``access.identities``) and may do what the policies of that user allow.
Passwords are hashed with Argon2id (RFC 9106); tokens are 256 random bits, kept as their SHA-256.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from trailmere.access.records import Identity, Kind
from trailmere.errors import AuthenticationFailed, IdentityNotFound, InvalidParameter
from trailmere.registry.console import ConsoleRecords, ConsoleSession

if TYPE_CHECKING:
    from argon2 import PasswordHasher

    from trailmere.access.identities import Identities
    from trailmere.access.tries import Tries
    from trailmere.registry.identities import User

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 1024
SESSION = timedelta(hours=12)  # of no use
LONGEST_SESSION = timedelta(days=7)
SEEN_EVERY = timedelta(minutes=1)  # so often at most is written that a session goes on
WELCOME = timedelta(days=1)
REFUSED = "The account, user name or password is wrong."
OFF = "You may not sign in here any more. Ask an administrator."
USED = "This link was used already, or is too old. Ask for another."


@dataclass(frozen=True, slots=True)
class Person:
    """Who is signed in, and by which session."""

    identity: Identity
    user: User
    session: ConsoleSession


class ConsoleDesk:
    """Signs people in and out. Safe to use from several threads."""

    def __init__(
        self,
        records: ConsoleRecords,
        identities: Identities,
        clock: Callable[[], datetime],
        hasher: PasswordHasher | None = None,
    ) -> None:
        """``hasher``: Argon2id; without one, as RFC 9106 recommends where memory is constrained."""
        from argon2 import PasswordHasher

        self._records = records
        self._identities = identities
        self._clock = clock
        self._hasher = hasher or PasswordHasher()
        self._nothing = self._hasher.hash(secrets.token_urlsafe())  # what is compared where there is no such user

    @cached_property
    def _tries(self) -> Tries:
        from trailmere.access.tries import Tries

        return Tries()

    # -- signing in and out --------------------------------------------------------------------------------------------

    def sign_in(self, account_id: str, name: str, password: str, *, address: str, agent: str) -> tuple[str, Person]:
        """The token of a new session, and who it is. Raises AuthenticationFailed, in the same words for all reasons."""
        with self._tries.one(address, f"{account_id}/{name}"):
            user = self._user(account_id, name)
            hash = None if user is None else self._records.password(user.id)
            matches = self._matches(hash or self._nothing, password)
            if user is None or hash is None or not matches or not user.enabled:
                raise AuthenticationFailed("SignInFailure", REFUSED)
            if self._hasher.check_needs_rehash(hash):
                self._records.rehash(user.id, self._hasher.hash(password))
        return self._begin(user, address, agent)

    def enter(self, user: User, *, address: str, agent: str) -> tuple[str, Person]:
        """The same for a user who proved in another way who they are. Raises AuthenticationFailed."""
        if not user.enabled:
            raise AuthenticationFailed("SignInFailure", OFF)
        return self._begin(user, address, agent)

    def person(self, token: str) -> Person | None:
        """Who a token belongs to now; None where the session is over, or the user may not sign in any more."""
        session = self._records.session(_hashed(token))
        now = self._clock()
        if session is None or session.expires <= now:
            return None
        user = next((one for one in self._identities.users() if one.id == session.user_id and one.enabled), None)
        if user is None:
            return None
        if now - session.seen >= SEEN_EVERY:
            self._records.see(session.token_hash, now, min(now + SESSION, session.created + LONGEST_SESSION))
        return Person(self._identity(user, session), user, session)

    def sign_out(self, token: str) -> None:
        """The session is over."""
        self._records.end_sessions(token_hash=_hashed(token))

    # -- passwords -----------------------------------------------------------------------------------------------------

    def welcome(self, user: User) -> str:
        """The token of a link by which a user chooses a password, once, within a day."""
        token = secrets.token_urlsafe(32)
        self._records.add_welcome(_hashed(token), user.id, self._clock() + WELCOME)
        return token

    def use_welcome(self, token: str, password: str, *, address: str, agent: str) -> tuple[str, Person]:
        """Set the password of the user whose link it is, and sign in. Raises InvalidParameter, AuthenticationFailed."""
        check_password(password)
        with self._tries.one(address, "welcome"):
            user_id = self._records.take_welcome(_hashed(token), self._clock())
            user = next((one for one in self._identities.users() if one.id == user_id and one.enabled), None)
            if user is None:
                raise AuthenticationFailed("SignInFailure", USED)
            self.set_password(user, password)
        return self._begin(user, address, agent)

    def set_password(self, user: User, password: str | None) -> None:
        """A password, or none: then the user cannot sign in here. Ends the user's sessions. Raises InvalidParameter."""
        hash = None if password is None else self._hasher.hash(check_password(password))
        self._records.set_password(user.id, hash, self._clock())

    def change_password(self, person: Person, old: str, new: str, *, address: str, agent: str) -> tuple[str, Person]:
        """One's own password: other sessions end, and this one begins anew. Raises AuthenticationFailed,
        InvalidParameter."""
        check_password(new)
        with self._tries.one(address, f"{person.user.account_id}/{person.user.name}"):
            hash = self._records.password(person.user.id)
            if hash is None or not self._matches(hash, old):
                raise AuthenticationFailed("SignInFailure", "The present password is another.")
            self.set_password(person.user, new)
        return self._begin(person.user, address, agent)

    def password_changed(self, user: User) -> datetime | None:
        """When the user's password was set; None without one."""
        return self._records.password_changed(user.id)

    def can_sign_in(self) -> set[str]:
        """The ids of users who have a password."""
        return self._records.with_passwords()

    # -- sessions ------------------------------------------------------------------------------------------------------

    def sessions(self, user: User | None = None) -> list[ConsoleSession]:
        """Sessions that go on, of a user or of all."""
        now = self._clock()
        return [one for one in self._records.sessions(None if user is None else user.id) if one.expires > now]

    def end_sessions(self, user: User) -> None:
        """All sessions of a user are over."""
        self._records.end_sessions(user_id=user.id)

    def end_session(self, token_hash: str) -> None:
        """One session is over; its hash names it."""
        self._records.end_sessions(token_hash=token_hash)

    def _begin(self, user: User, address: str, agent: str) -> tuple[str, Person]:
        token, now = secrets.token_urlsafe(32), self._clock()
        session = ConsoleSession(_hashed(token), user.id, now, now, now + SESSION, address, agent[:256])
        self._records.add_session(session)
        return token, Person(self._identity(user, session), user, session)

    def _identity(self, user: User, session: ConsoleSession) -> Identity:
        arn = self._identities.arn_of(user)
        return Identity(user.account_id, Kind.USER, user.name, arn, principal_id=user.id, issued=session.created)

    def _user(self, account_id: str, name: str) -> User | None:
        try:
            return self._identities.user(account_id, name)
        except IdentityNotFound:
            return None

    def _matches(self, hash: str, password: str) -> bool:
        from argon2.exceptions import VerificationError

        try:
            return self._hasher.verify(hash, password[:LONGEST_PASSWORD])
        except VerificationError:
            return False


def check_password(password: str) -> str:
    """The password, or InvalidParameter. Length counts, not its kinds of characters (NIST SP 800-63B, 3.1.1.2)."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise InvalidParameter(
            f"expected a password of {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters, got {len(password)}"
        )
    return password


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
