"""Third-party records: every CloudTrail record comes out with its text equal to the source, or says why not."""

from __future__ import annotations

import io
import json
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.events.batches import batch_of, rows_of
from trailmere.events.columns import COLUMNS
from trailmere.events.formats import REASONS, Defect, Split, split
from trailmere.events.inflate import inflate

pytestmark = pytest.mark.shared_data

RECORD_FILES = {
    "invictus-aws_dataset": "raw/CloudTrail/*.json",
    "stratus-red-team": "raw/*.json",
    "traildiscover": "raw/logExamples/*.cloudtrail",
    "umccr-cloudtrail-parquet": "raw/**/*.json",
    "rubysoho07-cloudtrail-watcher": "raw/**/*.json",
    "cado-cloudgrep": "raw/tests/data/*.json",
    "aws-doc-sdk-examples": "raw/**/LookupEvents.json",
    "zmallen-cloudtrail2sightings": "raw/cloudtrail.zip",
    "cloud-custodian": "raw/tests/data/cwe/event-cloud-trail-*.json",
}
LINE_FILES = {
    "awsdocs-user-guides": "cloudtrail_doc_examples.jsonl",
    "fivexl-cloudtrail-to-slack": "events.jsonl",
    "raajhesh-lake-detections": "events.jsonl",
    "ocsf-pairs": "pairs.jsonl",
    "panther-analysis": "tests.jsonl",
    "streamalert": "tests.jsonl",
}


def contents(folder: Path, pattern: str) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.glob(pattern)):
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                yield from ((name, archive.read(name)) for name in archive.namelist())
        else:
            yield path.name, inflate(path.read_bytes(), max_bytes=1 << 30)


def is_record(value: Any) -> bool:
    """A judgement of its own: what a reader of AWS's record contents page would call a record."""
    if not isinstance(value, dict) or str(value.get("eventSource", "")).startswith("aws:"):
        return False
    return ("eventName" in value and "eventSource" in value) or ("eventVersion" in value and "eventType" in value)


def records_in(value: Any) -> Iterator[Any]:
    """The records inside any JSON value, looked for everywhere; not inside of other records."""
    if is_record(value):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from records_in(part)
    elif isinstance(value, list):
        for part in value:
            yield from records_in(part)
    elif isinstance(value, str) and value.lstrip().startswith(("{", "[")):
        try:
            yield from records_in(json.loads(value))
        except ValueError:
            return


def canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def holds_each_record_of(found: Split, values: list[Any]) -> bool:
    wanted = Counter(canonical(record) for value in values for record in records_in(value))
    came = Counter(canonical(json.loads(record.text)) for record in found.records)
    return wanted == came


def row_texts(found: Split) -> list[bytes]:
    """The texts as they stand in the table, after decoding and building rows; defects where there is no row."""
    every = [record.text for record in found.records]
    texts: list[bytes] = []
    for family in COLUMNS:
        table = rows_of(every, family).table
        table.validate(full=True)
        texts += [text.encode() for text in table.column("eventjson").to_pylist()]
    for told in batch_of(every).odd.values():
        if isinstance(told, Defect):
            assert told.reason in REASONS
            texts.append(told.text)
    return texts


@pytest.mark.parametrize(("folder", "pattern"), RECORD_FILES.items(), ids=RECORD_FILES)
def test_every_record_of_a_file_comes_out_with_its_exact_text(shared_data: Path, folder: str, pattern: str) -> None:
    seen = 0
    for name, content in contents(shared_data / folder, pattern):
        found = split(content, max_depth=256)
        seen += len(found.records) + len(found.defects)
        try:
            values = [json.loads(content)]
        except ValueError:
            assert found.format == "damaged", name
        else:
            assert holds_each_record_of(found, values), name
            assert not found.defects, name
        assert all(
            record.text in content or json.dumps(record.text.decode())[1:-1].encode() in content
            for record in found.records
        )
        assert sorted(row_texts(found)) == sorted(record.text for record in found.records)

    assert seen


@pytest.mark.parametrize(("folder", "name"), LINE_FILES.items(), ids=LINE_FILES)
def test_every_record_of_a_line_comes_out_with_its_exact_text(shared_data: Path, folder: str, name: str) -> None:
    content = (shared_data / folder / name).read_bytes()
    lines = content.splitlines()
    found = split(content, max_depth=256)

    assert holds_each_record_of(found, [json.loads(line) for line in lines])
    assert sorted(row_texts(found)) == sorted(record.text for record in found.records)
    assert all(defect.reason == "not-cloudtrail" for defect in found.defects)
    assert {defect.text for defect in found.defects} <= set(lines)


@pytest.mark.parametrize(
    "pattern", ["raw/tests/data/cwe/event-securityhub*.json", "raw/tests/data/cwe/event-config*.json"]
)
def test_envelopes_of_other_services_are_defects_or_neighbours(shared_data: Path, pattern: str) -> None:
    for name, content in contents(shared_data / "cloud-custodian", pattern):
        found = split(content, max_depth=256)

        assert found.records == [], name
        assert found.other or found.defects, name


def test_s3_notifications_are_left_alone(shared_data: Path) -> None:
    names = ["s3Event.json", "s3EventDeleteObject.json", "s3EventGlacier.json"]
    folder = shared_data / "powertools-events/raw/tests/events"

    assert {split((folder / name).read_bytes(), max_depth=256).other for name in names} == {"s3-notification"}


def test_flow_logs_are_left_alone(shared_data: Path) -> None:
    lines = [json.loads(line) for line in (shared_data / "vpcflow/vpcflow.jsonl").read_text().splitlines()]
    texts = [text for line in lines for text in line.values() if isinstance(text, str) and text.startswith("2 ")]

    assert texts
    assert {split(text.encode(), max_depth=256).other for text in texts} == {"vpc-flow-log"}


def test_an_archive_is_refused_and_its_files_are_not(shared_data: Path) -> None:
    stored = (shared_data / "zmallen-cloudtrail2sightings/raw/cloudtrail.zip").read_bytes()
    with zipfile.ZipFile(io.BytesIO(stored)) as archive:
        members = [archive.read(name) for name in archive.namelist()]

    assert all(split(member, max_depth=256).records for member in members)
