"""A small reader of Avro object container files, for Iceberg's manifests: what the checker reads, it reads by itself.

Avro 1.11 specification: "Object Container Files", "Binary Encoding". Codecs null and deflate, which is all PyIceberg
writes.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable, Iterator
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

MAGIC = b"Obj\x01"


def records(path: Path) -> tuple[dict[str, Any], ...]:
    """The records of a file, to be read only. Raises ValueError where it is cut or not one."""
    try:
        return _records(path.read_bytes())
    except ValueError as error:
        raise ValueError(f"{path} {error}") from error


@lru_cache(maxsize=4096)  # a lake is judged several times, and most of its files are those of the time before
def _records(content: bytes) -> tuple[dict[str, Any], ...]:
    stream = BytesIO(content)
    if stream.read(4) != MAGIC:
        raise ValueError("is not an Avro file")
    header = _map(stream, lambda at: at.read(_long(at)))
    mark = stream.read(16)
    schema, codec = json.loads(header["avro.schema"]), header.get("avro.codec", b"null")
    found = []
    while stream.tell() < len(content):
        count, size = _long(stream), _long(stream)
        block = stream.read(size)
        if len(block) != size or stream.read(16) != mark:
            raise ValueError(f"is cut or changed before byte {stream.tell()}")
        body = BytesIO(zlib.decompress(block, -15) if codec == b"deflate" else block)
        found += [_read(body, schema) for _ in range(count)]
    return tuple(found)


def _long(stream: BytesIO) -> int:
    shift = number = 0
    while True:
        (byte,) = stream.read(1) or (0,)
        number |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return (number >> 1) ^ -(number & 1)


def _blocks(stream: BytesIO, read_one: Callable[[BytesIO], Any]) -> Iterator[Any]:
    while count := _long(stream):
        if count < 0:
            _long(stream)
        for _ in range(abs(count)):
            yield read_one(stream)


def _map(stream: BytesIO, read_value: Callable[[BytesIO], Any]) -> dict[str, Any]:
    return dict(_blocks(stream, lambda at: (at.read(_long(at)).decode(), read_value(at))))


_PLAIN: dict[str, Callable[[BytesIO], Any]] = {
    "null": lambda _: None,
    "boolean": lambda at: at.read(1) == b"\x01",
    "int": _long,
    "long": _long,
    "float": lambda at: struct.unpack("<f", at.read(4))[0],
    "double": lambda at: struct.unpack("<d", at.read(8))[0],
    "bytes": lambda at: at.read(_long(at)),
    "string": lambda at: at.read(_long(at)).decode(),
}


def _read(stream: BytesIO, schema: Any) -> Any:
    if isinstance(schema, str):
        return _PLAIN[schema](stream)
    if isinstance(schema, list):
        return _read(stream, schema[_long(stream)])
    kind = schema["type"]
    if kind == "record":
        return {field["name"]: _read(stream, field["type"]) for field in schema["fields"]}
    if kind == "array":
        return list(_blocks(stream, lambda at: _read(at, schema["items"])))
    if kind == "map":
        return _map(stream, lambda at: _read(at, schema["values"]))
    return stream.read(schema["size"]) if kind == "fixed" else _read(stream, kind)
