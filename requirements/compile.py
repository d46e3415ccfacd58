"""Compile the locks: ``requirements/{core,dev,bench}.txt`` from pyproject.toml, with hashes, without addresses.

``requirements/clients/*.txt`` come from the ``.in`` beside each: clients that the tests drive, each with packages of
its own. One resolution serves Python 3.11 and later on every platform. Run through ``make lock``.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
LOCKS = {
    "core.txt": [],
    "dev.txt": ["dev", "oidc", "passkeys", "postgres"],
    "bench.txt": ["bench"],
}
# Both sets go into one environment: what they have in common must be of one version.
BOUND_BY = {"bench.txt": "dev.txt"}
# Packages that are wanted for what they carry, not to be imported.
ALONE = {"awscli-v2"}
COMPILE = [
    sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11",
    "--generate-hashes", "--no-emit-index-url", "--no-emit-find-links", "--no-header", "--no-annotate",
]  # fmt: skip


def compile_lock(name: str, extras: list[str]) -> None:
    """Write one lock file."""
    command = [*COMPILE, "--output-file", str(HERE / name), "pyproject.toml", str(HERE / "build.in")]
    for extra in extras:
        command += ["--extra", extra]
    if name in BOUND_BY:
        command += ["--constraint", str(HERE / BOUND_BY[name])]
    subprocess.run(command, check=True, cwd=HERE.parent)


def compile_client(wanted: Path) -> None:
    """Write the lock file of one client."""
    alone = ["--no-deps"] if wanted.stem in ALONE else []
    subprocess.run([*COMPILE, *alone, "--output-file", str(wanted.with_suffix(".txt")), str(wanted)], check=True)


if __name__ == "__main__":
    for lock, wanted in LOCKS.items():
        compile_lock(lock, wanted)
    for client in sorted((HERE / "clients").glob("*.in")):
        compile_client(client)
