"""From stored bytes to content: gunzip with a bound, and with every byte of the stored object accounted for.

Compression is told by magic bytes, never by name. libdeflate does the work; whenever it is not provably right in one
step, zlib walks the stream again and names the fault. Archives (zip, zstd, bzip2, xz ...) are refused by name.

Format: RFC 1952. That bytes after the first member make a log invalid is CloudTrail's own rule (``aws cloudtrail
validate-logs`` since May 2026): readers that join members would see records that the digest never vouched for.
"""

from __future__ import annotations

import zlib

import deflate

from trailmere.errors import DeliveryError

GZIP_MAGIC = b"\x1f\x8b"
_TRAILER_BYTES = 8
_SMALLEST_GZIP_BYTES = 18
_LARGEST_RATIO = 1032  # DEFLATE cannot expand further (258 bytes from two bits)
_STEP_BYTES = 1 << 20

ARCHIVES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"PK\x03\x04", "zip"),
    (0, b"PK\x05\x06", "zip"),
    (0, b"\x28\xb5\x2f\xfd", "zstandard"),
    (0, b"BZh", "bzip2"),
    (0, b"\xfd7zXZ\x00", "xz"),
    (0, b"\x04\x22\x4d\x18", "lz4"),
    (0, b"7z\xbc\xaf\x27\x1c", "7-zip"),
    (0, b"PAR1", "Parquet"),
    (0, b"ORC", "ORC"),
    (257, b"ustar", "tar"),
)


def inflate(stored: bytes, *, max_bytes: int) -> bytes:
    """The content of a stored object: gunzipped where it is gzip, as it is where it is plain.

    ``max_bytes`` bounds the content. Raises ``DeliveryError`` with reason ``empty``, ``archive``, ``too-large``,
    ``gzip-truncated``, ``gzip-trailing-bytes`` or ``gzip-corrupt``; ``offset`` then counts stored bytes.
    """
    if not stored:
        raise DeliveryError("empty", "expected a log file, got an object of 0 bytes")
    if not stored.startswith(GZIP_MAGIC):
        content = stored
    elif (content := _inflate_at_once(stored, max_bytes)) == b"":
        content = _inflate_step_by_step(stored, max_bytes)
    _refuse_archives(content, within_gzip=content is not stored)
    if len(content) > max_bytes:
        raise _too_large(max_bytes)
    return content


def _inflate_at_once(stored: bytes, max_bytes: int) -> bytes:
    """The content by libdeflate if it is certain that one whole member fills the object, else b"".

    libdeflate has compared CRC and length where the stream ended. If the only place that holds these eight bytes is
    the end of the object, the stream ended there and nothing follows it.
    """
    size = int.from_bytes(stored[-4:], "little")
    if not 0 < size <= min(max_bytes, len(stored) * _LARGEST_RATIO) or len(stored) < _SMALLEST_GZIP_BYTES:
        return b""
    try:
        content = deflate.gzip_decompress(stored, size)
    except deflate.DeflateError:
        return b""
    trailer = deflate.crc32(content).to_bytes(4, "little") + len(content).to_bytes(4, "little")
    ends_there = stored.find(trailer) == len(stored) - _TRAILER_BYTES
    return bytes(content) if ends_there else b""


def _inflate_step_by_step(stored: bytes, max_bytes: int) -> bytes:
    stream = zlib.decompressobj(wbits=31)
    pieces: list[bytes] = []
    size = 0
    rest = stored
    while not stream.eof:
        try:
            piece = stream.decompress(rest, _STEP_BYTES)
        except zlib.error as error:
            raise DeliveryError("gzip-corrupt", f"expected gzip data that matches its checksum: {error}") from error
        rest = stream.unconsumed_tail
        size += len(piece)
        if size > max_bytes:
            raise _too_large(max_bytes)
        pieces.append(piece)
        if not piece and not rest and not stream.eof:
            raise DeliveryError(
                "gzip-truncated",
                f"the gzip data ends after {len(stored):,} bytes without its trailer; fetch the object again",
                offset=len(stored),
            )
    _refuse_trailing_bytes(stored, stream.unused_data)
    if not size:
        raise DeliveryError("empty", "expected a log file, got gzip data with nothing in it")
    return b"".join(pieces)


def _refuse_trailing_bytes(stored: bytes, trailing: bytes) -> None:
    if not trailing:
        return
    what = "another gzip member" if trailing.startswith(GZIP_MAGIC) else "other bytes"
    raise DeliveryError(
        "gzip-trailing-bytes",
        f"expected one gzip member, got {len(trailing):,} bytes of {what} behind it; CloudTrail writes one member, "
        "so the object was changed after delivery",
        offset=len(stored) - len(trailing),
    )


def _refuse_archives(content: bytes, *, within_gzip: bool) -> None:
    name = archive_name(content)
    if name is None and within_gzip and content.startswith(GZIP_MAGIC):
        name = "gzip (within gzip)"
    if name is not None:
        raise DeliveryError("archive", f"expected JSON, plain or gzip, got {name}; unpack it first", offset=0)


def archive_name(content: bytes) -> str | None:
    """The name of the archive or table format that these bytes begin, or None."""
    for offset, magic, name in ARCHIVES:
        if content.startswith(magic, offset):
            return name
    return None


def _too_large(max_bytes: int) -> DeliveryError:
    return DeliveryError(
        "too-large",
        f"expected at most {max_bytes:,} bytes of content, got more; raise the limit if the file is genuine",
    )
