"""What is in source folders, read with the standard library alone: which events a lake must hold, which bytes it must
have kept as dead letters. Knows none of Trailmere's code; its reading is plainer, and strict in the same places.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

Mark = tuple[str, str]  # eventID ("" where there is none), JSON value

_ENVELOPE = re.compile(r'\s*\{\s*"Records"\s*:\s*\[')
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file of a source. ``text`` is None where nothing of it can be taken in."""

    path: Path
    stored: bytes
    text: str | None
    records: tuple[dict[str, Any], ...]

    @property
    def uri(self) -> str:
        return f"file://{self.path}"

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.stored).hexdigest()

    @property
    def rejected(self) -> bool:
        return self.text is None


def read_sources(folders: Iterable[Path]) -> list[SourceFile]:
    """All files that are log files by their names."""
    return [
        read_file(path)
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".") and "_CloudTrail-Digest_" not in path.name
    ]


def read_file(path: Path) -> SourceFile:
    """One file."""
    stored = path.read_bytes()
    return SourceFile(path, stored, *_told(stored))


@lru_cache(maxsize=4096)  # the same sources are asked for at each judgement
def _told(stored: bytes) -> tuple[str | None, tuple[dict[str, Any], ...]]:
    """Text and records; neither where nothing of it can be taken in."""
    content = _content(stored)
    text = None if not content else content.decode("utf-8", "replace")
    records = () if text is None else tuple(_records(text))
    return (text, records) if records else (None, ())


def expected(files: Iterable[SourceFile], *, everything: bool, since: str = "") -> Counter[Mark]:
    """How often each event must be in a store that takes all events, or all management events: once, whatever file it
    came in; a record without an eventID as often as distinct contents hold it. None from before ``since``."""
    wanted: Counter[Mark] = Counter()
    seen: set[str] = set()
    for file in files:
        if file.text is None or file.text in seen:
            continue
        seen.add(file.text)
        for record in file.records:
            time = str(record.get("eventTime"))
            if not _TIME.fullmatch(time) or time < since:
                continue
            if everything or record["eventCategory"] == "Management":
                mark = mark_of(record)
                wanted[mark] = 1 if mark[0] else wanted[mark] + 1
    return wanted


def mark_of(record: dict[str, Any]) -> Mark:
    """What tells an event: its id and its value, whatever the order of its members."""
    return record.get("eventID") or "", json.dumps(record, sort_keys=True)


def _content(stored: bytes) -> bytes | None:
    """Exactly one whole gzip member, or plain bytes."""
    if not stored.startswith(b"\x1f\x8b"):
        return stored
    stream = zlib.decompressobj(31)
    try:
        content = stream.decompress(stored)
    except zlib.error:
        return None
    whole = stream.eof and not stream.unused_data
    return gzip.decompress(stored) if whole and content is not None else None


def _records(text: str) -> Iterator[dict[str, Any]]:
    """Records of an envelope (as far as it is whole), or of lines with a record or a wrapped one each."""
    if _ENVELOPE.match(text):
        yield from _salvaged(text)
        return
    for line in text.splitlines() if text.lstrip().startswith("{") else ():
        try:
            found = json.loads(line)
        except ValueError:
            continue
        yield found.get("detail", found)


def _salvaged(text: str) -> Iterator[dict[str, Any]]:
    opening = _ENVELOPE.match(text)
    assert opening is not None
    position, decoder = opening.end(), json.JSONDecoder()
    while True:
        position = re.compile(r"[\s,]*").match(text, position).end()  # type: ignore[union-attr]
        try:
            record, position = decoder.raw_decode(text, position)
        except ValueError:
            return
        yield record
