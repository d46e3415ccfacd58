"""The typed decoders, derived from the declared columns, and their tolerant twin.

For each family there are two msgspec struct types with the same attributes: the *strict* one refuses members that no
column declares (that is how drift is noticed at no cost), the *lenient* one passes over them. Both refuse a value of
the wrong type. The twin refuses nothing: what does not fit a column is None there. Whatever the fast decoder accepts,
the twin reads the same.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Annotated, Any

import msgspec

from trailmere.events import scan, values
from trailmere.events.columns import COLUMNS
from trailmere.events.types import BIGINT, BOOLEAN, DOUBLE, INTEGER, TIMESTAMP, VARCHAR, Array, Map, Row, Scalar, Type

_INTEGER = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)]
_FAST_SCALARS: dict[Scalar, Any] = {
    VARCHAR: str,
    TIMESTAMP: str,
    BOOLEAN: bool,
    DOUBLE: float,
    INTEGER: _INTEGER,
    BIGINT: int,
}
_SCALARS: dict[Scalar, Callable[[bytes], object]] = {
    VARCHAR: values.plain_text,
    TIMESTAMP: values.plain_text,
    BOOLEAN: values.boolean,
    DOUBLE: values.double,
    INTEGER: values.integer,
    BIGINT: values.integer,
}


Member = tuple[str, Type]  # key and type of a member that a struct has


@cache
def members_of(family: str) -> tuple[Member, ...]:
    """The members of a family's records that columns are read from."""
    return tuple((column.key, column.type) for column in COLUMNS[family] if column.key)


@cache
def decoder(family: str, *, strict: bool) -> msgspec.json.Decoder[Any]:
    """The fast decoder of a family's records. Every attribute is named as its JSON member and may be None."""
    return msgspec.json.Decoder(_struct(_name(family, strict=strict), members_of(family), strict))


def parts_of(family: str) -> tuple[str, ...]:
    """The members that records of a family often have in common: rows and arrays."""
    return tuple(key for key, type in members_of(family) if isinstance(type, Row | Array))


@cache
def parted_decoder(family: str) -> msgspec.json.Decoder[Any]:
    """The strict decoder, but for ``parts_of``: these are left as ``msgspec.Raw``."""
    name, parts = _name(family, strict=True), parts_of(family)
    declared = [
        (key, msgspec.Raw if key in parts else _fast_type(f"{name}_{key}", type, True) | None, None)
        for key, type in members_of(family)
    ]
    return msgspec.json.Decoder(msgspec.defstruct(name, declared, forbid_unknown_fields=True, gc=False))


@cache
def part_decoder(family: str, key: str) -> msgspec.json.Decoder[Any]:
    """Reads one of ``parts_of`` as the strict decoder would."""
    type = dict(members_of(family))[key]
    return msgspec.json.Decoder(_fast_type(f"{_name(family, strict=True)}_{key}", type, True) | None)


def tolerant(family: str, text: bytes) -> Any:
    """The lenient struct of a record, read member by member; never refuses a JSON object in UTF-8."""
    return _read_object(_name(family, strict=False), members_of(family), text)


def row_members(type: Row) -> tuple[Member, ...]:
    """The members of a row, other spellings included."""
    return tuple((key, field.type) for field in type.fields for key in (field.key, *field.spellings))


def _name(family: str, *, strict: bool) -> str:
    return f"{family}_{'strict' if strict else 'lenient'}"


@cache
def _struct(name: str, members: tuple[Member, ...], strict: bool) -> type[msgspec.Struct]:
    declared = [(key, _fast_type(f"{name}_{key}", type, strict) | None, None) for key, type in members]
    return msgspec.defstruct(name, declared, forbid_unknown_fields=strict, gc=False)


def _fast_type(name: str, type: Type, strict: bool) -> Any:
    if isinstance(type, Row):
        return _struct(name, row_members(type), strict)
    if isinstance(type, Array):
        # Elements of arrays are never strict: drift is told for the record and its rows.
        return list[_fast_type(name, type.element, False) | None]  # type: ignore[misc]
    return dict[str, msgspec.Raw] if isinstance(type, Map) else _FAST_SCALARS[type]


def _read_object(name: str, members: tuple[Member, ...], text: bytes) -> Any:
    struct = _struct(name, members, False)
    found = scan.mapping(text)
    return struct(**{key: _read(f"{name}_{key}", type, found[key]) for key, type in members if key in found})


def _read(name: str, type: Type, text: bytes) -> object:
    if text == b"null":
        return None
    if isinstance(type, Scalar):
        return _SCALARS[type](text)
    if isinstance(type, Array):
        return _read_array(name, type, text)
    if not text.startswith(b"{"):
        return None
    if isinstance(type, Map):
        return {scan.tidy(key): msgspec.Raw(value) for key, value in scan.mapping(text).items()}
    return _read_object(name, row_members(type), text)


def _read_array(name: str, type: Array, text: bytes) -> object:
    """An array column; one object where an array belongs is an array of one."""
    if text.startswith(b"{"):
        return [_read(name, type.element, text)]
    if not text.startswith(b"["):
        return None
    return [_read(name, type.element, element.text) for element in scan.elements(text)]
