"""Who signs delivered results: the lake's present key, a new one in time before the old one ends.

A key signs for a year. The next one is made thirty days before its end, so that both are listed for a while.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from trailmere.errors import InvalidTimeRange
from trailmere.integrity import signing
from trailmere.integrity.results import PublicKey
from trailmere.registry.signing_keys import SigningKey

if TYPE_CHECKING:
    from trailmere.registry.signing_keys import SigningKeys

LIFE = timedelta(days=365)
OVERLAP = timedelta(days=30)
EARLIER = timedelta(days=1)  # a query may have ended just before the first key was made


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs with the keys of a lake."""

    keys: SigningKeys
    clock: Callable[[], datetime]

    def key(self) -> signing.KeyPair:
        """The key to sign with now. Raises SecretsUnreadable."""
        key = self._current()
        return signing.KeyPair(key.public_der, self.keys.private_der(key), key.fingerprint)

    def public_keys(self, since: datetime | None = None, until: datetime | None = None) -> list[SigningKey]:
        """The keys that were in use at some time between the two; without times, those in use now.

        Raises InvalidTimeRange.
        """
        now = self.clock()
        if since is not None and until is not None and until < since:
            raise InvalidTimeRange(f"expected a range that ends after {since.isoformat()}, got {until.isoformat()}")
        self._current()
        return self.keys.valid(since or until or now, until or max(now, since or now))

    def known(self) -> dict[str, PublicKey]:
        """All public keys by fingerprint, for verification."""
        return {
            key.fingerprint: PublicKey(key.public_der, key.valid_from, key.valid_until) for key in self.keys.every()
        }

    def _current(self) -> SigningKey:
        now = self.clock()
        return self.keys.newest(now, now + OVERLAP, self._new)

    def _new(self) -> SigningKey:
        made = signing.new_key()
        sealed = self.keys.sealed(made.private_der, made.fingerprint)
        now = self.clock()
        return SigningKey(made.fingerprint, made.public_der, sealed, now - EARLIER, now + LIFE)
