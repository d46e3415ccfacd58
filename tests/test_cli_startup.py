"""What ``trailmere --help`` loads. Counts, not clocks: an import that creeps in is seen on any machine."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = (
    "pyiceberg",
    "sqlglot",
    "duckdb",
    "sqlalchemy",
    "pyarrow",
    "numpy",
    "msgspec",
    "obstore",
    "deflate",
    "rapidfuzz",
    "botocore",
    "cryptography",
    "starlette",
    "uvicorn",
)
REPORT = """
import sys
sys.argv = ["trailmere", *{arguments}]
from trailmere.cli import main
try:
    main()
except SystemExit as end:
    assert end.code == 0, end.code
print("LOADED", *sorted({{name.partition(".")[0] for name in sys.modules}}))
print("COUNT", len(sys.modules))
"""
COMMANDS = (
    "demo",
    "ingest",
    "query",
    "serve",
    "store",
    "account",
    "user",
    "role",
    "key",
    "deadletters",
    "schema",
    "doctor",
)


def run_help(*arguments: str) -> list[str]:
    script = REPORT.format(arguments=list(arguments))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def loaded_by(*arguments: str) -> set[str]:
    return set(run_help(*arguments)[-2].split()[1:])


def test_help_loads_no_storage_engine_or_sql_library() -> None:
    loaded = loaded_by("--help")

    assert loaded.isdisjoint(HEAVY), loaded.intersection(HEAVY)


def test_version_loads_no_storage_engine_or_sql_library() -> None:
    loaded = loaded_by("--version")

    assert loaded.isdisjoint(HEAVY), loaded.intersection(HEAVY)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_loads_no_storage_engine_or_sql_library(command: str) -> None:
    loaded = loaded_by(command, "--help")

    assert loaded.isdisjoint(HEAVY), loaded.intersection(HEAVY)


def test_help_names_every_command() -> None:
    shown = "\n".join(run_help("--help"))

    assert [command for command in COMMANDS if command not in shown] == []


def test_help_loads_few_modules() -> None:
    count = int(run_help("--help")[-1].split()[1])

    assert count < 300, f"{count} modules: what was added to the start-up path?"
