"""An OpenID provider, asked: where people sign in there, and what it says of somebody who came back with a code.

The flow is Authlib's (extra ``oidc``): discovery, authorization code with PKCE, keys, and the ID token with signature,
issuer, audience, times and nonce. Here is what it leaves open: that the provider is the one of the settings, which
algorithms count, how long one waits. Source: OpenID Connect Core 1.0 and Discovery 1.0, RFC 9700.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from trailmere.errors import AuthenticationFailed, SettingsError
from trailmere.settings import is_private

if TYPE_CHECKING:
    from trailmere.settings import Settings

SECONDS = 10.0  # for an answer of the provider
FRESH_SECONDS = 3600.0  # for what it says of itself, its keys included
LEEWAY_SECONDS = 60  # between the clocks
# signatures that only the provider can make: neither none, nor a secret that both sides know
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
HEARD = {
    "_loaded_at",  # Authlib's own
    "authorization_endpoint",
    "id_token_signing_alg_values_supported",
    "issuer",
    "jwks_uri",
    "token_endpoint",
    "token_endpoint_auth_methods_supported",
}
CODE = "SignInFailure"
FAILED = "The sign-in by the provider failed. Try again; the server's log says more."
Got = TypeVar("Got")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Journey:
    """Where a browser goes to sign in, and what is kept until it comes back."""

    url: str
    state: str
    nonce: str
    verifier: str


class Provider:
    """The provider of the settings. Safe to use from several threads. Asks nothing before somebody signs in."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        """Raises SettingsError without the extra, and where the secret's file cannot be read."""
        if find_spec("authlib") is None:
            raise SettingsError("oidc_issuer: needs the extra oidc", hint="pip install 'trailmere[oidc]'")
        _secret(settings)
        self.issuer = settings.oidc_issuer
        self.name = settings.oidc_name or urlsplit(self.issuer).netloc
        self._settings = settings
        self._clock = clock
        self._client: tuple[float, Any] | None = None

    def depart(self, redirect_url: str) -> Journey:
        """To the provider. Raises AuthenticationFailed where it cannot be asked."""
        given = self._asked(lambda client: client.create_authorization_url(redirect_url))
        return Journey(given["url"], given["state"], given["nonce"], given["code_verifier"])

    def arrive(self, code: str, redirect_url: str, *, nonce: str, verifier: str) -> Mapping[str, Any]:
        """The claims of the ID token that the provider gives for a code. Raises AuthenticationFailed."""
        wanted = {"iss": self.issuer, "aud": self._settings.oidc_client_id}

        def ask(client: Any) -> Mapping[str, Any]:
            token = client.fetch_access_token(redirect_url, code=code, code_verifier=verifier)
            options = {name: {"essential": True, "value": value} for name, value in wanted.items()}
            claims = client.parse_id_token(token, nonce, claims_options=options, leeway=LEEWAY_SECONDS)
            if claims is None:
                raise ValueError("there is no ID token")
            return dict(claims)

        return self._asked(ask)

    def _asked(self, ask: Callable[[Any], Got]) -> Got:
        """Whatever goes wrong with what comes from outside is a sign-in that failed; its reason is for the log."""
        try:
            return ask(self._present())
        except SettingsError:
            raise
        except Exception as error:
            log.warning("sign-in by %s failed: %s: %.300r", self.issuer, type(error).__name__, str(error))
            raise AuthenticationFailed(CODE, FAILED) from error

    def _present(self) -> Any:
        """Authlib's client, with what the provider says of itself now."""
        made, client = self._client or (0.0, None)
        if client is None or self._clock() - made > FRESH_SECONDS:
            client = _client(self._settings)
            _check(client.load_server_metadata(), self.issuer)
            client.client_kwargs["token_endpoint_auth_method"] = _method(client.server_metadata, client.client_secret)
            self._client = (self._clock(), client)
        return client


def _client(settings: Settings) -> Any:
    from authlib.integrations.base_client.sync_app import OAuth2Mixin
    from authlib.integrations.base_client.sync_openid import OpenIDMixin
    from authlib.integrations.requests_client import OAuth2Session

    class Session(OAuth2Session):  # type: ignore[misc]
        """It waits so long and no longer, and is sent nowhere else."""

        def request(self, method: str, url: str, **given: Any) -> Any:
            if not is_private(url):
                raise ValueError(f"expected an https address, got {url[:200]!r}")
            answer = super().request(method, url, **{**given, "timeout": SECONDS, "allow_redirects": False})
            if answer.is_redirect:
                raise ValueError(f"expected an answer of {url[:200]!r}, got a redirect")
            return answer

    class Client(OAuth2Mixin, OpenIDMixin):  # type: ignore[misc]
        client_cls = Session

    return Client(
        None,
        client_id=settings.oidc_client_id,
        client_secret=_secret(settings) or None,
        client_kwargs={"scope": settings.oidc_scopes, "code_challenge_method": "S256"},
        server_metadata_url=f"{settings.oidc_issuer.rstrip('/')}/.well-known/openid-configuration",
        user_agent="trailmere",
    )


def _secret(settings: Settings) -> str:
    path = settings.oidc_client_secret_file
    if path is None:
        return settings.oidc_client_secret
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(f"oidc_client_secret_file: {path} cannot be read: {error.strerror}") from None


def _check(metadata: dict[str, Any], issuer: str) -> None:
    """That the provider is the one that was asked (Discovery 1.0, 4.3). Leaves what counts."""
    if metadata.get("issuer") != issuer:
        raise ValueError(f"expected the issuer {issuer!r}, got {str(metadata.get('issuer'))[:200]!r}")
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        if not is_private(str(metadata.get(name, ""))):
            raise ValueError(f"expected an https address as {name}, got {str(metadata.get(name))[:200]!r}")
    offered = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
    metadata["id_token_signing_alg_values_supported"] = [one for one in ALGORITHMS if one in offered]
    for name in metadata.keys() - HEARD:  # Authlib would take any for a setting of its own
        del metadata[name]


def _method(metadata: Mapping[str, Any], secret: str | None) -> str:
    """How the secret is shown to the provider: in a header, unless it takes it in the body only."""
    offered = metadata.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    if not secret:
        return "none"
    return "client_secret_post" if "client_secret_basic" not in offered else "client_secret_basic"
