"""Whether two record texts hold the same JSON value, whatever the order of members, the white space and the escapes.

CloudTrail may deliver one event twice with its members in another order; that is a duplicate. Numbers are compared by
their text (1.10 is not 1.1: evidence is not rounded). Iterative, so that no depth of nesting can exhaust the stack.
"""

from __future__ import annotations

import hashlib
import json
import re

_TOKEN = re.compile(r'[ \t\n\r]*(?:([\[\]{},:])|("(?:[^"\\]|\\.)*")|([^\s\[\]{},:"]+))', re.DOTALL)


def same_value(first: str, second: str) -> bool:
    """True where both texts are JSON and equal as values. Members with one name twice count in their order."""
    if first == second:
        return True
    try:
        return fingerprint(first) == fingerprint(second)
    except ValueError:
        return False


def fingerprint(text: str) -> bytes:
    """SHA-256 of the value in a form that order, white space and escapes do not change.

    Raises ValueError for a text that is not one JSON value.
    """
    frames: list[list[bytes]] = [[]]
    kinds = ["top"]
    position = 0
    for token in _TOKEN.finditer(text):
        if token.start() != position:
            raise ValueError(f"not JSON at character {position}")
        position = token.end()
        mark, string, other = token.groups()
        if string is not None:
            frames[-1].append(b"s" + json.loads(string, strict=False).encode("utf-8", "surrogatepass"))
        elif other is not None:
            frames[-1].append(b"n" + other.encode())
        elif mark in "[{":
            frames.append([])
            kinds.append(mark)
        elif mark in "]}":
            _close(frames, kinds, mark)
    if text[position:].strip() or len(frames) != 1 or len(frames[0]) != 1:
        raise ValueError("not one JSON value")
    return frames[0][0]


def _close(frames: list[list[bytes]], kinds: list[str], mark: str) -> None:
    parts, kind = frames.pop(), kinds.pop()
    if (kind, mark) not in {("[", "]"), ("{", "}")}:
        raise ValueError(f"{mark} closes {kind}")
    if kind == "{":
        if len(parts) % 2:
            raise ValueError("a member without a value")
        pairs = sorted(zip(parts[::2], parts[1::2], strict=True), key=lambda pair: pair[0])
        parts = [part for pair in pairs for part in pair]
    digest = hashlib.sha256(kind.encode())
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    frames[-1].append(b"c" + digest.digest())
