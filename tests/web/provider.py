"""An OpenID provider over HTTP with keys of its own, that can be told to lie.

Whoever is sent to it is signed in at once as ``claims`` say. It checks what a provider checks: client, redirect URL,
secret, that a code is used once, and its PKCE verifier. ``spoil`` changes the claims of the next ID tokens, ``sign``
how they are signed, ``document`` what it says of itself.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT_ID, CLIENT_SECRET = "the-console", "a-secret-of-the-client"


def a_key(name: str) -> RSAKey:
    """A key that signs."""
    return RSAKey.generate_key(2048, {"kid": name, "use": "sig", "alg": "RS256"})


@dataclass
class Provider:
    """The provider: ``asked`` has the path of each request; ``codes`` what is known of each code."""

    url: str
    key: RSAKey = field(default_factory=lambda: a_key("first"))
    claims: dict[str, Any] = field(default_factory=lambda: {"sub": "248289761001", "preferred_username": "ana"})
    spoil: Callable[[dict[str, Any]], dict[str, Any]] = field(default=lambda claims: claims)
    sign: Callable[[dict[str, Any]], str | None] | None = None
    document: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    sent: list[dict[str, str]] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    refuses: bool = False

    def behave(self) -> None:
        """Tell the truth again."""
        self.claims = {"sub": "248289761001", "preferred_username": "ana"}
        self.spoil, self.sign, self.refuses = (lambda claims: claims), None, False

    def discovery(self) -> dict[str, Any]:
        """What it says of itself (OpenID Connect Discovery 1.0, 3)."""
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
            **self.document,
        }

    def authorize(self, given: dict[str, str]) -> str:
        """Where the browser is sent back to."""
        self.sent.append(given)
        back: dict[str, str] = {"state": given["state"]}
        assert (given["client_id"], given["response_type"]) == (CLIENT_ID, "code")
        assert given["code_challenge_method"] == "S256"
        if self.refuses:
            return f"{given['redirect_uri']}?{urlencode(back | {'error': 'access_denied'})}"
        code = secrets.token_urlsafe(16)
        self.codes[code] = given
        return f"{given['redirect_uri']}?{urlencode(back | {'code': code, 'iss': self.url})}"

    def token(self, given: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """What a code is exchanged for, once."""
        expected = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if authorization != f"Basic {expected}":
            return 401, {"error": "invalid_client"}
        began = self.codes.pop(given.get("code", ""), None)
        challenge = hashlib.sha256(given.get("code_verifier", "").encode()).digest()
        if (
            began is None
            or began["redirect_uri"] != given.get("redirect_uri")
            or began["code_challenge"] != base64.urlsafe_b64encode(challenge).rstrip(b"=").decode()
        ):
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT_ID, "iat": now, "exp": now + 300, "nonce": began["nonce"]}
        signed = (self.sign or self.signed)(self.spoil({**claims, **self.claims}))
        told = {"access_token": secrets.token_urlsafe(16), "token_type": "Bearer", "expires_in": 300}
        return 200, told if signed is None else {**told, "id_token": signed}

    def signed(self, claims: dict[str, Any]) -> str:
        """An ID token as it should be."""
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self.key)


@contextmanager
def a_provider() -> Iterator[Provider]:
    """A provider that listens on this machine."""
    provider = Provider("")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            provider.asked.append(parts.path)
            if parts.path == "/authorize":
                self.send_response(302)
                self.send_header("location", provider.authorize(dict(parse_qsl(parts.query))))
                self.end_headers()
            elif parts.path == "/keys":
                self._tell(200, {"keys": [provider.key.as_dict(private=False)]})
            elif parts.path == "/.well-known/openid-configuration":
                self._tell(200, provider.discovery())
            else:
                self._tell(404, {})

        def do_POST(self) -> None:
            provider.asked.append(self.path)
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            self._tell(*provider.token(dict(parse_qsl(body)), self.headers.get("authorization", "")))

        def _tell(self, status: int, told: dict[str, Any]) -> None:
            body = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *given: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, name="provider", daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
