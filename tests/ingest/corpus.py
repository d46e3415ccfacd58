"""Log files of many kinds made from a seed, and a checker that knows nothing of Trailmere's own way of reading them.

The checker reads sources with the standard library and the table's Parquet files with pyarrow, and compares multisets:
what should be in the table exactly once, and what is.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from trailmere.lake.vault import Lake

ACCOUNT, REGION = "111122223333", "eu-west-1"
KINDS = (
    "good",
    "plain",
    "lines",
    "copy",
    "recompressed",
    "wrapped again",
    "changed content",
    "without ids",
    "shared ids",
    "without time",
    "data events",
    "cut gzip",
    "two members",
    "broken json",
    "empty",
    "digest",
    "hidden",
    "noise",
)


def event(random: Random, **members: Any) -> dict[str, Any]:
    """A management event of CloudTrail's shape."""
    day, hour = random.randrange(1, 4), random.randrange(24)
    return {
        "eventVersion": "1.09",
        "userIdentity": {"type": "IAMUser", "arn": f"arn:aws:iam::{ACCOUNT}:user/u{random.randrange(9)}"},
        "eventTime": f"2026-03-{day:02}T{hour:02}:{random.randrange(60):02}:00Z",
        "eventSource": "ec2.amazonaws.com",
        "eventName": random.choice(("RunInstances", "DescribeInstances", "StopInstances")),
        "awsRegion": REGION,
        "sourceIPAddress": "192.0.2.7",
        "requestParameters": {"n": random.randrange(10**30), "text": "ä\u2028\\u0041"},
        "eventID": f"{random.getrandbits(128):032x}",
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
    } | members


def envelope(records: Iterable[dict[str, Any]]) -> bytes:
    """The content of a log file as CloudTrail writes it."""
    return json.dumps({"Records": list(records)}, separators=(",", ":"), ensure_ascii=False).encode()


def packed(content: bytes, *, level: int = 6) -> bytes:
    return gzip.compress(content, level, mtime=0)


def log_key(random: Random, kind: str = "CloudTrail") -> str:
    day, minute = random.randrange(1, 29), random.randrange(60)
    name = f"{ACCOUNT}_{kind}_{REGION}_202603{day:02}T10{minute:02}Z_{random.getrandbits(64):016X}.json.gz"
    return f"AWSLogs/{ACCOUNT}/{kind}/{REGION}/2026/03/{day:02}/{name}"


@dataclass
class Corpus:
    """Files of one folder. ``wanted`` holds what must be in the table: (eventID, JSON value) -> how often."""

    folder: Path
    random: Random
    events: list[dict[str, Any]] = field(default_factory=list)
    good: list[tuple[list[dict[str, Any]], bytes]] = field(default_factory=list)
    wanted: Counter[tuple[str, str]] = field(default_factory=Counter)
    files: int = 0
    kinds: Counter[str] = field(default_factory=Counter)

    def add(self, kind: str) -> None:
        """One more file of a kind; kinds that repeat an earlier file make a good one where there is none."""
        if not self.good and kind in ("copy", "recompressed", "wrapped again", "changed content"):
            kind = "good"
        self.kinds[kind] += 1
        getattr(self, "_" + kind.replace(" ", "_"))()

    def write(self, key: str, content: bytes) -> Path:
        path = self.folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        self.files += 1
        return path

    def want(self, records: Iterable[dict[str, Any]]) -> None:
        """Each event once; a record without an id as often as it is delivered."""
        for record in records:
            mark = mark_of(record)
            self.wanted[mark] = 1 if mark[0] else self.wanted[mark] + 1

    def _records(self, **members: Any) -> list[dict[str, Any]]:
        return [event(self.random, **members) for _ in range(self.random.randrange(1, 9))]

    def _good(self, **members: Any) -> None:
        records = self._records(**members)
        content = envelope(records)
        self.write(log_key(self.random), packed(content))
        self.good.append((records, content))
        self.want(records)

    def _plain(self) -> None:
        records = self._records()
        self.write(f"exports/{self.random.getrandbits(40):x}.json", json.dumps({"Records": records}, indent=2).encode())
        self.want(records)

    def _lines(self) -> None:
        records = self._records()
        self.write(f"exports/{self.random.getrandbits(40):x}.jsonl", "\n".join(map(json.dumps, records)).encode())
        self.want(records)

    def _copy(self) -> None:
        self.write("copies/" + log_key(self.random), packed(self.random.choice(self.good)[1]))

    def _recompressed(self) -> None:
        self.write("again/" + log_key(self.random), packed(self.random.choice(self.good)[1], level=1))

    def _wrapped_again(self) -> None:
        records = self.random.choice(self.good)[0]
        lines = [
            json.dumps({"version": "0", "detail-type": "AWS API Call via CloudTrail", "detail": r}) for r in records
        ]
        self.write(f"bus/{self.random.getrandbits(40):x}.jsonl", "\n".join(lines).encode())

    def _changed_content(self) -> None:
        record = self.random.choice(self.random.choice(self.good)[0])
        if "eventID" not in record:
            return
        changed = record | {"errorMessage": f"changed {self.random.getrandbits(40):x}"}
        self.write(log_key(self.random), packed(envelope([changed])))
        self.want([changed])

    def _without_ids(self) -> None:
        records = [{k: v for k, v in r.items() if k != "eventID"} for r in self._records(eventVersion="1.0")]
        self.write(log_key(self.random), packed(envelope(records)))
        self.want(records)

    def _shared_ids(self) -> None:
        shared = f"{self.random.getrandbits(128):032x}"
        records = [event(self.random, sharedEventID=shared) for _ in range(2)]
        self.write(log_key(self.random), packed(envelope(records)))
        self.want(records)

    def _without_time(self) -> None:
        records = self._records()
        bad = self._records(eventTime="yesterday")
        self.write(log_key(self.random), packed(envelope([*bad, *records])))
        self.want(records)

    def _data_events(self) -> None:
        self.write(log_key(self.random), packed(envelope(self._records(eventCategory="Data", managementEvent=False))))

    def _cut_gzip(self) -> None:
        whole = packed(envelope(self._records()))
        self.write(log_key(self.random), whole[: self.random.randrange(19, len(whole))])

    def _two_members(self) -> None:
        self.write(log_key(self.random), packed(envelope(self._records())) + packed(envelope(self._records())))

    def _broken_json(self) -> None:
        records = self._records()
        content = envelope([*records, event(self.random)])
        self.write(f"broken/{self.random.getrandbits(40):x}.json", content[: -self.random.randrange(4, 200)])
        self.want(records)

    def _empty(self) -> None:
        self.write(log_key(self.random), b"")

    def _digest(self) -> None:
        content = json.dumps({"awsAccountId": ACCOUNT, "digestStartTime": "x", "logFiles": []}).encode()
        self.write(log_key(self.random, "CloudTrail-Digest"), packed(content))

    def _hidden(self) -> None:
        self.write(f"exports/.{self.random.getrandbits(40):x}", b"\0\0\0\1Bud1")

    def _noise(self) -> None:
        self.write(f"exports/{self.random.getrandbits(40):x}.txt", self.random.randbytes(64))


def make(folder: Path, seed: int, kinds: Iterable[str]) -> Corpus:
    corpus = Corpus(folder, Random(seed))
    folder.mkdir(parents=True, exist_ok=True)
    for kind in kinds:
        corpus.add(kind)
    return corpus


def mark_of(record: dict[str, Any]) -> tuple[str, str]:
    """An event's id and its value, key order and white space aside."""
    return record.get("eventID", ""), json.dumps(record, sort_keys=True)


def rows(lake: Lake, store_id: str) -> Iterator[dict[str, Any]]:
    """Every row of the store's table, straight from its Parquet files."""
    columns = ["eventid", "eventjson", "deliveryid", "deliveryordinal", "eventidconflict", "sharedeventid"]
    for file in lake.scan(store_id).files:
        yield from pq.ParquetFile(file.path).read(columns=columns).to_pylist()


def lost_and_doubled(lake: Lake, store_id: str, wanted: Counter[tuple[str, str]]) -> tuple[int, int]:
    """How many events are missing from the table, and how many are in it too often."""
    found = Counter(mark_of(json.loads(row["eventjson"])) for row in rows(lake, store_id))
    return (wanted - found).total(), (found - wanted).total()


def gunzipped(stored: bytes) -> bytes | None:
    """The content, or None where the bytes are not exactly one gzip member or plain."""
    if not stored.startswith(b"\x1f\x8b"):
        return stored
    stream = zlib.decompressobj(31)
    try:
        content = stream.decompress(stored)
    except zlib.error:
        return None
    return content if stream.eof and not stream.unused_data else None
