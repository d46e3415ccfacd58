"""The hostile statements of ``refused.sql`` and ``limited.sql``, one a line, and how their lines are read.

In a line, ``<U+0000>`` is that character, ``<TEXT x 9>`` is TEXT nine times, and ``{canary}``, ``{inside}``,
``{data}``, ``{lake}`` and ``{port}`` are places that the test knows. A line that begins with ``-- `` is a comment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

_CHARACTER = re.compile(r"<U\+([0-9A-F]{4,6})>")
_REPEATED = re.compile(r"<([^<>]+?|<) x (\d+)>")


def probes(name: str) -> Iterator[str]:
    """The lines of a file beside this module that are statements, as they stand there."""
    for line in Path(__file__).with_name(name).read_text(encoding="utf-8").split("\n"):
        if line and not line.startswith("-- "):
            yield line


def hostile_statements() -> list[str]:
    """All that both files mean, where no place is known."""
    return [written_out(line) for name in ("refused.sql", "limited.sql") for line in probes(name)]


def written_out(line: str, places: Mapping[str, object] | None = None) -> str:
    """The statement that a line means."""
    for name, place in (places or {}).items():
        line = line.replace("{" + name + "}", str(place))
    line = _REPEATED.sub(lambda found: found[1] * int(found[2]), line)
    return _CHARACTER.sub(lambda found: chr(int(found[1], 16)), line)
