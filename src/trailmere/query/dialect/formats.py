"""Date patterns: MySQL's (date_format, date_parse) and Joda's (format_datetime, parse_datetime) as the engine's.

Source: Trino documentation, "Date and time functions"; https://www.joda.org/joda-time/key_format.html.
"""

from __future__ import annotations

import re

_MYSQL = {
    "a": "%a", "b": "%b", "c": "%-m", "d": "%d", "e": "%-d", "f": "%f", "H": "%H", "h": "%I", "I": "%I", "i": "%M",
    "j": "%j", "k": "%-H", "l": "%-I", "M": "%B", "m": "%m", "p": "%p", "r": "%I:%M:%S %p", "S": "%S", "s": "%S",
    "T": "%H:%M:%S", "v": "%V", "W": "%A", "x": "%G", "Y": "%Y", "y": "%y", "%": "%%",
}  # fmt: skip

# Joda letter -> engine pattern by number of repetitions (the last one for more).
_JODA: dict[str, tuple[str, ...]] = {
    "y": ("%Y", "%y", "%Y", "%Y"),
    "Y": ("%Y", "%y", "%Y", "%Y"),
    "x": ("%G", "%G", "%G", "%G"),
    "w": ("%-V", "%V"),
    "M": ("%-m", "%m", "%b", "%B"),
    "d": ("%-d", "%d"),
    "D": ("%-j", "%j", "%j"),
    "e": ("%u",),
    "E": ("%a", "%a", "%a", "%A"),
    "a": ("%p",),
    "H": ("%-H", "%H"),
    "h": ("%-I", "%I"),
    "m": ("%-M", "%M"),
    "s": ("%-S", "%S"),
    "S": ("%g", "%g", "%g", "%f", "%f", "%f"),
    "Z": ("%z", "%z"),
    "z": ("%Z",),
}
_JODA_PART = re.compile(r"'(?P<quoted>(?:[^']|'')*)'|(?P<letter>[A-Za-z])(?P=letter)*|(?P<other>.)", re.DOTALL)


def from_mysql(pattern: str) -> str | None:
    """The engine's pattern, or None where a specifier is unknown."""
    parts = []
    rest = iter(pattern)
    for character in rest:
        if character != "%":
            parts.append(character)
            continue
        known = _MYSQL.get(next(rest, ""))
        if known is None:
            return None
        parts.append(known)
    return "".join(parts)


def from_joda(pattern: str) -> str | None:
    """The engine's pattern, or None where a letter is unknown."""
    parts = []
    for match in _JODA_PART.finditer(pattern):
        if match["letter"]:
            forms = _JODA.get(match["letter"])
            if forms is None:
                return None
            parts.append(forms[min(len(match.group()), len(forms)) - 1])
        else:
            literal = match["other"] or (match["quoted"].replace("''", "'") or "'")
            parts.append(literal.replace("%", "%%"))
    return "".join(parts)
