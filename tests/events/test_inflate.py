"""Stored bytes to content: every byte is accounted for, and every fault has its name."""

from __future__ import annotations

import bz2
import gzip
import lzma
import random
import zlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trailmere.errors import DeliveryError
from trailmere.events.formats import REASONS
from trailmere.events.inflate import inflate

LIMIT = 100_000
CONTENT = b'{"Records":[' + b",".join(b'{"eventID":"%d"}' % number for number in range(50)) + b"]}"
STORED = gzip.compress(CONTENT)


def reason_of(stored: bytes) -> str:
    with pytest.raises(DeliveryError) as caught:
        inflate(stored, max_bytes=LIMIT)
    assert caught.value.reason in REASONS
    return caught.value.reason


@given(st.binary(min_size=1, max_size=2000).map(lambda content: b"." + content))
def test_gzip_gives_back_what_was_packed(content: bytes) -> None:
    assert inflate(gzip.compress(content), max_bytes=LIMIT) == inflate(content, max_bytes=LIMIT) == content


def test_gzip_is_told_by_its_first_bytes_and_plain_text_is_left_as_it_is() -> None:
    assert inflate(STORED, max_bytes=LIMIT) == inflate(CONTENT, max_bytes=LIMIT) == CONTENT


@pytest.mark.parametrize("kept", range(2, len(STORED)))
def test_gzip_cut_anywhere_is_refused(kept: int) -> None:
    assert reason_of(STORED[:kept]) in {"gzip-truncated", "gzip-corrupt"}


@pytest.mark.parametrize("cut", range(1, 9))
def test_a_cut_trailer_is_told_from_a_whole_file(cut: int) -> None:
    assert reason_of(STORED[:-cut]) == "gzip-truncated"


@pytest.mark.parametrize(
    "appended",
    [b"\0", b"x", STORED, gzip.compress(b"{}"), STORED[-8:], b"junk" + STORED[-8:], gzip.compress(CONTENT, 1)],
    ids=["nul", "letter", "the same member", "another member", "the trailer again", "junk and trailer", "same content"],
)
def test_bytes_behind_the_first_member_are_refused(appended: bytes) -> None:
    assert reason_of(STORED + appended) == "gzip-trailing-bytes"


def test_the_place_of_trailing_bytes_is_where_the_first_member_ends() -> None:
    with pytest.raises(DeliveryError) as caught:
        inflate(STORED + STORED, max_bytes=LIMIT)

    assert caught.value.offset == len(STORED)


@pytest.mark.parametrize("place", range(8))
def test_a_trailer_that_does_not_match_is_refused(place: int) -> None:
    spoilt = bytearray(STORED)
    spoilt[len(STORED) - 8 + place] ^= 0x10

    assert reason_of(bytes(spoilt)) == "gzip-corrupt"


def test_a_flipped_bit_never_gives_other_content() -> None:
    chance = random.Random(7)
    for _ in range(500):
        spoilt = bytearray(STORED)
        spoilt[chance.randrange(len(STORED))] ^= 1 << chance.randrange(8)
        with suppress(DeliveryError):
            content = inflate(bytes(spoilt), max_bytes=LIMIT)

            # A header field without meaning, or no longer gzip.
            assert content in (CONTENT, bytes(spoilt))


def test_a_bomb_is_refused_before_it_unfolds() -> None:
    assert reason_of(gzip.compress(bytes(50_000_000))) == "too-large"


def test_a_bomb_that_lies_about_its_size_is_refused() -> None:
    bomb = gzip.compress(bytes(5_000_000))
    lying = bomb[:-4] + (10).to_bytes(4, "little")

    assert reason_of(lying) == "too-large"


def test_plain_content_is_bounded_too() -> None:
    assert reason_of(b" " * (LIMIT + 1)) == "too-large"
    assert len(inflate(b" " * LIMIT, max_bytes=LIMIT)) == LIMIT


def test_content_of_exactly_the_limit_is_taken() -> None:
    assert len(inflate(gzip.compress(b" " * LIMIT), max_bytes=LIMIT)) == LIMIT
    assert reason_of(gzip.compress(b" " * (LIMIT + 1))) == "too-large"


@pytest.mark.parametrize("stored", [b"", gzip.compress(b"")], ids=["no bytes", "gzip of nothing"])
def test_nothing_is_not_a_log_file(stored: bytes) -> None:
    assert reason_of(stored) == "empty"


@pytest.mark.parametrize(
    ("stored", "name"),
    [
        (b"PK\x03\x04rest", "zip"),
        (b"\x28\xb5\x2f\xfdrest", "zstandard"),
        (bz2.compress(CONTENT), "bzip2"),
        (lzma.compress(CONTENT), "xz"),
        (b"PAR1rest", "Parquet"),
        (gzip.compress(bytes(257) + b"ustar\x0000"), "tar"),
        (gzip.compress(STORED), "gzip (within gzip)"),
    ],
    ids=["zip", "zstandard", "bzip2", "xz", "Parquet", "tar", "gzip"],  # gzip's own bytes hold the time
)
def test_archives_are_refused_by_name(stored: bytes, name: str) -> None:
    with pytest.raises(DeliveryError, match=f"got {name.replace('(', '[(]').replace(')', '[)]')}") as caught:
        inflate(stored, max_bytes=LIMIT)

    assert caught.value.reason == "archive"


def test_a_header_with_a_name_and_extra_fields_is_gzip_too() -> None:
    packer = zlib.compressobj(wbits=-15)
    body = packer.compress(CONTENT) + packer.flush()
    header = b"\x1f\x8b\x08\x0c\0\0\0\0\0\x03" + b"\x02\x00ab" + b"name.json\0"
    trailer = zlib.crc32(CONTENT).to_bytes(4, "little") + len(CONTENT).to_bytes(4, "little")

    assert inflate(header + body + trailer, max_bytes=LIMIT) == CONTENT
