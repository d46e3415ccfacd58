"""Spoil log files in thousands of ways, take them in, and see that nothing crashed, hung, grew or went unseen.

As a script: ``python -m tests.ingest.fuzz [FILES] [SEED]`` (20,000 by default) prints a table and exits with 1 where
something was found. Every file is made of a few records and spoilt: bytes flipped, cut, doubled or thrown in, values
replaced, gzip data damaged, text in other encodings. The judge reads files with the standard library: a record whose
text came through the spoiling must be in the table (it, or the same JSON in other spaces) or in a dead letter of its
delivery, and what was refused must be kept byte for byte.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import resource
import sys
import tempfile
import time
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from tests.ingest.corpus import event
from trailmere.events.selector_templates import template
from trailmere.ingest.records import Limits, Recipe, Task
from trailmere.ingest.run import ingest
from trailmere.ingest.worker import perform
from trailmere.lake.lifecycle import StoreLifecycle
from trailmere.lake.vault import Lake
from trailmere.registry.stores import StoreRegistry
from trailmere.sources.opening import open_source

if TYPE_CHECKING:
    from trailmere.registry.records import EventDataStore

MIB = 1 << 20
FILES_A_STORE = 1000
LARGEST_CONTENT = 4 * MIB
MOST_SECONDS_A_FILE = 2.0
CRASHES = frozenset({"decoder-crashed", "decoder-timeout"})
# What is thrown in: what parsers stumble over (reliability notes on hostile bytes: numbers, keys, encodings, depth).
TOKENS = (
    *(b'{ } [ ] " , : \\ / \\" \\u0000 \\ud800 \\udc00 \\u00e9 \\/ null true NaN Infinity -0 1.10 1e999'.split(b" ")),
    *(b"18446744073709551616 -9223372036854775809 0x10 01 1. .5 --1 ''".split(b" ")),
    *(b"\x00 \xff \xc0\xaf \xed\xa0\x80 \xef\xbb\xbf \xf4\x90\x80\x80 \xe2\x80\xa8 \n \r\n \t".split(b" ")),
    *(
        b'"Records":[ "Records":{} "eventTime":null "eventID":1 {"Records":[ ]} "detail":{ "eventTime":"9999'.split(
            b" "
        )
    ),
    b"9" * 5000,
    b"[" * 300,
    b'{"a":' * 300,
    b'{"a":1,"a":2}',
    b"/* x */",
    b'"' + b"x" * 70_000 + b'"',
)
VALUES: tuple[Any, ...] = (
    *(
        None,
        True,
        False,
        0,
        -1,
        1.1,
        10**30,
        "",
        "x",
        [],
        {},
        [[]],
        [None],
        {"a": None},
        {"a": {"b": [1.10, "\u00e9"]}},
    ),
    *("2026-03-01", "2026-02-30T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:60Z", "\U0001f600\x00", "'; --"),
)


@dataclass(frozen=True)
class Spoilt:
    """A file as it was delivered, and the texts of the records that it was made of."""

    stored: bytes
    records: tuple[bytes, ...]


@dataclass
class Findings:
    """What the judge has seen. ``faults`` are sentences; there should be none."""

    files: int = 0
    cpu_seconds: float = 0.0
    statuses: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    records: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


# -- spoiling ----------------------------------------------------------------------------------------------------------


def spoilt(random: Random) -> Spoilt:
    """A file of one to five records, spoilt once to four times."""
    records = [event(random) for _ in range(random.randrange(1, 6))]
    if random.random() < 0.5:
        records = [_with_odd_values(record, random) for record in records]
    texts = tuple(_written(record, random) for record in records)
    content = random.choice(WRAPPERS)(texts)
    for _ in range(random.choice((0, 1, 1, 2, 4))):
        content = random.choice(CONTENT_SPOILERS)(content, random)
    stored = gzip.compress(content, 1, mtime=0) if random.random() < 0.8 else content
    if random.random() < 0.3:
        stored = random.choice(STORED_SPOILERS)(stored, random)
    return Spoilt(stored, texts)


def _with_odd_values(record: dict[str, Any], random: Random) -> dict[str, Any]:
    changed = {**record}
    for _ in range(random.randrange(1, 4)):
        changed[random.choice([*record, "somethingNew", "tlsDetails", "resources"])] = random.choice(VALUES)
    return changed


def _written(record: dict[str, Any], random: Random) -> bytes:
    spacing = random.choice(((",", ":"), (",", ":"), (", ", ": ")))
    return json.dumps(record, separators=spacing, ensure_ascii=random.random() < 0.5).encode()


WRAPPERS: tuple[Callable[[tuple[bytes, ...]], bytes], ...] = (
    lambda texts: b'{"Records":[' + b",".join(texts) + b"]}",
    lambda texts: b'{"Records":[' + b",".join(texts) + b"]}",
    lambda texts: b"[" + b",\n".join(texts) + b"]",
    lambda texts: b"\n".join(texts) + b"\n",
    lambda texts: b"\n".join(b'{"version":"0","detail":' + text + b"}" for text in texts),
    lambda texts: texts[0],
)


def _place(content: bytes, random: Random) -> int:
    return random.randrange(len(content) + 1)


def _flip(content: bytes, random: Random) -> bytes:
    changed = bytearray(content)
    for _ in range(random.choice((1, 1, 8))):
        if changed:
            changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def _cut(content: bytes, random: Random) -> bytes:
    return content[: _place(content, random)]


def _leave_out(content: bytes, random: Random) -> bytes:
    at = _place(content, random)
    return content[:at] + content[at + random.choice((1, 10, 300)) :]


def _double(content: bytes, random: Random) -> bytes:
    first, second = sorted((_place(content, random), _place(content, random)))
    return content[:second] + content[first:]


def _throw_in(content: bytes, random: Random) -> bytes:
    at = _place(content, random)
    return content[:at] + random.choice(TOKENS) + content[at:]


def _encode(content: bytes, random: Random) -> bytes:
    text = content.decode("utf-8", "replace")
    return text.encode(random.choice(("utf-16", "utf-8-sig", "utf-16-le", "utf-32", "utf-7")), "replace")


CONTENT_SPOILERS = (_flip, _cut, _leave_out, _double, _throw_in, _throw_in, _encode)
STORED_SPOILERS: tuple[Callable[[bytes, Random], bytes], ...] = (
    _flip,
    _cut,
    lambda stored, random: stored + random.choice((b"\0", b"\0" * 512, gzip.compress(b"{}"), stored)),
    lambda stored, random: gzip.compress(stored, 1),
    lambda stored, random: gzip.compress(b" " * (LARGEST_CONTENT + 1), 9),
    lambda stored, random: gzip.compress(b"") + stored,
    lambda stored, random: b"",
)


# -- judging -----------------------------------------------------------------------------------------------------------


def inflated(stored: bytes) -> bytes:
    """As much of the content as the standard library can read."""
    if not stored.startswith(b"\x1f\x8b"):
        return stored
    reader = zlib.decompressobj(31)
    parts = []
    for start in range(0, len(stored), 64):
        try:
            parts.append(reader.decompress(stored[start : start + 64], LARGEST_CONTENT))
        except zlib.error:
            break
    return b"".join(parts)


def judge(lake: Lake, store: EventDataStore, files: dict[str, Spoilt], findings: Findings) -> None:
    """Compare what was delivered with the ledger, the table and the dead letters."""
    kept = _kept_texts(lake, store.id)
    refused = _refused_bytes(lake, store.id, findings)
    entries = {Path(entry.uri.removeprefix("file://")).name: entry for entry in lake.deliveries(store.id)}
    findings.files += len(files)
    for name, file in files.items():
        entry = entries.get(name)
        if entry is None:
            findings.faults.append(f"{name}: not in the ledger")
            continue
        findings.statuses[entry.status] += 1
        if entry.status == "rejected" and file.stored not in refused[entry.id] and len(file.stored):
            findings.faults.append(f"{name}: refused, and its bytes are not kept")
        if entry.status == "taken":
            _judge_records(name, file, kept[entry.id] + refused[entry.id], findings)
        for what in ("parsed", "kept", "filtered", "duplicate", "dead"):
            findings.records[what] += getattr(entry, what)


def _judge_records(name: str, file: Spoilt, found: list[bytes], findings: Findings) -> None:
    content = inflated(file.stored)
    for text in file.records:
        if text in content and not any(text in one or _say_the_same(text, one) for one in found):
            findings.faults.append(
                f"{name}: a whole record is neither in the table nor in a dead letter: {text[:80]!r}"
            )


def _say_the_same(text: bytes, other: bytes) -> bool:
    """Whether two texts are the same JSON, digit by digit: spoiling may make a copy with other spaces, and of copies
    one is kept."""

    def read(one: bytes) -> Any:
        return json.loads(one, parse_int=lambda digits: (digits,), parse_float=lambda digits: (digits,))

    try:
        return bool(read(text) == read(other))
    except ValueError:
        return False


def _kept_texts(lake: Lake, store_id: str) -> dict[str, list[bytes]]:
    texts: dict[str, list[bytes]] = defaultdict(list)
    for file in lake.scan(store_id).files:
        table = pq.read_table(file.path, columns=["deliveryid", "eventjson"], partitioning=None)
        for delivery, text in zip(table["deliveryid"].to_pylist(), table["eventjson"].to_pylist(), strict=True):
            texts[delivery].append(text.encode())
    return texts


def _refused_bytes(lake: Lake, store_id: str, findings: Findings) -> dict[str, list[bytes]]:
    refused: dict[str, list[bytes]] = defaultdict(list)
    for listed in lake.dead_letters(store_id):
        letter = lake.dead_letter(listed.id).letter
        findings.reasons[letter.reason] += 1
        if letter.reason in CRASHES:
            findings.faults.append(f"{letter.uri}: {letter.reason}: {letter.message}")
        if not (letter.place and letter.message):
            findings.faults.append(f"{letter.uri}: a dead letter without place or message")
        if letter.content is not None:
            refused[letter.delivery_id].append(letter.content)
            if hashlib.sha256(letter.content).hexdigest() != letter.sha256 or len(letter.content) != letter.size:
                findings.faults.append(f"{letter.uri}: a dead letter's bytes are not those of its hash")
    return refused


# -- running -----------------------------------------------------------------------------------------------------------


def batches(files: int, seed: int) -> Iterator[dict[str, Spoilt]]:
    """Files by name, so many to a store; the same seed gives the same files."""
    random = Random(seed)
    for start in range(0, files, FILES_A_STORE):
        yield {f"{start + at:08}.json.gz": spoilt(random) for at in range(min(FILES_A_STORE, files - start))}


def fuzz(place: Path, files: int, seed: int, said: Callable[[Findings], None] = lambda _: None) -> Findings:
    """Take so many spoilt files in, a lake for each thousand, and judge them."""
    findings = Findings()
    limits = Limits(workers=2, max_delivery_bytes=LARGEST_CONTENT, task_seconds=60)
    for number, batch in enumerate(batches(files, seed)):
        with tempfile.TemporaryDirectory(dir=place) as folder, Lake.open(Path(folder) / "lake") as lake:
            logs = Path(folder) / "logs"
            logs.mkdir()
            for name, file in batch.items():
                (logs / name).write_bytes(file.stored)
            registry = StoreRegistry(lake.engine, account_id="111122223333", region="eu-west-1")
            store = StoreLifecycle(registry, lake).create(f"fuzz-{number}", selectors=template("everything"))
            began = _cpu_seconds()
            ingest(lake, store, open_source(str(logs)), limits)
            findings.cpu_seconds += _cpu_seconds() - began
            judge(lake, store, batch, findings)
        said(findings)
    return findings


def slowest(files: int, seed: int) -> float:
    """CPU seconds of the file that takes longest to decode."""
    recipe = Recipe("cloudtrail", template("everything"), Limits(max_delivery_bytes=LARGEST_CONTENT))
    longest = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for batch in batches(files, seed):
            for name, file in batch.items():
                path = Path(folder) / name
                path.write_bytes(file.stored)
                (delivery,) = open_source(str(path)).listing()
                began = time.process_time()
                perform(Task(1, (delivery,), {}, None), recipe)
                longest = max(longest, time.process_time() - began)
                path.unlink()
    return longest


def _cpu_seconds() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def main(files: int = 20_000, seed: int = 1) -> int:
    def said(findings: Findings) -> None:
        print(f"{findings.files:>9,} files, {len(findings.faults)} faults", file=sys.stderr)

    with tempfile.TemporaryDirectory() as place:
        findings = fuzz(Path(place), files, seed, said)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    longest = slowest(min(files, 20_000), seed)
    if longest > MOST_SECONDS_A_FILE:
        findings.faults.append(f"a file took {longest:.1f} s of CPU")
    print(f"files {findings.files:,}  seed {seed}  CPU {findings.cpu_seconds:,.0f} s  largest worker {peak:,} MiB")
    print(f"slowest file (of {min(files, 20_000):,} alone) {longest:.3f} s of CPU")
    for title, counts in (("", findings.statuses), ("records ", findings.records), ("reason ", findings.reasons)):
        print("\n".join(f"{title}{name:20} {count:>10,}" for name, count in counts.most_common()))
    print("\n".join(findings.faults[:50]) or "no faults")
    return 1 if findings.faults else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
