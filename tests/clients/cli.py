"""The AWS CLI in its versions, as somebody types it: what it prints, and how it ends."""

from __future__ import annotations

import json
import platform
import re
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.clients.serving import Server, installed, on_this_machine
from tests.query.background import PATIENCE_SECONDS

FAILED = re.compile(r"An error occurred \((\w+)\) when calling the (\w+) operation: (.*)")


@dataclass(frozen=True)
class Version:
    """A version of the CLI: its program, and how it ends when a service refuses.

    One from before the variables ``AWS_ENDPOINT_URL_*`` is told the address in each command.
    """

    find: Callable[[], str | Path]
    refusal: int
    reads_endpoints: bool = True


def packaged() -> str:
    """The program that the system's package brings, where that is of version 2."""
    program = on_this_machine("/usr/bin/aws")
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=True, timeout=60).stdout
    if not told.startswith("aws-cli/2."):
        pytest.skip(f"the AWS CLI of this system is no version 2: {told}")
    return program


VERSIONS = {
    "1": Version(lambda: installed("awscli-v1", "bin/aws"), refusal=255),
    "2": Version(lambda: installed("awscli-v2", "dist/aws"), refusal=254),
    "packaged": Version(packaged, refusal=254, reads_endpoints=False),
}
# AWS builds version 2 for one kind of machine that we can install it on: elsewhere it is not asked for.
BUILT = ["1", "2"] if (platform.system(), platform.machine()) == ("Linux", "x86_64") else ["1"]


@dataclass(frozen=True)
class AwsCli:
    """``aws("list-trails")`` is what ``aws cloudtrail list-trails`` prints."""

    server: Server
    version: Version
    program: str | Path

    def typed(self, *words: str, service: str = "cloudtrail", **variables: str) -> tuple[int, str, str]:
        """Exit code, what was printed, and what was complained of."""
        place = [] if self.version.reads_endpoints else ["--endpoint-url", self.server.address]
        command = [self.program, service, *words, *place]
        done = self.server.run(command, also={"AWS_PAGER": "", **variables})
        return done.returncode, done.stdout, done.stderr

    def __call__(self, *words: str, service: str = "cloudtrail") -> Any:
        """What a command prints, which has to end well."""
        code, printed, complaint = self.typed(*words, service=service)
        assert (code, complaint) == (0, ""), words
        return json.loads(printed) if printed else None

    def refused(self, *words: str, service: str = "cloudtrail") -> str:
        """The name of the error that a command ends with, in the way of this version."""
        code, printed, complaint = self.typed(*words, service=service)
        found = FAILED.search(complaint)
        assert found is not None, complaint
        assert (code, printed) == (self.version.refusal, ""), words
        return found[1]

    def until(self, done: Callable[[Any], bool], *words: str) -> Any:
        """What a command prints once that is so."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not done(found := self(*words)):
            assert time.monotonic() < deadline, found
        return found


def written(folder: Path, name: str, document: Any) -> str:
    """A document in a file, as the CLI is told of it."""
    place = folder / name
    place.write_text(json.dumps(document), encoding="utf-8")
    return f"file://{place}"
