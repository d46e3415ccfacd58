"""``trailmere serve`` for clients that are processes of their own: where it is, and the environment they are given.

A client is given what the server told to export, a home of its own, and nothing else: no other settings of whoever
runs the tests reach it.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from tests.api.test_restart import serving
from tests.clients.events import ACCOUNT, REGION, deliver

CLIENTS = Path(__file__).parents[2] / ".venv-clients"  # of ``make clients``


@dataclass(frozen=True)
class Server:
    """A running server. ``environment`` is all that a client knows of it."""

    address: str
    lake: Path
    environment: Mapping[str, str]

    def client(self, service: str = "cloudtrail") -> Any:
        """A boto3 client of this process."""
        return boto3.client(
            service,
            endpoint_url=self.address,
            region_name=REGION,
            aws_access_key_id=self.environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.environment["AWS_SECRET_ACCESS_KEY"],
            config=Config(retries={"total_max_attempts": 1}),
        )

    def run(
        self, command: Sequence[str | Path], *, cwd: Path | None = None, also: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """A client to its end; ``also`` are variables of its own."""
        environment = {**self.environment, **(also or {})}
        place = cwd or self.lake.parent
        return subprocess.run(command, env=environment, cwd=place, capture_output=True, text=True, timeout=300)


@contextmanager
def served(home: Path, **settings: str) -> Iterator[Server]:
    """A server over the lake in ``home``; ``settings`` are variables for it, not for its clients."""
    lake = home / "lake"
    own = {"TRAILMERE_ACCOUNT_ID": ACCOUNT, "TRAILMERE_REGION": REGION, **settings}
    with serving(lake, "0", **own) as (address, told, _process):
        user = home / "home"
        user.mkdir(exist_ok=True)
        bare = {"PATH": os.environ["PATH"], "HOME": str(user), "LANG": "C.UTF-8", "AWS_EC2_METADATA_DISABLED": "true"}
        yield Server(address, lake, {**bare, **told})


def filled(home: Path, store: str = "audit") -> str:
    """A lake in ``home`` with a store that holds the events; its ARN."""
    deliver(home / "logs")
    made = json.loads(trailmere(home, "store", "create", store, "--output", "json"))
    trailmere(home, "ingest", str(home / "logs"), "--store", store)
    return str(made["EventDataStoreArn"])


def trailmere(home: Path, *words: str) -> str:
    """What the command line says."""
    command = [sys.executable, "-m", "trailmere", *words, "--lake", str(home / "lake")]
    environment = {**os.environ, "TRAILMERE_ACCOUNT_ID": ACCOUNT, "TRAILMERE_REGION": REGION}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=300).stdout


def installed(name: str, program: str) -> Path:
    """The program of a client that ``make clients`` installs."""
    found = CLIENTS / name / program
    if not found.exists():
        pytest.skip(f"{name} is not installed on this {platform.machine()}: make clients")
    return found


def on_this_machine(program: str) -> str:
    """The program of a client that comes with the machine."""
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"there is no {program} on this machine")
    return found
