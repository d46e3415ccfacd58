"""The canonical form of a request, and its signature: botocore's, over what arrived and what the claim names.

botocore chooses which headers it signs; here the signer has chosen. All else of the form is its code. Where different
requests have the same form all but one are refused (``check_plain``), so that what was signed is what runs.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import TYPE_CHECKING, Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.compat import HTTPHeaders
from botocore.utils import normalize_url_path

from trailmere.access.claims import INVALID
from trailmere.errors import AuthenticationFailed

if TYPE_CHECKING:
    from trailmere.access.claims import Claim, Headers, SignedRequest

# What a URL's path and query may hold: visible ASCII. urlsplit would drop a tab, and cut at a hash
_PLAIN = re.compile(r"[!-\"$-~]*")
_ODD_SPACE = re.compile(r"[^\S \t]")


class _Form(SigV4Auth):  # type: ignore[misc]
    """botocore's signer, told which headers are signed and what the body's hash is."""

    def __init__(self, service: str, region: str, signed: HTTPHeaders, body_hash: str) -> None:
        super().__init__(None, service, region)
        self._signed = signed
        self._body_hash = body_hash

    def headers_to_sign(self, request: Any) -> HTTPHeaders:
        return self._signed

    def payload(self, request: Any) -> str:
        return self._body_hash


def check_plain(request: SignedRequest) -> None:
    """Raises AuthenticationFailed where another request would have the same canonical form: ``//``, ``/./``, ``/../``,
    a hash, characters that a URL cannot hold, a method in small letters. What remains alike, by the protocol: the order
    of parameters, ``a`` for ``a=``, and blanks for one blank in a header."""
    path, query = request.path, request.query
    if request.method != request.method.upper():
        raise AuthenticationFailed(INVALID, f"expected a method in capital letters, got {request.method[:20]!r}")
    if not (_PLAIN.fullmatch(path) and _PLAIN.fullmatch(query)) or "?" in path or not path.startswith("/"):
        raise AuthenticationFailed(INVALID, "expected a path and a query in visible ASCII, the rest percent-encoded")
    if normalize_url_path(path) != path:
        raise AuthenticationFailed(INVALID, f"expected a path without empty, . and .. segments, got {path[:200]!r}")


def string_to_sign(request: SignedRequest, claim: Claim, headers: Headers, body_hash: str) -> str:
    """The text whose HMAC is the signature. The headers that the claim names must be there, each once."""
    signed = HTTPHeaders()
    for name in claim.signed_headers:
        signed[name] = _text(name, headers[name][0])
    form = _Form(claim.service, claim.region, signed, body_hash)
    url = f"https://host{request.path}?{claim.query}" if claim.query else f"https://host{request.path}"
    arrived = AWSRequest(method=request.method, url=url)
    arrived.context["timestamp"] = claim.timestamp
    return str(form.string_to_sign(arrived, form.canonical_request(arrived)))


def signing_key(secret: bytes, date: str, region: str, service: str) -> bytes:
    """The key derived for a day, Region and service ("Derive a signing key")."""
    key = hmac.digest(b"AWS4" + secret, date.encode(), hashlib.sha256)
    for part in (region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), hashlib.sha256)
    return key


def signature(key: bytes, text: str) -> str:
    """The signature of a text."""
    return hmac.digest(key, text.encode(), hashlib.sha256).hex()


def _text(name: str, value: str) -> str:
    """A value whose UTF-8 bytes are those that arrived, because bytes are signed.

    White space beyond ASCII is refused: botocore takes it for a blank, so that two values would have one form.
    """
    if value.isascii():
        text = value
    else:
        try:
            text = value.encode("latin-1").decode("utf-8")
        except UnicodeError as error:
            raise AuthenticationFailed(INVALID, f"expected UTF-8 in the signed header {name}") from error
    if _ODD_SPACE.search(text):
        raise AuthenticationFailed(INVALID, f"expected blanks and tabs as the only white space in the header {name}")
    return text
