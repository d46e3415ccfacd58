"""Every third-party source into one store, and a table of what became of every record, source by source.

As a script: ``python -m tests.ingest.shared_table``. Records are counted in the sources by the standard library's json
alone: an object that has eventTime or eventVersion, and eventSource, eventName or eventType, is a record, wherever it
lies and whatever wraps it (JSON text within a string included). There are two stores, one for Insights events and one
for everything else.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.conftest import SHARED
from tests.ingest.corpus import gunzipped, rows
from trailmere.events.selector_templates import template
from trailmere.ingest.records import Limits
from trailmere.ingest.run import ingest
from trailmere.lake.lifecycle import StoreLifecycle
from trailmere.lake.vault import Lake
from trailmere.registry.stores import StoreRegistry
from trailmere.sources.opening import open_source

if TYPE_CHECKING:
    from trailmere.ingest.account import Account

# What holds CloudTrail records. Rules, queries, signatures, flow logs and API responses are other rooms' matter.
SOURCES = (
    "invictus-aws_dataset",
    "stratus-red-team",
    "traildiscover",
    "umccr-cloudtrail-parquet",
    "awsdocs-user-guides",
    "cloud-custodian",
    "rubysoho07-cloudtrail-watcher",
    "fivexl-cloudtrail-to-slack",
    "raajhesh-lake-detections",
    "zmallen-cloudtrail2sightings",
    "cado-cloudgrep",
    "aws-doc-sdk-examples",
    "streamalert",
    "panther-analysis",
    "powertools-events",
    "ocsf-pairs",
)
NOT_LOGS = ("LICENSE", "NOTICE", "PROVENANCE", "LICENSE-SAMPLECODE", "LICENSE-SUMMARY")


@dataclass
class Line:
    """One source: what it holds by the standard library, and what Trailmere says became of it."""

    source: str
    files: int = 0
    readable: int = 0
    found: int = 0
    in_lake: int = 0
    exact: int = 0
    dead_letters: Counter[str] = field(default_factory=Counter)
    missing: list[str] = field(default_factory=list)


def is_record(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and ("eventTime" in value or "eventVersion" in value)
        and isinstance(value.get("eventSource", value.get("eventName", value.get("eventType"))), str)
        and "Records" not in value
        and value.get("eventSource") != "aws:s3"
        and "eventSourceARN" not in value
    )


def records_in(value: Any) -> Iterator[dict[str, Any]]:
    """Records in a JSON value, outermost first; what lies inside of a record belongs to it."""
    if is_record(value):
        yield value
    elif isinstance(value, dict):
        for member in value.values():
            yield from records_in(member)
    elif isinstance(value, list):
        for member in value:
            yield from records_in(member)
    elif isinstance(value, str) and value.lstrip().startswith("{") and "event" in value:
        try:
            yield from records_in(json.loads(value, strict=False))
        except ValueError:
            return


def documents(text: str) -> Iterator[Any]:
    """The JSON values of a text, one after the other, up to the first that is none."""
    decoder, at = json.JSONDecoder(strict=False), 0
    while at < len(text):
        while at < len(text) and text[at] in " \t\r\n\ufeff":
            at += 1
        if at == len(text):
            return
        try:
            value, at = decoder.raw_decode(text, at)
        except ValueError:
            return
        yield value


def canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def survey(folder: Path) -> tuple[int, int, Counter[str]]:
    """Files, files that are JSON from start to end, and the records in them, by value."""
    files = readable = 0
    found: Counter[str] = Counter()
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.stem in NOT_LOGS:
            continue
        files += 1
        content = gunzipped(path.read_bytes())
        try:
            values = list(documents((content or b"").decode("utf-8")))
        except UnicodeDecodeError:
            continue
        readable += bool(values)
        found.update(canonical(record) for value in values for record in records_in(value))
    return files, readable, found


def texts_of(folder: Path) -> list[str]:
    """The texts of a source: its files, and the strings in their JSON, where records may be carried."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            text = (gunzipped(path.read_bytes()) or b"").decode("utf-8", "replace")
            found += [text, *(string for value in documents(text) for string in strings_in(value))]
    return found


def strings_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for member in value.values() if isinstance(value, dict) else value:
            yield from strings_in(member)


def source_of(uri: str, data: Path) -> str:
    return uri.partition(f"{data.name}/")[2].partition("/")[0]


def table(lake: Lake, stores: list[str], data: Path) -> list[Line]:
    """A line for each source. A record is in the lake if the very same value is, wherever it was delivered first."""
    texts: dict[str, str] = {}
    letters: dict[str, Counter[str]] = defaultdict(Counter)
    dead: set[str] = set()
    for store_id in stores:
        texts |= {
            canonical(json.loads(row["eventjson"], strict=False)): row["eventjson"] for row in rows(lake, store_id)
        }
        for stored in lake.dead_letters(store_id):
            letters[source_of(stored.letter.uri, data)][stored.letter.reason] += store_id == stores[0]
            content = lake.dead_letter(stored.id).letter.content or b""
            dead.update(canonical(value) for value in documents(content.decode("utf-8", "replace")))
    every_text = "\0".join(text for source in SOURCES for text in texts_of(data / source))
    lines = []
    for source in SOURCES:
        files, readable, found = survey(data / source)
        line = Line(source, files, readable, len(found), dead_letters=letters[source])
        line.in_lake = sum(record in texts for record in found)
        line.exact = sum(record in texts and texts[record] in every_text for record in found)
        line.missing = [record for record in found if record not in texts and not _is_dead(record, dead)]
        lines.append(line)
    return lines


def _is_dead(record: str, dead: set[str]) -> bool:
    return record in dead or any(record in canonical_dead for canonical_dead in dead)


def take_all(lake: Lake, data: Path) -> tuple[list[Account], list[Line]]:
    """Ingest every source into both stores, and account for it."""
    registry = StoreRegistry(lake.engine, account_id="111122223333", region="eu-west-1", maximum_stores=1000)
    lifecycle = StoreLifecycle(registry, lake)
    accounts, stores = [], []
    for name, selectors in (("third-party", "everything"), ("third-party-insights", "insight-events")):
        store = lifecycle.create(name, selectors=template(selectors))
        accounts.append(ingest(lake, store, open_source(str(data)), Limits(workers=2)))
        stores.append(store.id)
    return accounts, table(lake, stores, data)


def main() -> int:
    with tempfile.TemporaryDirectory() as place, Lake.open(Path(place)) as lake:
        accounts, lines = take_all(lake, SHARED)
    heads = ("files", "json", "records", "in lake", "exact", "missing")
    print(f"{'source':32}", *(f"{head:>7}" for head in heads), " dead letters")
    for line in lines:
        reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(line.dead_letters.items()) if count)
        counts = (line.files, line.readable, line.found, line.in_lake, line.exact, len(line.missing))
        numbers = " ".join(f"{count:7}" for count in counts)
        print(f"{line.source:32} {numbers}  {reasons}")
        for record in line.missing[:5]:
            print(f"    {record[:200]}")
    for name, account in zip(("everything", "insights"), accounts, strict=True):
        print(
            f"{name}: {account.deliveries_seen} deliveries = {account.deliveries_taken} taken "
            f"+ {account.deliveries_known} known + {account.deliveries_rejected} rejected; {account.parsed} records "
            f"= {account.kept} kept + {account.filtered} filtered + {account.duplicate} duplicate + {account.dead} dead"
        )
    return 1 if any(line.missing or line.exact != line.in_lake for line in lines) else 0


if __name__ == "__main__":
    sys.exit(main())
