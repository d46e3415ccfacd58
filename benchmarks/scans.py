"""Those who read everything for each question, or start anew for each: jq, grep, and Trailmere's own command line.

Each question is a process of its own, measured whole.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.measure import measure
from benchmarks.ours import trailmere

if TYPE_CHECKING:
    from benchmarks.questions import Question

FILES = 'find "$1" -name "*.json.gz" -print0 | xargs -0 zcat'
COLD, JQ, GREP = "trailmere-cold", "jq", "grep"
LABELS = {
    COLD: "`trailmere query`, cold",
    JQ: "zcat and jq over the raw .json.gz",
    GREP: "zcat and grep over the raw .json.gz",
}


def ask(contestant: str, question: Question, work: Path, seconds: float) -> dict[str, Any] | None:
    """The answer of one of them in one go; None where the question cannot be put to it."""
    if contestant == COLD:
        return cold(question, work, seconds)
    if contestant == JQ:
        return scan_jq(question, work / "corpus-a", seconds)
    return scan_grep(question, work / "corpus-a", seconds)


def cold(question: Question, work: Path, seconds: float) -> dict[str, Any]:
    """``trailmere query`` from nothing: interpreter, lake, worker, answer."""
    asked = ("query", question.sql, "--output", "ndjson", "--limit", "0")
    run = trailmere(*asked, lake=work / "trailmere", seconds=seconds)
    if run.failed:
        return {"failed": run.complaint}
    return {"milliseconds": [run.wall_seconds * 1000], "cpu_milliseconds": [run.cpu_seconds * 1000]}


def scan_jq(question: Question, corpus: Path, seconds: float) -> dict[str, Any] | None:
    """What one would type: the records that match, the wanted members; for groups, sorted and counted."""
    if question.jq is None:
        return None
    if shutil.which("jq") is None:
        return {"not_run": "no jq"}
    counted = " | sort | uniq -c" if "GROUP BY" in question.sql else ""
    pipe = f'{FILES} | jq -c "$2"{counted}'
    return _scan(["sh", "-c", pipe, "sh", str(corpus), f".Records[] | {question.jq}"], seconds)


def scan_grep(question: Question, corpus: Path, seconds: float) -> dict[str, Any] | None:
    """How often a text occurs: no answer to the question, but the first thing that is tried. A log file is one line,
    and grep takes twenty times as long over one line as over many; so lines are made first."""
    if question.grep is None:
        return None
    pipe = f"{FILES} | LC_ALL=C tr '{{' '\\n' | LC_ALL=C grep -o -F -- \"$2\" | wc -l"
    return _scan(["sh", "-c", pipe, "sh", str(corpus), question.grep], seconds)


def _scan(command: list[str], seconds: float) -> dict[str, Any]:
    run = measure(command, seconds=seconds)
    if run.failed:
        return {"failed": run.complaint}
    lines = [line for line in run.stdout.splitlines() if line]
    return {"milliseconds": [run.wall_seconds * 1000], "rows": len(lines)}
