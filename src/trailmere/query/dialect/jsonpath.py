"""JSONPath as Trino's json_extract reads it, as the engine's.

Trino takes ``$.store['b.c'][0].AWS:Item`` : keys after a dot hold letters, digits, _, :, - and spaces are for brackets.
"""

from __future__ import annotations

import re

_STEP = re.compile(
    r"""
      \.\.(?P<deep>[\w:\-]+)
    | \.\*(?P<any>)
    | \.(?P<key>[^.\[\]'"\s]+)
    | \[\s*(?P<index>-?\d+)\s*\]
    | \[\s*\*\s*\](?P<all>)
    | \[\s*'(?P<single>(?:[^'\\]|\\.)*)'\s*\]
    | \[\s*"(?P<double>(?:[^"\\]|\\.)*)"\s*\]
    """,
    re.VERBOSE,
)


def engine_path(path: str) -> tuple[str, bool] | None:
    """The engine's path, and whether it can match several places; None where the path cannot be read."""
    path = re.sub(r"^\s*(lax|strict)\s+", "", path).strip()
    rest = path[1:] if path.startswith("$") else "." + path
    place, steps, several = 0, ["$"], False
    while place < len(rest):
        match = _STEP.match(rest, place)
        if match is None:
            return None
        step, many = _step(match)
        if step is None:
            return None
        steps.append(step)
        several = several or many
        place = match.end()
    return "".join(steps), several


def _step(match: re.Match[str]) -> tuple[str | None, bool]:
    if match["index"] is not None:
        index = int(match["index"])
        return (f"[{index}]" if index >= 0 else f"[#{index}]"), False
    if match["any"] is not None:
        return ".*", True
    if match["all"] is not None:
        return "[*]", True
    if match["deep"] is not None:
        return _key("..", match["deep"]), True
    key = match["key"] or match["single"] or match["double"] or ""
    return _key(".", re.sub(r"\\(.)", r"\1", key)), False


def _key(before: str, key: str) -> str | None:
    return None if '"' in key else f'{before}"{key}"'
