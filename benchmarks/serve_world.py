"""What a load run is about: a store of known content, the events that are pushed, and the server as a process.

All of it follows from numbers, so that whoever judges can say what must be there without having been told.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

ACCOUNT, REGION = "000000000000", "us-east-1"
KNOWN, PUSHED = "known", "pushed"
KNOWN_EVENTS, EVENTS_A_FILE = 20_000, 500
STEP = timedelta(seconds=3)  # between two known events, so that the order by time is one
NAMES = ("DescribeKey", "GetBucketAcl", "ListUsers", "PutRule", "RunTask", "StopTask", "UpdateItem")
USERS = 23
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
TRAILMERE = (sys.executable, "-m", "trailmere")


# -- the store of known content


@dataclass(frozen=True, slots=True)
class Known:
    """An event of the store that does not change."""

    id: str
    time: datetime
    name: str
    user: str
    address: str

    def record(self) -> dict[str, Any]:
        """As CloudTrail delivers it."""
        return {
            "eventVersion": "1.08",
            "userIdentity": {"type": "IAMUser", "accountId": ACCOUNT, "userName": self.user},
            "eventTime": f"{self.time:%Y-%m-%dT%H:%M:%SZ}",
            "eventSource": "load.amazonaws.com",
            "eventName": self.name,
            "awsRegion": REGION,
            "sourceIPAddress": self.address,
            "readOnly": True,
            "eventID": self.id,
            "eventType": "AwsApiCall",
            "managementEvent": True,
            "recipientAccountId": ACCOUNT,
            "eventCategory": "Management",
        }


def known_events(start: datetime) -> list[Known]:
    """The content of the known store, in the order of time."""
    return [
        Known(
            str(UUID(int=number + 1)),
            start + number * STEP,
            NAMES[number * number % len(NAMES)],
            f"user-{number % USERS}",
            f"198.51.100.{number * 7 % 200}",
        )
        for number in range(KNOWN_EVENTS)
    ]


def make_known(lake: Path, logs: Path, events: Sequence[Known]) -> None:
    """Log files of these events, and a store that has taken them in."""
    logs.mkdir()
    for at in range(0, len(events), EVENTS_A_FILE):
        records = [event.record() for event in events[at : at + EVENTS_A_FILE]]
        (logs / f"{at:06}.json.gz").write_bytes(gzip.compress(json.dumps({"Records": records}).encode()))
    trailmere(lake, "store", "create", KNOWN)
    trailmere(lake, "ingest", str(logs), "--store", KNOWN)


def trailmere(lake: Path, *arguments: str, codes: Sequence[int] = (0,)) -> str:
    """What a command prints. Raises RuntimeError where it ends otherwise."""
    command = [*TRAILMERE, *arguments, "--lake", str(lake)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode not in codes:
        raise RuntimeError(f"trailmere {' '.join(arguments)} ended with {done.returncode}: {done.stderr}")
    return done.stdout


# -- the events that are pushed


def pushed_data(seed: int, client: int, call: int) -> list[dict[str, Any]]:
    """``eventData`` of the events of one call: one, a few or many; small ones, and now and then one of kilobytes."""
    rng = Random(f"{seed} {client} {call}")
    count = rng.choice([1, 1, 1, rng.randint(2, 10), rng.randint(2, 10), rng.randint(11, 100)])
    return [_one(rng, f"{client}-{call}-{number}") for number in range(count)]


def _one(rng: Random, uid: str) -> dict[str, Any]:
    size = rng.choice([0, 20, 200, 200, 4_000 if rng.random() < 0.1 else 100])
    return {
        "version": "1",
        "userIdentity": {"type": "custom", "principalId": f"p-{rng.randrange(1000)}"},
        "eventSource": "load.example",
        "eventName": rng.choice(["DoorOpened", "DoorClosed", "AlarmRaised"]),
        "eventTime": f"2026-03-{rng.randint(1, 4):02}T{rng.randrange(24):02}:{rng.randrange(60):02}:00Z",
        "UID": uid,
        "requestParameters": {"note": "".join(rng.choices('aäß日😀 "\\', k=size))},
        "recipientAccountId": ACCOUNT,
    }


def presented(data: Sequence[dict[str, Any]]) -> list[dict[str, str]]:
    """The events as PutAuditEvents takes them."""
    return [{"id": one["UID"], "eventData": json.dumps(one, ensure_ascii=False)} for one in data]


# -- the server


@dataclass(frozen=True, slots=True)
class Told:
    """What clients need to know, and all that they are told."""

    address: str
    access_key_id: str
    secret_access_key: str
    seed: int
    start: datetime
    known: str = ""  # id of the store
    pushed: str = ""
    channel: str = ""  # its ARN


@dataclass(frozen=True, slots=True)
class Sample:
    """The server at one moment; ``all_bytes`` with the processes that it has started, ``cpu_seconds`` without."""

    at: float
    server_bytes: int
    all_bytes: int
    files: int
    threads: int
    cpu_seconds: float


@dataclass
class Server:
    """``trailmere serve`` over a lake, started, killed and started again on the port it had."""

    lake: Path
    log: Path
    address: str = ""
    key: tuple[str, str] = ("", "")
    lives: list[list[Sample]] = field(default_factory=list)
    _process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Returns when it listens."""
        port = self.address.rpartition(":")[2] or "0"
        command = [*TRAILMERE, "serve", "--lake", str(self.lake), "--port", port]
        said = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("a") as talk:
            self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=talk, text=True)
        assert self._process.stdout is not None
        listening = self._process.stdout.readline()
        if not listening:
            raise RuntimeError(f"the server did not start: {self.log.read_text()[said:][-2000:]}")
        self.address = listening.split()[-1]
        if not said:
            told = dict(re.findall(r"export (AWS_\w+)=(\S+)", self.log.read_text()))
            self.key = told["AWS_ACCESS_KEY_ID"], told["AWS_SECRET_ACCESS_KEY"]
        self.lives.append([])
        threading.Thread(target=self._watch, args=(self._process, self.lives[-1]), daemon=True).start()

    def kill(self) -> float:
        """SIGKILL; when."""
        assert self._process is not None
        self._process.kill()
        at = time.monotonic()
        self._process.wait()
        return at

    def end(self) -> int:
        """SIGTERM; how it ended."""
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(timeout=120)

    def _watch(self, process: subprocess.Popen[str], life: list[Sample]) -> None:
        while process.returncode is None:
            sample = sample_of(process.pid)
            if sample is not None:
                life.append(sample)
            time.sleep(0.5)


def sample_of(pid: int) -> Sample | None:
    """What proc(5) says of a process and its children; None where it is gone."""
    place = Path(f"/proc/{pid}")
    try:
        own, cpu_seconds = _used(place)
        threads = list((place / "task").iterdir())
        files = len(list((place / "fd").iterdir()))
        children = {int(one) for thread in threads for one in (thread / "children").read_text().split()}
        all_of_them = own + sum(_used(Path(f"/proc/{child}"))[0] for child in children)
    except OSError:  # it, a thread or a child has just ended
        return None
    return Sample(time.monotonic(), own, all_of_them, files, len(threads), cpu_seconds)


def _used(place: Path) -> tuple[int, float]:
    """Resident bytes and seconds of processor time of a process: proc(5), stat, fields 24, 14 and 15."""
    fields = (place / "stat").read_text().rpartition(")")[2].split()
    return int(fields[21]) * PAGE_BYTES, (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND
