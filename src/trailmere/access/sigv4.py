"""Who signed this request? Signature Version 4, checked: ``Authenticator``.

What is refused although the signature may be right: a time more than five minutes away, ``x-amz-`` headers that are not
signed, a signed header that comes twice, two signatures, an unsigned body, sessions that are not ours. An access key id
that nobody has, one that is switched off and a wrong session token are told alike, after the same work.

``Content-Type`` need not be signed, as with AWS in fact, though its page asks for it: nothing may be decided by it.
``X-Amz-Content-Sha256`` need not be either, because it has to be the hash of the body. Within its five minutes whoever
saw a request can send it again: SigV4 has no memory, TLS keeps requests from being seen.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from trailmere.access import canonical
from trailmere.access.claims import INCOMPLETE, INVALID, SignedRequest, one, read_claim, within
from trailmere.errors import AuthenticationFailed
from trailmere.registry.database import utc_now

if TYPE_CHECKING:
    from trailmere.access.claims import Claim, Headers
    from trailmere.access.directory import Credentials
    from trailmere.access.identities import Identities
    from trailmere.access.records import Identity

__all__ = ["Authenticator", "SignedRequest", "Signer"]

WINDOW = timedelta(minutes=5)  # as AWS's JSON services say in their refusals
DERIVED_KEYS = 1024  # that are remembered; one is 32 bytes

_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signed a request, for which Region and service, and when."""

    identity: Identity
    region: str
    service: str
    signed_at: datetime


class Authenticator:
    """Tells who signed a request, with the keys of ``identities``."""

    def __init__(self, identities: Identities, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._directory = identities.directory
        self._clock = clock
        self._signing_key = lru_cache(DERIVED_KEYS)(self._derived)

    def authenticate(self, request: SignedRequest, services: frozenset[str]) -> Signer:
        """Who signed ``request`` for one of ``services`` (as in the credential scope: ``cloudtrail``).

        Raises AuthenticationFailed; its ``code`` is AWS's.
        """
        now = self._clock()
        headers = _by_name(request)
        claim = read_claim(request, headers)
        canonical.check_plain(request)
        _check_scope(claim, services)
        _check_headers(claim, headers)
        within(claim, now, WINDOW)
        body_hash = _checked_hash(request, headers)
        text = canonical.string_to_sign(request, claim, headers, body_hash)

        credentials = self._directory.credentials(claim.access_key_id)
        key = self._signing_key(credentials, claim.date, claim.region, claim.service)
        signed = hmac.compare_digest(canonical.signature(key, text), claim.signature)
        known = credentials.accepts(claim.token)
        if credentials.identity is None or not known:
            raise AuthenticationFailed(
                "UnrecognizedClientException", "The security token included in the request is invalid."
            )
        if not signed:
            raise AuthenticationFailed(INVALID, _MISMATCH)
        if credentials.expired(now):
            raise AuthenticationFailed("ExpiredTokenException", "The security token included in the request is expired")
        return Signer(credentials.identity, claim.region, claim.service, claim.signed_at)

    def _derived(self, credentials: Credentials, date: str, region: str, service: str) -> bytes:
        return canonical.signing_key(self._directory.secret(credentials), date, region, service)


def _by_name(request: SignedRequest) -> Headers:
    headers: dict[str, list[str]] = {}
    for name, value in request.headers:
        headers.setdefault(name.lower(), []).append(value)
    return headers


def _check_scope(claim: Claim, services: frozenset[str]) -> None:
    if claim.service not in services:
        expected = " or ".join(f"'{name}'" for name in sorted(services))
        raise AuthenticationFailed(INVALID, f"Credential should be scoped to correct service: {expected}.")
    if claim.date != claim.timestamp[:8]:
        raise AuthenticationFailed(
            INVALID,
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
            f"'{claim.date}' != '{claim.timestamp[:8]}', from '{claim.timestamp}'.",
        )


def _check_headers(claim: Claim, headers: Headers) -> None:
    """All that is signed is there, once; all that must be signed is."""
    for name in claim.signed_headers:
        if one(headers, name) is None:
            raise AuthenticationFailed(INVALID, f"expected the header {name}, which is among the SignedHeaders")
    if "host" not in claim.signed_headers:
        raise AuthenticationFailed(INVALID, "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
    must = {name for name in headers if name.startswith("x-amz-") and name != "x-amz-content-sha256"}
    if claim.expires_seconds is None and "x-amz-date" not in headers:
        must.add("date")
    for name in sorted(must.difference(claim.signed_headers)):
        raise AuthenticationFailed(INVALID, f"'{name}' must be a 'SignedHeader' in the AWS Authorization.")


def _checked_hash(request: SignedRequest, headers: Headers) -> str:
    """SHA-256 of the body in hexadecimal. Raises AuthenticationFailed where a header says that it is another one, that
    the body is not signed, or that signed pieces follow: a JSON service knows none of these."""
    found = hashlib.sha256(request.body).hexdigest()
    said = one(headers, "x-amz-content-sha256")
    if said is not None and said != found:
        code = INCOMPLETE if said.startswith(("UNSIGNED-", "STREAMING-")) else INVALID
        raise AuthenticationFailed(code, f"expected the SHA-256 of the body, {found}, in x-amz-content-sha256")
    return found
