"""The tracer sees what strace sees, and does to one call what it was asked to."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.faults.calls import KINDS
from tests.faults.ptrace import SUPPORTED

pytestmark = pytest.mark.skipif(not SUPPORTED, reason="the tracer knows Linux on x86-64 only")
needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")

COMMAND = ["store", "create", "main"]
# Traces the command in a process of its own, for a tracer waits for all children of its process.
SCRIPT = """
import json, sys
from pathlib import Path
from tests.faults import commands
from tests.faults.tracer import Fault, trace
commands.preload()
lake, fault = Path(sys.argv[1]), Fault(sys.argv[2], int(sys.argv[3])) if sys.argv[2:] else None
traced = trace(json.loads(sys.stdin.read()), {"TRAILMERE_LAKE": str(lake)}, lake, lake.parent / "said", fault=fault)
calls = [(call.name, call.path) for call in traced.calls if not call.failed]
json.dump({"code": traced.ended.code, "err": traced.ended.err, "calls": calls, "hit": str(traced.hit)}, sys.stdout)
"""


def traced(lake: Path, *fault: object) -> dict[str, object]:
    """The command under the tracer: exit code, what it said, its calls, where the fault fell."""
    command = [sys.executable, "-c", SCRIPT, str(lake), *map(str, fault)]
    done = subprocess.run(command, input=json.dumps(COMMAND), capture_output=True, text=True, check=True)
    found: dict[str, object] = json.loads(done.stdout)
    return found


def straced(lake: Path) -> Counter[str]:
    """The calls by name that strace sees on paths beneath the lake, those that succeed."""
    names = {kind.name for kind in KINDS} - {"mmap"}
    log = lake.parent / "strace"
    command = ["strace", "-f", "-qq", "-y", "-o", str(log), "-e", f"trace={','.join(sorted(names))}"]
    command += [sys.executable, "-m", "trailmere", *COMMAND]
    environment = os.environ | {"TRAILMERE_LAKE": str(lake)}
    subprocess.run(command, env=environment, capture_output=True, check=True)
    found: Counter[str] = Counter()
    for line in log.read_text().splitlines():
        call = re.match(rf"\d+ +(\w+)\((?:\w+<)?(?:[^\"]*\")?{re.escape(str(lake))}[/>\"]", line)
        opens_only = "open" in line.partition("(")[0] and not re.search("O_CREAT|O_TRUNC", line)
        if call and not opens_only and "= -1" not in line:
            found[call.group(1)] += 1
    return found


@needs_strace
def test_the_tracer_sees_the_calls_that_strace_sees(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()

    calls = traced(tmp_path / "one" / "lake")["calls"]

    assert isinstance(calls, list)
    expected = straced(tmp_path / "two" / "lake")
    assert expected == Counter(name for name, _ in calls if name != "mmap")
    assert expected.total() > 100


def test_a_kill_falls_on_the_call_that_was_named(tmp_path: Path) -> None:
    found = traced(tmp_path / "lake", "kill", 40)

    assert found["code"] == -9
    assert str(found["hit"]).startswith("40: ")
    assert isinstance(calls := found["calls"], list)
    assert len(calls) < 40


def test_an_error_is_what_the_command_is_given_for_that_call(tmp_path: Path) -> None:
    found = traced(tmp_path / "lake", "ENOSPC", 1)

    assert found["code"] == 1
    assert "No space left on device" in str(found["err"])
