"""Lists in pages: tokens that say where a list goes on, and are good for the list that they were given for only.

A token holds the place and a code over it, the operation, the caller's account and Region, and the other parameters.
One that was changed, made up, or brought to another call is refused. Nothing is kept for a token.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from trailmere.api.errors import Fault, declared

if TYPE_CHECKING:
    from trailmere.api.call import Call

Item = TypeVar("Item")

CODE_BYTES = 16
FIRST = b"\0"  # so that a token begins with a letter: one with a hyphen would be an option to the AWS CLI
FREE = ("NextToken", "MaxResults", "MaxQueryResults")  # parameters that may differ from page to page


def token(call: Call, place: Any) -> str:
    """A token for going on after ``place``, anything that JSON can hold."""
    text = json.dumps(place, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(FIRST + _code(call, text) + text).decode().rstrip("=")


def place(call: Call) -> Any:
    """The place in the token that the call brings, None where it brings none. Raises Fault for one that is not ours."""
    given = call.input.get("NextToken")
    if given is None:
        return None
    try:
        raw = base64.urlsafe_b64decode(given.encode("ascii") + b"=" * (-len(given) % 4))
    except (UnicodeEncodeError, binascii.Error):
        raw = b""
    code, text = raw[: len(FIRST) + CODE_BYTES], raw[len(FIRST) + CODE_BYTES :]
    if not hmac.compare_digest(code, FIRST + _code(call, text)):
        kinds = ("InvalidNextTokenException", "InvalidTokenException", "InvalidParameterException")
        raise Fault(declared(kinds, call.operation), "The NextToken is not one that was given for this list.")
    return json.loads(text)


def page(call: Call, items: Iterable[Item], key: Callable[[Item], str], most: int) -> tuple[list[Item], dict[str, str]]:
    """The items of this page, in the order of ``key``, and ``NextToken`` if more follow.

    It holds ``MaxResults`` of the call, or ``most``. What was added or removed between two pages repeats nothing.
    """
    after, size = place(call), call.input.get("MaxResults", most)
    rest = sorted((item for item in items if after is None or key(item) > after), key=key)
    more = {"NextToken": token(call, key(rest[size - 1]))} if len(rest) > size else {}
    return rest[:size], more


def _code(call: Call, text: bytes) -> bytes:
    parameters = {name: value for name, value in call.input.items() if name not in FREE}
    scope = json.dumps(
        [call.operation.action, call.account_id, call.region, parameters], sort_keys=True, default=str
    ).encode()
    key = call.app.secrets.subkey("page tokens")
    return hashlib.blake2b(len(scope).to_bytes(8, "big") + scope + text, digest_size=CODE_BYTES, key=key).digest()
