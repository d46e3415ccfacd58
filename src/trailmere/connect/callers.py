"""Who asks at one of these doors, and their requests as calls of AWS's operations: judged and written down alike."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from trailmere.access.sigv4 import SignedRequest
from trailmere.api.call import Call, tag_context
from trailmere.api.model import CLOUDTRAIL, operations
from trailmere.connect.tokens import Tokens
from trailmere.errors import AuthenticationFailed
from trailmere.registry.records import Status

if TYPE_CHECKING:
    from trailmere.access.records import Identity
    from trailmere.api.request import Request
    from trailmere.app import App
    from trailmere.registry.records import EventDataStore

CATALOG = "trailmere"
SIGNED_FOR = frozenset({"cloudtrail", "execute-api", "glue", "s3tables"})  # what Iceberg's clients sign for
SEARCHABLE = (Status.ENABLED, Status.STOPPED_INGESTION)


class Callers:
    """Tells who sent a request: HTTP Basic with an access key, a bearer token, or a signature of AWS's."""

    def __init__(self, app: App) -> None:
        self._app = app
        self.tokens = Tokens(app.identities, app.secrets)

    def identify(self, request: Request) -> Identity:
        """Raises AuthenticationFailed."""
        scheme, _, rest = request.header("authorization").partition(" ")
        if scheme.lower() == "basic":
            return self.tokens.of_key(*credentials_of(rest))
        if scheme.lower() == "bearer":
            return self.tokens.of_token(rest.strip(), request.arrived)
        signed = SignedRequest(request.method, request.path, request.query, request.headers, request.body)
        return self._app.authenticator.authenticate(signed, SIGNED_FOR).identity

    def call(self, request: Request, identity: Identity, operation: str, given: Mapping[str, Any]) -> Call:
        """The request as a call of an operation of CloudTrail, in the Region of the server."""
        return Call(
            operation=operations(CLOUDTRAIL)[operation],
            input=given,
            identity=identity,
            region=self._app.settings.region,
            app=self._app,
            request_id=request.id,
            source_address=request.source_address,
            user_agent=request.header("user-agent"),
            secure=request.secure,
            when=request.arrived,
        )


def credentials_of(text: str) -> tuple[str, str]:
    """User and password of HTTP Basic (RFC 7617). Raises AuthenticationFailed."""
    try:
        user, colon, password = base64.b64decode(text.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        colon = ""
    if not colon:
        raise AuthenticationFailed("IncompleteSignature", "expected user:password in base64 after Basic")
    return user, password


def namespace(account_id: str) -> str:
    """What the stores of an account lie in: a name that SQL need not quote."""
    return f"account_{account_id}"


def readable(call: Call) -> list[EventDataStore]:
    """The stores of the caller's account, in the order of their names, that hold something to query and that the caller
    may query."""
    stores = call.app.stores_in(call.account_id, call.region).list()
    return sorted(
        (one for one in stores if one.status in SEARCHABLE and _may_query(call, one)), key=lambda one: one.name
    )


def _may_query(call: Call, store: EventDataStore) -> bool:
    told = tag_context("resource", store.tags)
    return all(call.may(store.arn, action, told) for action in ("cloudtrail:StartQuery", "cloudtrail:GetQueryResults"))
