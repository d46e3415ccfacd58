"""Requests as they arrive at a server: signed by botocore, in the header form or presigned, cut into their parts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from unittest.mock import patch

from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from trailmere.access.sigv4 import SignedRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

NOW = datetime(2026, 3, 1, 12, 30, 15, tzinfo=UTC)
SERVICES = frozenset({"cloudtrail", "cloudtrail-data"})


@dataclass(frozen=True)
class Wish:
    """What to sign, and how. ``expires``: seconds of a presigned request, None for the header form."""

    access_key_id: str
    secret: str
    method: str = "POST"
    host: str = "localhost:8080"
    target: str = "/"  # path and query, as on the request line
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    token: str | None = None
    service: str = "cloudtrail"
    region: str = "eu-west-1"
    when: datetime = NOW
    expires: int | None = None


def signed(wish: Wish) -> SignedRequest:
    """The request as a server gets it from a client that signs with botocore."""
    request = AWSRequest(wish.method, f"http://{wish.host}{wish.target}", dict(wish.headers), wish.body)
    credentials = Credentials(wish.access_key_id, wish.secret, wish.token)
    with patch("botocore.auth.get_current_datetime", lambda: wish.when):
        if wish.expires is None:
            SigV4Auth(credentials, wish.service, wish.region).add_auth(request)
        else:
            SigV4QueryAuth(credentials, wish.service, wish.region, expires=wish.expires).add_auth(request)
    path, _, query = request.url.removeprefix(f"http://{wish.host}").partition("?")
    sent = [("Host", wish.host), ("User-Agent", "Boto3/1.44"), ("Content-Length", str(len(wish.body)))]
    for name, value in request.headers.items():
        text = value.decode() if isinstance(value, bytes) else value
        sent.append((name, text.encode().decode("latin-1")))  # bytes on the wire, read as a server reads them
    return SignedRequest(wish.method, path, query, tuple(sent), wish.body)
