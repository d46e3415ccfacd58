"""Ingest in batches against the plainest way there is, over any quantity of files.

As a script: ``python -m tests.ingest.differential N SEED`` makes N files of records, usual and odd ones in any mix,
some of them damaged, and compares what ``ingest.worker`` writes with rows that are made a record and a value at a time
from what the careful splitter finds: every column of every row, in order, and the counts of every delivery. Exits with
1 where anything differs.
"""

from __future__ import annotations

import gzip
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from tests.events.batches import plain_row
from tests.events.texts import compact, envelope
from tests.ingest.corpus import event
from trailmere.errors import DeliveryError
from trailmere.events.decode import EventDecoder
from trailmere.events.event import Event
from trailmere.events.formats import RecordText, split
from trailmere.events.inflate import inflate
from trailmere.events.selection import compile_selectors
from trailmere.events.selector_templates import template
from trailmere.ingest.records import Limits, Outcome, Recipe, Task
from trailmere.ingest.worker import perform
from trailmere.lake.records import Batch
from trailmere.lake.schema import arrow, table_schema
from trailmere.simulator import Period, TrailSimulator
from trailmere.sources.delivery import Delivery

if TYPE_CHECKING:
    from trailmere.events.selectors import AdvancedEventSelector

FAMILY = "cloudtrail"
FILES_A_TASK = 40
MAX_DEPTH = 256
VALUES = (
    "1.10",
    "1e400",
    "-0",
    "123456789012345678901234567890",
    "true",
    "null",
    '""',
    '"\\u0041\\/\\n"',
    '"\\ud83d\\ude00"',
    '"\\ud800"',
    '"a\\"},{\\"eventVersion\\":"',
    '"\u2028\U0001f600 \x7f"',
    "{}",
    "[]",
    '[1, 2 ,\t{ "a b" : "c d" }]',
    '{"a":"b c","a":"d"}',
    '[{"eventVersion":"1"},{"eventVersion":"2"}]',
    '{"k\\u00e9":"\\\\ x"}',
    "[" * 60 + "]" * 60,
    "[" * 300 + "]" * 300,
)
MEMBERS = (
    "requestParameters",
    "responseElements",
    "additionalEventData",
    "serviceEventDetails",
    "userIdentity",
    "resources",
    "tlsDetails",
    "eventContext",
    "readOnly",
    "eventTime",
    "eventID",
    "eventCategory",
    "eventSource",
    "errorCode",
    "brandNew",
    "insightDetails",
)


@dataclass
class Compared:
    """What was compared, and what differed."""

    deliveries: int = 0
    records: int = 0
    rows: int = 0
    differences: int = 0
    first: str = ""

    def differ(self, what: str) -> None:
        self.differences += 1
        self.first = self.first or what[:2000]

    def __str__(self) -> str:
        counts = f"{self.deliveries:,} deliveries, {self.records:,} records, {self.rows:,} rows"
        return f"{counts}: {self.differences} differences{': ' if self.first else ''}{self.first}"


def compare(
    contents: Iterable[bytes], selectors: tuple[AdvancedEventSelector, ...], *, batch_bytes: int = 64 << 20
) -> Compared:
    """Take in these objects, stored as they are or as gzip, and compare."""
    found, given = Compared(), iter(contents)
    while some := list(islice(given, FILES_A_TASK)):
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            deliveries = [_stored(folder, number, content) for number, content in enumerate(some)]
            batch = Batch("b", "s", FAMILY, str(folder / "table"), arrow(table_schema(FAMILY)))
            outcome = perform(
                Task(0, tuple(deliveries), {}, batch), Recipe(FAMILY, selectors, Limits(batch_bytes=batch_bytes))
            )
            _compare_task(some, outcome, selectors, found)
    return found


def _stored(folder: Path, number: int, content: bytes) -> Delivery:
    path = folder / f"{number:04}.json.gz"
    path.write_bytes(content)
    return Delivery(path.as_uri(), size=len(content))


def _compare_task(
    contents: list[bytes], outcome: Outcome, selectors: tuple[AdvancedEventSelector, ...], found: Compared
) -> None:
    wanted = compile_selectors(selectors)
    expected: list[dict[str, Any]] = []
    for entry, content in zip(outcome.entries, contents, strict=True):
        found.deliveries += 1
        rows, filtered, dead = _plainly(content, entry.id, wanted)
        found.records += len(rows) + filtered + dead
        counts = (len(rows), filtered, dead)
        if entry.status == "taken" and (entry.kept, entry.filtered, entry.dead) != counts:
            found.differ(f"{entry.uri}: {(entry.kept, entry.filtered, entry.dead)} is not {counts}")
        expected += rows
    actual = [row for file in outcome.files for row in pq.ParquetFile(file.path).read().to_pylist()]
    found.rows += len(actual)
    place = {(row["deliveryid"], row["deliveryordinal"]): row for row in actual}
    if len(place) != len(expected) or len(actual) != len(expected):
        found.differ(f"{len(actual)} rows are not {len(expected)}")
    for row in expected:
        got = place.get((row["deliveryid"], row["deliveryordinal"]))
        for name, value in row.items():
            if got is None or got[name] != value:
                found.differ(f"{name}: {got and got[name]!r} is not {value!r} in {row['eventjson']}")
                break
    _check_order(outcome, found)


def _check_order(outcome: Outcome, found: Compared) -> None:
    """Rows lie in the order of their deliveries, and within one in the order of its records."""
    for file in outcome.files:
        ordinals = pq.ParquetFile(file.path).read(columns=["deliveryordinal"]).column(0).to_pylist()
        order = list(zip(file.delivery_rows.tolist(), ordinals, strict=True))
        if order != sorted(order):
            found.differ(f"the rows of {file.path} are not in the order of the records")


def _plainly(content: bytes, delivery_id: str, wanted: Any) -> tuple[list[dict[str, Any]], int, int]:
    """Rows, and how many records are filtered and dead, by the careful splitter and one record at a time."""
    try:
        found = split(inflate(content, max_bytes=1 << 30), max_depth=MAX_DEPTH)
    except DeliveryError:
        return [], 0, 0
    decoder = EventDecoder()
    rows: list[dict[str, Any]] = []
    filtered, dead = 0, len(found.defects)
    for record in found.records:
        told = decoder.decode(record)
        if not isinstance(told, Event):
            dead += 1
        elif told.family != FAMILY or not wanted(told):
            filtered += 1
        else:
            rows.append(plain_row(RecordText(*record), delivery_id) or {})
    return rows, filtered, dead


# -- records that nobody would think of


def files(random: Random) -> Iterator[bytes]:
    """Objects with usual and odd records, for ever; each text is another."""
    while True:
        texts = [_record(random) for _ in range(random.choice((1, 3, 20, 60)))]
        content = envelope(*texts)
        kind = random.randrange(12)
        if kind == 0:
            content = b"\n".join(texts)
        elif kind == 1:
            content = content[: random.randrange(1, len(content))]
        elif kind == 2:
            at = random.randrange(len(content))
            content = content[:at] + random.choice((b"\xff", b"\0", b"}", b"[", b'"', b",", b" ")) + content[at:]
        elif kind == 3:
            content = b' { "Records" : [ ' + b" , ".join(texts) + b" ]\n}\n"
        yield gzip.compress(content, 1, mtime=0) if random.random() < 0.8 else content


def _record(random: Random) -> bytes:
    text = compact(event(random))
    if random.random() < 0.6:
        return text
    for _ in range(random.randrange(1, 4)):
        member, value = random.choice(MEMBERS), random.choice(VALUES)
        if random.random() < 0.6:
            value = f'{{"m{random.randrange(3)}":{value},"arn":{random.choice(VALUES)},"n":"x"}}'
        added = f'"{member}":{value}'.encode()
        text = b"{" + added + b"," + text[1:] if random.random() < 0.2 else text[:-1] + b"," + added + b"}"
    return text


def simulated(folder: Path, seed: int, events: int) -> Iterator[bytes]:
    """What the simulated trails of an organisation deliver."""
    TrailSimulator(str(seed), (Period(date(2022, 5, 2), 2, events // 2),), events_a_file=200).write(folder)
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.read_bytes()


def main(count: int, seed: int) -> int:
    """Compare so many generated files, and a hundred times as many simulated events."""
    worst = 0
    for name in ("everything", "management-events"):
        found = compare(islice(files(Random(seed)), count), template(name), batch_bytes=1 << 20)
        print(f"generated, {name}: {found}")
        with tempfile.TemporaryDirectory() as place:
            told = compare(simulated(Path(place), seed, 100 * count), template(name))
        print(f"simulated, {name}: {told}")
        worst = max(worst, found.differences, told.differences)
    return 1 if worst else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
