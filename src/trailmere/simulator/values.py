"""What fills the holes of a template: pools of names and identifiers, one set an account, drawn from the seed.

A pool is walked round and round. Pools have different lengths, so that their combinations repeat only after very many
events; what must never repeat (event ids, request ids) is drawn anew from ``Guids``.
"""

from __future__ import annotations

import base64
import string
from collections.abc import Callable, Iterator, Mapping
from itertools import cycle
from random import Random

TEAMS = ("checkout", "catalogue", "payments", "search", "platform", "data", "mobile")
THINGS = ("orders", "invoices", "sessions", "images", "events", "reports", "prices", "stock", "customers", "exports")
STAGES = ("prod", "live", "shared", "core")
SUFFIXES = (".json", ".parquet", ".csv", ".jpg", ".zip", ".avro")
INSTANCE_TYPES = ("t3.medium", "m5.large", "c5.xlarge", "r5.large", "m6g.large")
ROLES = ("app-runtime", "order-service", "batch-worker", "image-resizer", "report-writer", "edge-proxy", "etl-runner")
SESSIONS = ("service", "batch", "scheduler", "resizer", "reporter", "proxy", "runner")

PEOPLE = (
    "organization-admin",
    "security-analyst",
    "incident-responder",
    "release-manager",
    "build-engineer",
    "on-call-engineer",
    "platform-engineer",
    "backend-developer",
    "data-engineer",
    "data-analyst",
)

_KEY_ALPHABET = string.ascii_uppercase + "234567"
_NAME_ALPHABET = string.ascii_uppercase + string.digits


class Guids:
    """GUIDs (version 4) drawn in blocks; ``next`` gives one as text."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def __iter__(self) -> Iterator[str]:
        while True:
            block = self._random.randbytes(16 * 2048).hex()
            for i in range(0, len(block), 32):
                yield (
                    f"{block[i : i + 8]}-{block[i + 8 : i + 12]}-4{block[i + 13 : i + 16]}"
                    f"-a{block[i + 17 : i + 20]}-{block[i + 20 : i + 32]}"
                )


def access_key(random: Random, prefix: str) -> str:
    """An access key id of 20 characters: AKIA for long-term, ASIA for temporary credentials."""
    return prefix + "".join(random.choices(_KEY_ALPHABET, k=16))


def unique_id(random: Random, prefix: str) -> str:
    """An IAM unique id of 21 characters: AROA for a role, AIDA for a user."""
    return prefix + "".join(random.choices(_KEY_ALPHABET, k=17))


def file_token(random: Random) -> str:
    """The 16 characters that make a delivered file's name unique."""
    return "".join(random.choices(string.ascii_letters + string.digits, k=16))


def hexadecimal(random: Random, digits: int) -> str:
    """``digits`` hexadecimal digits."""
    return f"{random.getrandbits(4 * digits):0{digits}x}"


def session_token(random: Random, size: int = 420) -> str:
    """A session token: base64 of ``size`` bytes of nothing."""
    return base64.b64encode(random.randbytes(size)).decode()


def _bucket(random: Random, account: str) -> str:
    return f"example-{random.choice(TEAMS)}-{random.choice(THINGS)}-{account[:4]}"


def _object_key(random: Random) -> str:
    day = f"{random.randrange(2021, 2023)}/{random.randrange(1, 13):02d}/{random.randrange(1, 29):02d}"
    return f"{random.choice(THINGS)}/{day}/part-{random.randrange(100_000):05d}{random.choice(SUFFIXES)}"


def _private_ip(random: Random) -> str:
    return f"10.{random.randrange(8, 40)}.{random.randrange(256)}.{random.randrange(4, 250)}"


Draw = Callable[[Random, str], str]

# hole -> (pool size, how one value is drawn). Sizes are primes.
_POOLS: Mapping[str, tuple[int, Draw]] = {
    "bucket": (29, _bucket),
    "key": (1999, lambda r, _: _object_key(r)),
    "instance": (151, lambda r, _: "i-0" + hexadecimal(r, 16)),
    "image": (7, lambda r, _: "ami-0" + hexadecimal(r, 16)),
    "volume": (157, lambda r, _: "vol-0" + hexadecimal(r, 16)),
    "interface": (163, lambda r, _: "eni-0" + hexadecimal(r, 16)),
    "vpc": (3, lambda r, _: "vpc-0" + hexadecimal(r, 16)),
    "subnet": (11, lambda r, _: "subnet-0" + hexadecimal(r, 16)),
    "security_group": (23, lambda r, _: "sg-0" + hexadecimal(r, 16)),
    "endpoint": (5, lambda r, _: "vpce-0" + hexadecimal(r, 16)),
    "instance_type": (5, lambda r, _: r.choice(INSTANCE_TYPES)),
    "private_ip": (211, lambda r, _: _private_ip(r)),
    "private_dashed": (223, lambda r, _: _private_ip(r).replace(".", "-")),
    "function": (31, lambda r, _: f"{r.choice(TEAMS)}-{r.choice(THINGS)}-{r.choice(STAGES)}"),
    "stack": (37, lambda r, _: f"{r.choice(TEAMS)}-{r.choice(THINGS)}-stack"),
    "table": (19, lambda r, _: f"{r.choice(TEAMS)}.{r.choice(THINGS)}"),
    "queue": (17, lambda r, _: f"{r.choice(THINGS)}-inbound"),
    "cluster": (3, lambda r, _: f"{r.choice(STAGES)}-cluster"),
    "database": (7, lambda r, _: f"{r.choice(THINGS)}-db"),
    "team": (7, lambda r, _: r.choice(TEAMS)),
    "parameter": (53, lambda r, _: f"/{r.choice(STAGES)}/{r.choice(TEAMS)}/{r.choice(THINGS)}/url"),
    "secret": (
        13,
        lambda r, _: f"{r.choice(STAGES)}/{r.choice(THINGS)}-{''.join(r.choices(string.ascii_letters, k=6))}",
    ),
    "kms_key": (5, lambda r, _: next(iter(Guids(r)))),
    "role": (7, lambda r, _: r.choice(ROLES)),
    "role_id": (7, lambda r, _: unique_id(r, "AROA")),
    "profile_id": (7, lambda r, _: unique_id(r, "AIPA")),
    "person": (13, lambda r, _: f"{r.choice(PEOPLE)}@example.com"),
    "caller_id": (3, lambda r, _: unique_id(r, "AROA")),
    "session": (11, lambda r, _: f"{r.choice(SESSIONS)}-{r.randrange(100, 999)}"),
    "temporary_key": (997, lambda r, _: access_key(r, "ASIA")),
    "token": (499, lambda r, _: session_token(r)),
    "token_short": (503, lambda r, _: session_token(r, 96)),
    "version_id": (509, lambda r, _: file_token(r) + file_token(r)),
    "host_id": (1009, lambda r, _: session_token(r, 56)),
    "hex10": (61, lambda r, _: hexadecimal(r, 10)),
    "hex16": (67, lambda r, _: hexadecimal(r, 16)),
    "hex17": (1013, lambda r, _: hexadecimal(r, 17)),
    "hex32": (1019, lambda r, _: hexadecimal(r, 32)),
    "bytes_in": (1021, lambda r, _: str(int(r.lognormvariate(7, 2)))),
    "bytes_out": (1031, lambda r, _: str(int(r.lognormvariate(8, 2)))),
}


class Pools:
    """The pools of one account. ``source(hole)`` is an endless iterator of its values."""

    def __init__(self, seed: str, account: str, others: tuple[str, ...], guids: Iterator[str]) -> None:
        self._seed, self._account, self._others, self._guids = seed, account, others, guids
        self._sources: dict[str, Iterator[str]] = {}
        self._drawn: dict[str, list[str]] = {}

    def source(self, hole: str) -> Iterator[str]:
        """The values of ``hole``, for ever. Raises KeyError for a hole nobody fills."""
        if hole not in self._sources:
            self._sources[hole] = self._make(hole)
        return self._sources[hole]

    def values(self, hole: str) -> list[str]:
        """All values of the pool."""
        if hole not in self._drawn:
            size, draw = _POOLS[hole]
            random = Random(f"{self._seed}/{self._account}/{hole}")
            self._drawn[hole] = [draw(random, self._account) for _ in range(size)]
        return self._drawn[hole]

    def _make(self, hole: str) -> Iterator[str]:
        if hole == "shared_id":
            return self._guids
        if hole == "target_account":
            return cycle(self._others)
        return cycle(self.values(hole))
