"""``trailmere doctor``: the checks of ``trailmere.checkup``, in a terminal."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from trailmere.cli.common import LakeOption, OutputOption, open_app, printable, write_json

if TYPE_CHECKING:
    from trailmere.checkup import Finding

VERDICT_WIDTH = len("warning")
NARROWEST = 24  # columns that are left for the text, however narrow the terminal
NO_WIDTH = 10_000  # a pipe has no width


def doctor(*, lake: LakeOption = None, output: OutputOption = "table") -> int:
    """Check the installation and the lake, and say how to mend what is found.

    Exits with 1 when there is a fault. Changes nothing, and makes no lake where there is none.
    """
    from trailmere.checkup import examine

    with open_app(lake) as app:
        findings = examine(app)
    if output == "json":
        write_json([asdict(finding) for finding in findings])
    else:
        sys.stdout.write("\n".join(_told(findings)) + "\n")
    return 1 if any(finding.verdict == "fault" for finding in findings) else 0


def _told(findings: Sequence[Finding]) -> Iterator[str]:
    """One finding a line, folded at a terminal, what to do beneath it; a sum at the end."""
    from trailmere.checkup import counted

    names = max(len(finding.check) for finding in findings)
    indent = " " * (VERDICT_WIDTH + names + 4)
    width = shutil.get_terminal_size((120, 24)).columns if sys.stdout.isatty() else NO_WIDTH
    for finding in findings:
        first = f"{finding.verdict:<{VERDICT_WIDTH}}  {finding.check:<{names}}  "
        yield from _folded(first, indent, finding.found, width)
        if finding.mend:
            yield from _folded(f"{indent}-> ", f"{indent}   ", finding.mend, width)
    counts = Counter(finding.verdict for finding in findings)
    yield ""
    yield f"{counted(counts['fault'], 'fault')}, {counted(counts['warning'], 'warning')}"


def _folded(first: str, indent: str, text: str, width: int) -> list[str]:
    return textwrap.wrap(
        printable(" ".join(text.split())),
        max(width, len(indent) + NARROWEST),
        initial_indent=first,
        subsequent_indent=indent,
        break_on_hyphens=False,
        break_long_words=False,
    ) or [first.rstrip()]
