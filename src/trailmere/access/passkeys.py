"""Passkeys: made by a user who is signed in, and signed in with by whoever holds the authenticator and is known to it.

What an authenticator signed is judged by the library ``webauthn`` (extra ``passkeys``). A passkey works at the origin
where it was made and nowhere else; the user has to be verified by the authenticator (a PIN, a finger), so that it is
two factors at once. Source: Web Authentication Level 3, W3C.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from trailmere.errors import AuthenticationFailed, InvalidParameter
from trailmere.registry.ways_in import Passkey

if TYPE_CHECKING:
    from trailmere.access.begun import Begun
    from trailmere.access.identities import Identities
    from trailmere.registry.identities import User
    from trailmere.registry.ways_in import WaysIn

CODE = "SignInFailure"
MOST = 20  # of one user
LONGEST_NAME = 64
LONGEST_ANSWER = 65_536  # characters
MAKING, SIGNING = "passkey-new", "passkey"
REFUSED = "This passkey does not open this console."
NOT_MADE = "The passkey was not made."


@dataclass(frozen=True, slots=True)
class Asked:
    """What a browser is to ask an authenticator for, as JSON; ``token`` is for its cookie."""

    options: str
    token: str


def is_installed() -> bool:
    """Whether the extra is there."""
    return find_spec("webauthn") is not None


def place_of(origin: str) -> str | None:
    """The host that passkeys of an origin belong to; None where browsers make none: without TLS but on localhost."""
    parts = urlsplit(origin)
    host = parts.hostname or ""
    local = host == "localhost" or host.endswith(".localhost")
    is_address = ":" in host or host.replace(".", "").isdigit()
    return host if host and not is_address and (parts.scheme == "https" or local) else None


class PasskeyDesk:
    """Makes passkeys and judges what they sign. Safe to use from several threads and processes."""

    def __init__(self, records: WaysIn, begun: Begun, identities: Identities, clock: Callable[[], datetime]) -> None:
        self._records = records
        self._begun = begun
        self._identities = identities
        self._clock = clock

    def of(self, user: User) -> list[Passkey]:
        """The passkeys of a user, the oldest first."""
        return self._records.passkeys(user.id)

    def ask_for_new(self, user: User, origin: str, *, address: str) -> Asked:
        """What makes one at ``origin``. Raises InvalidParameter, AuthenticationFailed where too many are begun."""
        from webauthn import base64url_to_bytes, generate_registration_options, options_to_json
        from webauthn.helpers import structs

        options = generate_registration_options(
            rp_id=_place(origin),
            rp_name="Trailmere",
            user_id=user.id.encode(),
            user_name=f"{user.name} ({user.account_id})",
            authenticator_selection=structs.AuthenticatorSelectionCriteria(
                resident_key=structs.ResidentKeyRequirement.REQUIRED,
                user_verification=structs.UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=[
                structs.PublicKeyCredentialDescriptor(base64url_to_bytes(one.id))
                for one in self.of(user)
                if one.origin == origin
            ],
        )
        data = {"challenge": _text(options.challenge), "origin": origin, "user": user.id}
        return Asked(options_to_json(options), self._begun.begin(MAKING, data, address=address))

    def add(self, user: User, token: str, answer: str, name: str) -> Passkey:
        """Keep what the authenticator made. Raises InvalidParameter, AuthenticationFailed."""
        from webauthn import base64url_to_bytes, verify_registration_response

        data = self._begun.take(MAKING, token)
        if data["user"] != user.id:
            raise InvalidParameter(NOT_MADE)
        made = _judged(
            verify_registration_response,
            InvalidParameter(NOT_MADE, hint="Try again; the authenticator has to verify you, by a PIN for example."),
            credential=_read(answer),
            expected_challenge=base64url_to_bytes(data["challenge"]),
            expected_origin=data["origin"],
            expected_rp_id=_place(data["origin"]),
            require_user_verification=True,
        )
        passkey = Passkey(
            _text(made.credential_id),
            user.id,
            name.strip()[:LONGEST_NAME] or "Passkey",
            data["origin"],
            made.credential_public_key,
            made.sign_count,
            self._clock(),
        )
        self._records.add_passkey(passkey, MOST)
        return passkey

    def remove(self, user: User, passkey_id: str) -> Passkey | None:
        """It opens nothing any more; None where the user has no such one."""
        return self._records.remove_passkey(user.id, passkey_id)

    def ask(self, origin: str, *, address: str) -> Asked:
        """What somebody signs to sign in at ``origin``. Raises InvalidParameter, AuthenticationFailed."""
        from webauthn import generate_authentication_options, options_to_json
        from webauthn.helpers.structs import UserVerificationRequirement

        options = generate_authentication_options(
            rp_id=_place(origin), user_verification=UserVerificationRequirement.REQUIRED
        )
        data = {"challenge": _text(options.challenge), "origin": origin}
        return Asked(options_to_json(options), self._begun.begin(SIGNING, data, address=address))

    def user(self, token: str, answer: str) -> User:
        """Who signed. Raises AuthenticationFailed, in the same words for all that is wrong with a passkey."""
        from webauthn import base64url_to_bytes, verify_authentication_response

        data, refused = self._begun.take(SIGNING, token), AuthenticationFailed(CODE, REFUSED)
        credential = _read(answer)
        passkey = self._records.passkey(str(credential.get("id")))
        if passkey is None or passkey.origin != data["origin"] or _holder(credential) != passkey.user_id:
            raise refused
        signed = _judged(
            verify_authentication_response,
            refused,
            credential=credential,
            expected_challenge=base64url_to_bytes(data["challenge"]),
            expected_origin=passkey.origin,
            expected_rp_id=_place(passkey.origin),
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
        user = next((one for one in self._identities.users() if one.id == passkey.user_id), None)
        if user is None or not self._records.use_passkey(passkey, signed.new_sign_count, self._clock()):
            raise refused
        return user


def _place(origin: str) -> str:
    place = place_of(origin)
    if place is None:
        raise InvalidParameter(
            f"passkeys need a name and TLS, or localhost, got {origin[:100]!r}",
            hint="open the console as http://localhost:PORT/console on this machine, or by its https address",
        )
    return place


def _judged(judge: Callable[..., Any], refusal: Exception, **given: Any) -> Any:
    """What the library makes of it. Whatever it raises about bytes from outside is a refusal."""
    try:
        return judge(**given)
    except Exception as error:
        raise refusal from error


def _read(answer: str) -> dict[str, Any]:
    try:
        read = json.loads(answer) if len(answer) <= LONGEST_ANSWER else None
    except (ValueError, RecursionError):
        read = None
    if not isinstance(read, dict):
        raise InvalidParameter("expected what an authenticator answered", hint="a script of the page sends it")
    return read


def _holder(credential: dict[str, Any]) -> str:
    """The user whom the authenticator has the passkey for."""
    from webauthn import base64url_to_bytes

    response = credential.get("response")
    try:
        return base64url_to_bytes(response["userHandle"]).decode("ascii") if isinstance(response, dict) else ""
    except (KeyError, TypeError, ValueError, AttributeError):
        return ""


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
