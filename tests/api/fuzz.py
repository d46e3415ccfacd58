"""Signed calls with bodies that were spoiled: none is an internal failure, and every answer is one that clients know.

``python -m tests.api.fuzz COUNT SEED`` runs as many as one likes; the suite runs some thousand.
"""

from __future__ import annotations

import base64
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

from tests.api.inputs import least
from tests.api.serving import Serving, serve
from trailmere.api.model import CLOUDTRAIL, CLOUDTRAIL_DATA, Operation, operations
from trailmere.api.request import Reply, Request

ALL = [*operations(CLOUDTRAIL).values(), *operations(CLOUDTRAIL_DATA).values()]
JUNK: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2**31, 2**63, 2**64, 10**400, 0.5, -0.0, 1e308, 1e-320),
    *(
        "",
        " ",
        "\0",
        "\n",
        "a",
        "a" * 300,
        "a" * 20_000,
        "\u00e9",
        "\u2028",
        "\ud800",
        "\U0001f4c5",
        "%00",
        "../..",
        "$EDS_ID",
    ),
    *("arn:aws:cloudtrail:us-east-1:123456789012:eventdatastore/x", "arn:aws:cloudtrail", "' OR 1=1 --", "${x}", "nan"),
    *([], [[]], [None], {}, {"": ""}, {"Key": {}}, [{}] * 300, {str(number): number for number in range(300)}),
)


def sample(operation: Operation) -> Any:
    """A well-formed input as JSON."""
    return json.loads(json.dumps(least(operation.input) if operation.input else {}, default=_in_json))


def _in_json(value: object) -> Any:
    if isinstance(value, datetime):
        return value.timestamp()
    assert isinstance(value, bytes)
    return base64.b64encode(value).decode()


def members_of(operation: Operation) -> list[str]:
    return list(operation.input.members) if operation.input else []


def spoil_value(random: Random, value: Any) -> Any:
    """The value with one thing in it, however deep, replaced by junk."""
    if isinstance(value, dict) and value and random.random() < 0.7:
        key = random.choice(sorted(value))
        return {**value, key: spoil_value(random, value[key])}
    if isinstance(value, list) and value and random.random() < 0.7:
        place = random.randrange(len(value))
        return [*value[:place], spoil_value(random, value[place]), *value[place + 1 :]]
    return random.choice(JUNK)


def add_member(random: Random, operation: Operation, value: Any) -> Any:
    """The input with a member set to junk."""
    names = [*members_of(operation), "Unknown", ""]
    return {**value, random.choice(names): random.choice(JUNK)}


def spoil_bytes(random: Random, body: bytes) -> bytes:
    """The body cut, repeated, or with bytes replaced."""
    place = random.randrange(len(body) + 1)
    some = bytes(random.randrange(256) for _ in range(random.randrange(1, 5)))
    return random.choice((body[:place], body + body, body[:place] + some + body[place + len(some) :], some + body))


def body_of(random: Random, operation: Operation) -> bytes:
    """A spoiled body for an operation."""
    value = sample(operation)
    for _ in range(random.randrange(1, 4)):
        value = add_member(random, operation, value) if random.random() < 0.5 else spoil_value(random, value)
        if not isinstance(value, dict):
            break
    body = json.dumps(value, ensure_ascii=random.random() < 0.9).encode("utf-8", "surrogatepass")
    return spoil_bytes(random, body) if random.random() < 0.3 else body


def requests(serving: Serving, count: int, seed: int) -> Iterator[tuple[Operation, Request]]:
    """Signed requests."""
    random = Random(seed)
    for _ in range(count):
        operation = random.choice(ALL)
        body = body_of(random, operation)
        headers: dict[str, str | None] = {}
        if operation.service == CLOUDTRAIL_DATA:
            headers = {"X-Amz-Target": None, "Content-Type": "application/json"}
        signed = serving.signed(operation.name, body, path=operation.path, service=operation.service, headers=headers)
        named = tuple((name.lower(), value) for name, value in signed.items())
        yield operation, Request("POST", operation.path, "", named, body, "127.0.0.1")


def strange(operation: Operation, reply: Reply) -> bool:
    """Whether a client could not know this answer."""
    return reply.status >= 500 or not (reply.code is None or operation.declares(reply.code))


def run(answer: Callable[[Request], Reply], serving: Serving, count: int, seed: int) -> tuple[Counter[str], list[str]]:
    """How often each answer came, and what was strange."""
    seen: Counter[str] = Counter()
    found: list[str] = []
    for operation, request in requests(serving, count, seed):
        reply = answer(request)
        seen[reply.code or "answered"] += 1
        if strange(operation, reply):
            found.append(f"{operation.name} {reply.status} {reply.code}: {request.body[:300]!r}")
    return seen, found


def main() -> None:
    """Run as many as were asked for; the exit code says whether anything was strange."""
    count, seed = int(sys.argv[1]), int(sys.argv[2])
    with tempfile.TemporaryDirectory() as folder:
        serving = serve(Path(folder) / "lake", sink=lambda _event: None)
        seen, found = run(serving.dispatcher.answer, serving, count, seed)
        serving.close()
    print(f"{count:,} calls, seed {seed}: {dict(seen.most_common())}")
    print("\n".join(found[:50]))
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
