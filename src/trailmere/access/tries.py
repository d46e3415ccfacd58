"""How often one may try a password: by address, and by user with address. Kept in memory, of this process.

Only tries that fail count. Who guesses from one place is shut out there, whoever is guessed; nobody can shut out
somebody else, who comes from another place. Passwords are hashed a few at a time: each takes 64 MiB.
"""

from __future__ import annotations

import contextlib
import ipaddress
import threading
from collections.abc import Iterator

from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from trailmere.errors import AuthenticationFailed

OF_ADDRESS = parse("30 per 5 minutes")
OF_USER = parse("8 per 5 minutes")
OF_BEGINNINGS = parse("300 per 5 minutes")
AT_ONCE = 2
PATIENCE = 5.0  # seconds to wait for a turn
LONGEST_NAME = 100  # characters by which users are told apart; no account with its user has as many
CODE = "TooManyTries"


class Tries:
    """Counts tries that failed. Safe to use from several threads."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._turns = threading.BoundedSemaphore(AT_ONCE)

    @contextlib.contextmanager
    def one(self, address: str, user: str) -> Iterator[None]:
        """A try, in its turn; it failed where AuthenticationFailed comes out of it. Raises it where there were too
        many."""
        place, who = place_of(address), user.lower()[:LONGEST_NAME]
        if not self._turns.acquire(timeout=PATIENCE):
            raise AuthenticationFailed(CODE, "Too many people sign in just now. Try again in a moment.")
        try:
            if not (self._limiter.test(OF_ADDRESS, place) and self._limiter.test(OF_USER, place, who)):
                raise AuthenticationFailed(CODE, "Too many tries from your address. Wait five minutes.")
            try:
                yield
            except AuthenticationFailed:
                self._limiter.hit(OF_ADDRESS, place)
                self._limiter.hit(OF_USER, place, who)
                raise
            self._limiter.clear(OF_USER, place, who)
        finally:
            self._turns.release()


class Beginnings:
    """Counts sign-ins that are begun, each of which is a row until it ends. Safe to use from several threads."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def one(self, address: str) -> None:
        """Raises AuthenticationFailed where an address has begun too many."""
        if not self._limiter.hit(OF_BEGINNINGS, place_of(address)):
            raise AuthenticationFailed(CODE, "Too many tries from your address. Wait five minutes.")


def place_of(address: str) -> str:
    """What counts as one place: an address; of IPv6 the /64, which one customer has whole."""
    try:
        read = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(read, ipaddress.IPv4Address):
        return str(read)
    if read.ipv4_mapped is not None:
        return str(read.ipv4_mapped)
    return str(ipaddress.ip_network((read, 64), strict=False))
