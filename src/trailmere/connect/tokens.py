"""Bearer tokens: short-lived, made by us, good for whoever has the access key that they were given for.

A token is a sealed note with the key's id and the time at which it ends; nothing is kept for it. It is worth nothing
once the key is deactivated or deleted, or its user disabled.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from datetime import datetime
from typing import TYPE_CHECKING

from trailmere.errors import AuthenticationFailed, SecretsUnreadable

if TYPE_CHECKING:
    from trailmere.access.identities import Identities
    from trailmere.access.records import Identity
    from trailmere.registry.secretbox import SecretBox

SECONDS = 3600  # for which a token is good
PURPOSE = "bearer token"


class Tokens:
    """Gives tokens for access keys, and says whose a token or a key is."""

    def __init__(self, identities: Identities, box: SecretBox) -> None:
        self._identities = identities
        self._box = box

    def issue(self, access_key_id: str, secret: str, now: datetime) -> str:
        """A token for an access key. Raises AuthenticationFailed."""
        self.of_key(access_key_id, secret)
        note = json.dumps([access_key_id, now.timestamp() + SECONDS]).encode()
        return base64.urlsafe_b64encode(self._box.seal(note, PURPOSE)).decode().rstrip("=")

    def of_key(self, access_key_id: str, secret: str) -> Identity:
        """Whose an access key is, if that is its secret. Raises AuthenticationFailed, for keys of sessions too: they
        need their token beside them, which this has no place for."""
        found = self._identities.secret_of(access_key_id, None)
        if found is None or not hmac.compare_digest(found[0].encode(), secret.encode()):
            raise AuthenticationFailed(
                "InvalidClientTokenId",
                "expected the id of an access key as the user and its secret as the password",
                hint="sessions of roles sign their requests instead",
            )
        return found[1]

    def of_token(self, token: str, now: datetime) -> Identity:
        """Whose a token is. Raises AuthenticationFailed."""
        try:
            sealed = base64.urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
            access_key_id, ends = json.loads(self._box.unseal(sealed, PURPOSE))
        except (UnicodeEncodeError, binascii.Error, SecretsUnreadable):
            raise AuthenticationFailed("UnrecognizedClientException", "The bearer token is not one of ours.") from None
        if ends <= now.timestamp():
            raise AuthenticationFailed("ExpiredTokenException", "The bearer token is expired.")
        found = self._identities.secret_of(access_key_id, None)
        if found is None:
            raise AuthenticationFailed("UnrecognizedClientException", "The bearer token's access key is not active.")
        return found[1]
