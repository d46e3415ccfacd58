"""JSON values to the members of a shape, and back: types only, bounds are checked by ``checks``.

Unknown members are ignored and null is as good as absent, as AWS does. A value of the wrong type is refused with
``SerializationException``. Source: Smithy, "AWS JSON 1.1 protocol" and "AWS restJson1 protocol".
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from trailmere.api.errors import Fault

if TYPE_CHECKING:
    from botocore.model import Shape

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BITS = {"integer": 32, "long": 64}


def not_as_expected(message: str) -> Fault:
    """The refusal of bytes that are not what the protocol expects."""
    return Fault("SerializationException", message)


def parse(body: bytes) -> Any:
    """The JSON document of a request. Strict: UTF-8, no name twice in an object, no NaN; bounded nesting and numbers.

    Raises Fault.
    """
    try:
        return json.loads(body.decode("utf-8"), object_pairs_hook=_without_repeats, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise not_as_expected(f"expected a JSON document in UTF-8: {_reason(error)}") from None


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, UnicodeDecodeError):
        return f"byte {error.start} is no UTF-8"
    return str(error)[:200]


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name occurs twice in an object")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def read(shape: Shape, value: Any, place: str = "") -> Any:
    """``value`` as the shape wants it: times as UTC datetimes, blobs as bytes. Raises Fault, naming the place."""
    return _READERS[shape.type_name](shape, value, place)


def write(shape: Shape, value: Any) -> Any:
    """Members of an answer as JSON values; None is left out, times are epoch seconds with milliseconds.

    A member that the shape does not have is a mistake of ours: KeyError.
    """
    kind = shape.type_name
    if kind == "structure":
        return {
            _wire_name(shape.members[name], name): write(shape.members[name], given)
            for name, given in value.items()
            if given is not None
        }
    if kind == "list":
        return [write(shape.member, one) for one in value]
    if kind == "map":
        return {key: write(shape.value, one) for key, one in value.items()}
    if kind == "timestamp":
        return _epoch(value)
    return base64.b64encode(value).decode() if kind == "blob" else value


def _epoch(moment: datetime) -> float:
    seconds = (moment - EPOCH) // timedelta(milliseconds=1) / 1000
    return int(seconds) if seconds.is_integer() else seconds


def _wire_name(shape: Shape, name: str) -> str:
    return str(shape.serialization.get("name", name))


def _structure(shape: Shape, value: Any, place: str) -> dict[str, Any]:
    given = _expect(value, dict, "an object", place)
    return {
        name: read(member, given[wire], _inside(place, name))
        for name, member in shape.members.items()
        if given.get(wire := _wire_name(member, name)) is not None
    }


def _list(shape: Shape, value: Any, place: str) -> list[Any]:
    given = _expect(value, list, "a list", place)
    return [read(shape.member, one, _inside(place, str(number))) for number, one in enumerate(given, 1)]


def _map(shape: Shape, value: Any, place: str) -> dict[str, Any]:
    given = _expect(value, dict, "an object", place)
    return {
        read(shape.key, key, _inside(place, "key")): read(shape.value, one, _inside(place, "value"))
        for key, one in given.items()
    }


def _string(_shape: Shape, value: Any, place: str) -> str:
    text: str = _expect(value, str, "a string", place)
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise not_as_expected(f"expected Unicode{_at(place)}, got half of a surrogate pair") from None
    if "\0" in text:  # a database cannot hold it
        raise not_as_expected(f"expected a string without the character U+0000{_at(place)}")
    return text


def _integer(shape: Shape, value: Any, place: str) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    number: int = _expect(value, int, "a whole number", place)
    bits = _BITS[shape.type_name]
    if not -(1 << bits - 1) <= number < 1 << bits - 1:
        raise not_as_expected(f"expected a whole number of {bits} bits{_at(place)}")
    return number


def _number(_shape: Shape, value: Any, place: str) -> float:
    try:
        number = float(_expect(value, int | float, "a number", place))
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise not_as_expected(f"expected a number of 64 bits{_at(place)}")
    return number


def _boolean(_shape: Shape, value: Any, place: str) -> bool:
    if not isinstance(value, bool):
        raise not_as_expected(f"expected true or false{_at(place)}, got {_kind(value)}")
    return value


def _blob(_shape: Shape, value: Any, place: str) -> bytes:
    try:
        return base64.b64decode(_expect(value, str, "a string of base64", place), validate=True)
    except binascii.Error as error:
        raise not_as_expected(f"expected base64{_at(place)}: {error}") from None


def _timestamp(_shape: Shape, value: Any, place: str) -> datetime:
    """Epoch seconds, as a number or its text; ISO 8601; or an HTTP date."""
    forms = (_from_epoch, datetime.fromisoformat, parsedate_to_datetime) if isinstance(value, str) else (_from_epoch,)
    for form in forms:
        try:
            moment = form(value)
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        except (ValueError, TypeError, OverflowError):
            continue
    raise not_as_expected(f"expected a time{_at(place)}: seconds since 1970, or ISO 8601; got {str(value)[:40]!r}")


def _from_epoch(value: Any) -> datetime:
    if isinstance(value, bool):
        raise TypeError("expected a number")
    return EPOCH + timedelta(milliseconds=round(float(value) * 1000))


def _expect(value: Any, kind: Any, words: str, place: str) -> Any:
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise not_as_expected(f"expected {words}{_at(place)}, got {_kind(value)}")
    return value


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")


def _at(place: str) -> str:
    return f" at '{place}'" if place else ""


def _inside(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


_READERS: Mapping[str, Callable[[Shape, Any, str], Any]] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "string": _string,
    "character": _string,
    "integer": _integer,
    "long": _integer,
    "float": _number,
    "double": _number,
    "boolean": _boolean,
    "blob": _blob,
    "timestamp": _timestamp,
}
