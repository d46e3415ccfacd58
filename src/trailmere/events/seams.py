"""A log file cut into its records at the seams between them, before anything is decoded.

A seam is where one record ends and the next begins with the member that the first record begins with:
``},{"eventVersion":``. That is a guess, at a fifth of the cost of parsing for the ends of values, and decoding the
pieces proves it: if each is one JSON value, then head, pieces, commas and tail are the file and can be read in no other
way. Whoever cuts sees to that proof (``are_values``), and turns to ``formats.split`` where it fails.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import accumulate

from trailmere.events import scan
from trailmere.events.formats import are_shallow, is_notification

MOST_BYTES = 16 << 20  # of a file that is cut: all of it is decoded before any of it is believed

_HEAD = re.compile(rb'[ \t\r\n]*\{[ \t\r\n]*"Records"[ \t\r\n]*:[ \t\r\n]*\[[ \t\r\n]*(\{"[A-Za-z]+":)')
_TAIL = re.compile(rb"\}[ \t\r\n]*\][ \t\r\n]*\}[ \t\r\n]*\Z")
_LONGEST_TAIL = 64


def cut(content: bytes, *, max_depth: int) -> tuple[int, list[bytes]] | None:
    """The offset of the first record, and the exact texts of all; None where the content is not plainly a log file.

    Every text begins and ends with a brace, is in UTF-8 and no deeper than ``max_depth``; that it is one JSON value
    remains to be proved. Between each and the next lies one byte, a comma.
    """
    head = _HEAD.match(content)
    if head is None or len(content) > MOST_BYTES or not scan.is_utf8(content):
        return None
    first = head.start(1)
    tail = _TAIL.search(content, max(first, len(content) - _LONGEST_TAIL))
    if tail is None:
        return None
    texts = _pieces(content, first, tail.start() + 1, b"}," + head[1])
    starts = list(offsets(first, texts))[:-1]
    if is_notification(texts[0]) or not are_shallow(content, starts, min(max_depth, scan.SAFE_DEPTH)):
        return None
    return first, texts


def are_values(texts: Iterable[bytes]) -> bool:
    """Whether each of these texts is one JSON value."""
    return all(scan.fault(text) is None for text in texts)


def offsets(first: int, texts: Iterable[bytes]) -> Iterable[int]:
    """Where each of the texts begins in the content, and behind the last of them."""
    return accumulate((len(text) + 1 for text in texts), initial=first)


def _pieces(content: bytes, start: int, stop: int, seam: bytes) -> list[bytes]:
    found: list[bytes] = []
    while (end := content.find(seam, start, stop)) >= 0:
        found.append(content[start : end + 1])
        start = end + 2
    found.append(content[start:stop])
    return found
