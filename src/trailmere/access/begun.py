"""Sign-ins that take more than one request: what the last one needs of the first, once, for whoever began it.

A browser holds a random token in a cookie; what it stands for is a row. Who takes it has to come with that token,
within minutes, and nobody can take it twice.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from trailmere.errors import AuthenticationFailed

if TYPE_CHECKING:
    from trailmere.access.tries import Beginnings
    from trailmere.registry.ways_in import WaysIn

LASTS = timedelta(minutes=10)
CODE = "SignInFailure"
OVER = "This sign-in took too long, was ended already, or was begun in another browser. Try again."
CROWDED = "Too many people sign in just now. Try again in a few minutes."


class Begun:
    """What was begun. Safe to use from several threads and processes."""

    def __init__(self, records: WaysIn, clock: Callable[[], datetime]) -> None:
        self._records = records
        self._clock = clock

    @cached_property
    def _beginnings(self) -> Beginnings:
        from trailmere.access.tries import Beginnings

        return Beginnings()

    def begin(self, kind: str, data: Mapping[str, Any], *, address: str) -> str:
        """The token for the browser. Raises AuthenticationFailed where too much is begun."""
        self._beginnings.one(address)
        token, now = secrets.token_urlsafe(32), self._clock()
        if not self._records.begin(_hashed(token), kind, json.dumps(data), now, now + LASTS):
            raise AuthenticationFailed(CODE, CROWDED)
        return token

    def take(self, kind: str, token: str) -> Mapping[str, Any]:
        """What was begun with this token, once. Raises AuthenticationFailed."""
        data = self._records.take(_hashed(token), kind, self._clock()) if token else None
        if data is None:
            raise AuthenticationFailed(CODE, OVER)
        read: Mapping[str, Any] = json.loads(data)
        return read


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
