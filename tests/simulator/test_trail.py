"""The simulated organisation delivers as CloudTrail does, tells the truth about it, and does it again alike."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections import Counter
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from trailmere.events.layout import format_key, is_log_kind, parse_key
from trailmere.simulator import Habits, Period, SimulatedFile, Summary, TrailSimulator, demo_march
from trailmere.simulator.organisation import ACCOUNTS
from trailmere.simulator.records import MEMBER_ORDER

KEY = re.compile(
    r"(?:[\w-]+/)?AWSLogs/o-exampleorg/(\d{12})/(CloudTrail(?:-NetworkActivity)?)/([a-z0-9-]+)/(\d{4}/\d{2}/\d{2})/"
    r"\1_\2_\3_(\d{8}T\d{4})Z_[A-Za-z0-9]{16}\.json\.gz"
)
UNEVEN = Habits(late=0.1, redelivered=0.1, second_trail=0.1)


def simulator(seed: str = "tests", **wishes: Any) -> TrailSimulator:
    """The day of the first incident and the day before, with much that goes wrong in delivery."""
    given: dict[str, Any] = {"events_a_file": 15, "habits": UNEVEN} | wishes
    return TrailSimulator(seed, (Period(date(2022, 3, 14), 2, 1_500),), **given)


@cache
def files() -> tuple[SimulatedFile, ...]:
    return tuple(simulator().files())


@cache
def logs() -> tuple[SimulatedFile, ...]:
    return tuple(file for file in files() if file.kind == "log")


def records(file: SimulatedFile) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(gzip.decompress(file.content))["Records"]
    return found


@cache
def all_records() -> tuple[dict[str, Any], ...]:
    return tuple(record for file in logs() for record in records(file))


def test_the_same_seed_gives_the_same_bytes() -> None:
    again = tuple(simulator().files())

    assert [(file.key, file.content) for file in again] == [(file.key, file.content) for file in files()]


def test_another_seed_gives_other_events() -> None:
    other = {record["eventID"] for file in simulator("other").files() if file.kind == "log" for record in records(file)}

    scripted = {event.id for event in simulator().script()}
    assert other & {record["eventID"] for record in all_records()} == scripted


def test_every_log_file_lies_under_the_key_of_its_account_region_and_time() -> None:
    for file in logs():
        match = KEY.fullmatch(file.key)

        assert match is not None, file.key
        assert match.group(1, 3) == (file.account, file.region)
        assert match.group(4) == f"{file.due:%Y/%m/%d}"
        assert match.group(5) == f"{file.due:%Y%m%dT%H%M}"
        assert {(record["recipientAccountId"], record["awsRegion"]) for record in records(file)} == {
            (file.account, file.region)
        }


def test_network_activity_events_are_delivered_apart() -> None:
    for file in logs():
        apart = "/CloudTrail-NetworkActivity/" in file.key

        assert {record["eventCategory"] == "NetworkActivity" for record in records(file)} == {apart}


def test_the_key_grammar_understands_every_key() -> None:
    for file in files():
        parts = parse_key(file.key)

        assert parts is not None, file.key
        assert (parts.account, parts.region, parts.organization) == (file.account, file.region, "o-exampleorg")
        assert format_key(parts) == file.key
        assert is_log_kind(parts.kind) == (file.kind in ("log", "insight"))


def test_files_come_in_the_order_of_their_arrival() -> None:
    times = [file.due for file in files() if file.kind != "digest"]

    assert times == sorted(times)


def test_members_stand_in_the_order_of_cloudtrail() -> None:
    for record in all_records():
        known = [name for name in MEMBER_ORDER if name in record]

        assert list(record) == known


def test_content_is_compact_json_that_survives_a_round_trip() -> None:
    for file in logs():
        content = gzip.decompress(file.content)

        assert json.dumps(json.loads(content), separators=(",", ":"), ensure_ascii=False).encode() == content


def test_the_truth_is_what_a_count_of_the_files_finds() -> None:
    summary = Summary()
    for file in files():
        summary.add(file)

    seen: dict[str, tuple[str, str]] = {}
    for record in all_records():
        seen[record["eventID"]] = (record["recipientAccountId"], record["eventTime"][:10])

    assert summary.events == len(seen)
    assert summary.by_account_and_day == dict(Counter(seen.values()))
    redelivered = sum(file.events for file in logs() if file.redelivery)
    assert summary.copies == len(all_records()) - redelivered - len(seen)
    assert summary.files == len(logs())


def test_a_redelivery_has_the_bytes_of_an_earlier_file_under_another_name() -> None:
    first = {file.content: file for file in reversed(logs()) if not file.redelivery}
    again = [file for file in logs() if file.redelivery]

    assert again
    for file in again:
        assert first[file.content].key != file.key
        assert first[file.content].due < file.due


def test_events_of_the_second_trail_are_those_of_the_first() -> None:
    second = [file for file in logs() if not file.key.startswith("AWSLogs/")]
    first = {
        record["eventID"]: record for file in logs() if file.key.startswith("AWSLogs/") for record in records(file)
    }

    assert second
    assert {file.content for file in second}.isdisjoint(file.content for file in logs() if file not in second)
    assert all(first[record["eventID"]] == record for file in second for record in records(file))


def test_some_files_come_hours_after_their_events() -> None:
    delays = [
        (file.due.replace(tzinfo=None) - _time(max(record["eventTime"] for record in records(file)))).total_seconds()
        for file in logs()
        if not file.redelivery
    ]

    assert max(delays) > 3600
    assert sorted(delays)[len(delays) // 2] < 600


def _time(text: str) -> Any:
    from datetime import datetime

    return datetime.fromisoformat(text.removesuffix("Z"))


def test_a_digest_lists_log_files_by_the_hash_of_their_content() -> None:
    contents = {file.key: gzip.decompress(file.content) for file in logs()}
    digests = [json.loads(gzip.decompress(file.content)) for file in files() if file.kind == "digest"]

    listed = [entry for digest in digests for entry in digest["logFiles"]]

    assert listed
    assert all(hashlib.sha256(contents[entry["s3Object"]]).hexdigest() == entry["hashValue"] for entry in listed)


def test_a_digest_names_the_digest_before_it() -> None:
    digests = [file for file in files() if file.kind == "digest"]
    hashes = {file.key: hashlib.sha256(gzip.decompress(file.content)).hexdigest() for file in digests}
    later = [json.loads(gzip.decompress(file.content)) for file in digests]

    chained = [digest for digest in later if digest["previousDigestS3Object"]]

    assert chained
    assert all(hashes[d["previousDigestS3Object"]] == d["previousDigestHashValue"] for d in chained)


def test_an_assumed_role_in_another_account_has_an_event_in_both() -> None:
    shared: dict[str, list[dict[str, Any]]] = {}
    for record in {record["eventID"]: record for record in all_records()}.values():
        if record["eventName"] == "AssumeRole" and record.get("sharedEventID"):
            shared.setdefault(record["sharedEventID"], []).append(record)
    pairs = [pair for pair in shared.values() if len(pair) > 1]

    assert pairs
    for one, other in pairs:
        assert one["recipientAccountId"] != other["recipientAccountId"]
        assert one["requestParameters"] == other["requestParameters"]


def test_global_services_are_recorded_in_one_region() -> None:
    places = {record["awsRegion"] for record in all_records() if record["eventSource"] in ("iam.amazonaws.com",)}

    assert places == {"us-east-1"}


@pytest.mark.parametrize(
    ("member", "values"),
    [
        ("eventCategory", {"Management", "Data", "NetworkActivity"}),
        ("eventType", {"AwsApiCall", "AwsServiceEvent", "AwsConsoleSignIn", "AwsVpceEvents"}),
        ("eventVersion", {"1.08", "1.09", "1.10", "1.11"}),
        ("awsRegion", {"us-east-1", "eu-central-1", "us-west-2"}),
        ("recipientAccountId", {account.id for account in ACCOUNTS}),
    ],
)
def test_the_noise_has_many_faces(member: str, values: set[str]) -> None:
    assert {record[member] for record in all_records()} == values


def test_the_noise_holds_nothing_of_the_incidents() -> None:
    quiet = simulator(incidents=False)
    text = b"".join(gzip.decompress(file.content) for file in quiet.files() if file.due.day == 15)

    for trace in (b"192.0.2.76", b"AKIAIOSFODNN7EXAMPLE", b"role/Alice", b"AKIAI44QH8DHBEXAMPLE"):
        assert trace not in text


def test_no_hole_of_a_template_is_left_open() -> None:
    for record in all_records():
        text = json.dumps(record)

        assert not re.search(r"\{#?[a-z_]+\}|%\([a-z_]+\)s", text), text


def test_the_average_record_has_the_size_of_a_real_one() -> None:
    sizes = [len(json.dumps(record, separators=(",", ":"))) for record in all_records()]

    assert 1_000 < sum(sizes) / len(sizes) < 2_000


def test_insight_events_lie_under_keys_of_their_own() -> None:
    found = [file for file in files() if file.kind == "insight"]

    assert all(f"/{file.account}/CloudTrail-Insight/" in file.key for file in found)
    assert [record["insightDetails"]["state"] for file in found for record in records(file)] == ["Start", "End"]


def test_writing_puts_every_object_under_its_key(tmp_path: Path) -> None:
    simulator().write(tmp_path)

    written = {str(path.relative_to(tmp_path)): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    assert written == {file.key: file.content for file in files()}


def test_the_key_of_the_first_incident_was_used_by_its_owner_before() -> None:
    regular = [
        record
        for file in demo_march().files()
        if file.kind == "log" and file.account == "555555555555"
        for record in records(file)
        if record["userIdentity"].get("accessKeyId") == "AKIAIOSFODNN7EXAMPLE" and record["eventTime"] < "2022-03-15"
    ]

    assert regular
    assert "192.0.2.76" not in {record["sourceIPAddress"] for record in regular}
