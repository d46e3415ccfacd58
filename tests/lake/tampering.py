"""A small lake with every class of file, and the ways in which a file can be tampered with. Each way says what must be
named and how to put things back."""

from __future__ import annotations

import contextlib
import hashlib
import os
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.lake.world import STORE, event, parcel, put
from trailmere.lake.records import DeadLetter
from trailmere.lake.vault import Lake

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.lake.world import Parcel
    from trailmere.lake.findings import Verification

LARGE = 100_000  # bytes of a dead letter that gets a file of its own


def with_letters(one: Parcel, *contents: bytes) -> Parcel:
    """The parcel with these dead letters."""
    dead = replace(one, dead=len(contents))
    entry = dead.entry()
    letters = [
        DeadLetter(
            entry.id, entry.uri, at, f"record {at}", "not-json", "no", hashlib.sha256(content).hexdigest(),
            len(content), content,
        )
        for at, content in enumerate(contents)
    ]  # fmt: skip
    return replace(dead, letters=tuple(letters))


def make_lake(home: Path, batches: int = 2) -> None:
    """A lake with data of three days, manifests, metadata, dead letters in rows and in files, index and plans."""
    with Lake.open(home) as lake:
        lake.create_table(STORE, "cloudtrail")
        for number in range(batches):
            events = [event(f"{number}-{at}", days=at, filling="x" * 50) for at in range(3)]
            letters = (b"small %d" % number, os.urandom(LARGE))
            put(lake, with_letters(parcel(f"{number}.json", *events), *letters))


def recorded_files(home: Path) -> list[Path]:
    """The files that have a recorded hash."""
    return sorted(path for top in ("warehouse", "deadletters") for path in (home / top).rglob("*") if path.is_file())


def derived_files(home: Path) -> list[Path]:
    """Files that are made anew where they are wrong."""
    return sorted(path for top in ("index", "plans") for path in (home / top).rglob("*") if path.is_file())


@contextlib.contextmanager
def content(path: Path, change: Callable[[bytearray], object]) -> Iterator[None]:
    """The file with other bytes, its modification time put back."""
    before, times = path.read_bytes(), path.stat()
    changed = bytearray(before)
    change(changed)
    path.write_bytes(changed)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    try:
        yield
    finally:
        path.write_bytes(before)


@contextlib.contextmanager
def renamed(path: Path, new: Path) -> Iterator[None]:
    """The file under another name."""
    path.rename(new)
    try:
        yield
    finally:
        new.rename(path)


@contextlib.contextmanager
def swapped(one: Path, other: Path) -> Iterator[None]:
    """Two files with each other's name."""
    aside = one.with_name("aside")

    def swap() -> None:
        one.rename(aside)
        other.rename(one)
        aside.rename(other)

    swap()
    try:
        yield
    finally:
        swap()


@contextlib.contextmanager
def deleted(path: Path) -> Iterator[None]:
    """The file gone."""
    before = path.read_bytes()
    path.unlink()
    try:
        yield
    finally:
        path.write_bytes(before)


@contextlib.contextmanager
def extra(path: Path, text: bytes = b"stranger") -> Iterator[None]:
    """A file that nothing of the lake wrote."""
    path.write_bytes(text)
    try:
        yield
    finally:
        path.unlink()


def flip(at: int, bit: int = 0) -> Callable[[bytearray], object]:
    """One bit the other way."""

    def change(text: bytearray) -> None:
        text[at] ^= 1 << bit

    return change


def named(result: Verification, home: Path) -> set[Path]:
    """The files that a verification names, as what is wrong or where it was found."""
    said = {home / finding.path for finding in result.findings}
    elsewhere = {
        finding.found.rpartition(" ")[2] for finding in result.findings if finding.kind in ("renamed", "swapped")
    }
    return said | {home / path for path in elsewhere}
