"""Folders and files of this machine: everything that lies there is met once, whatever state it is in."""

from __future__ import annotations

import hashlib
import os
from datetime import datetime
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trailmere.errors import DeliveryError, SourceNotFound
from trailmere.sources.delivery import Delivery
from trailmere.sources.local import LocalSource, file_uri
from trailmere.sources.opening import open_source
from trailmere.sources.reading import local_path, read, sha256_of
from trailmere.sources.scope import Scope
from trailmere.sources.stdin import StandardInput

FOLDER = "AWSLogs/{account}/{kind}/{region}/2026/03/0{day}"
NAME = "{account}_{kind}_{region}_2026030{day}T1000Z_AAAAAAAAAAAAAAAA.json.gz"


def log(
    root: Path, *, account: str = "111122223333", region: str = "eu-west-1", day: int = 1, kind: str = "CloudTrail"
) -> Path:
    path = root / FOLDER.format(**locals()) / NAME.format(**locals())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    return path


def names(source: LocalSource) -> list[str]:
    return [Path(local_path(delivery.uri)).name for delivery in source.listing()]


@given(st.binary(min_size=1, max_size=80).filter(lambda name: b"\0" not in name))
def test_every_file_name_comes_back_from_its_uri(name: bytes) -> None:
    path = "/logs/" + os.fsdecode(name)

    assert local_path(file_uri(path)) == path
    assert file_uri(path).isascii()


def test_a_file_with_odd_bytes_in_its_name_is_listed_and_read(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"a \xff%20\n.json")).write_bytes(b"content")

    (delivery,) = LocalSource(str(tmp_path), Scope()).listing()

    assert read(delivery, max_bytes=100) == b"content"


def test_deliveries_come_in_the_order_of_the_time_in_their_names_and_those_without_last(tmp_path: Path) -> None:
    for day, account in ((3, "111111111111"), (1, "222222222222"), (2, "111111111111")):
        log(tmp_path, day=day, account=account)
    (tmp_path / "0.json").write_bytes(b"x")

    found = [delivery.due for delivery in LocalSource(str(tmp_path), Scope()).listing()]

    assert found == [datetime(2026, 3, 1, 10), datetime(2026, 3, 2, 10), datetime(2026, 3, 3, 10), None]


def test_links_that_lead_in_a_circle_are_walked_once(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    (tmp_path / "self").symlink_to(tmp_path / "self")
    (tmp_path / "a" / "log.json").write_bytes(b"x")

    assert sorted(names(LocalSource(str(tmp_path), Scope()))) == ["log.json", "self"]


def test_hidden_files_and_half_written_ones_are_left_alone_and_counted(tmp_path: Path) -> None:
    for name in (".DS_Store", ".hidden.json", "a.json.gz.part", "b.json"):
        (tmp_path / name).write_bytes(b"x")
    source = LocalSource(str(tmp_path), Scope())

    assert names(source) == ["b.json"]
    assert source.other == {"hidden": 2, "draft": 1}


def test_other_inhabitants_of_a_bucket_are_left_alone_by_their_names(tmp_path: Path) -> None:
    log(tmp_path)
    log(tmp_path, kind="CloudTrail-Insight")
    log(tmp_path, kind="CloudTrail-Digest")
    log(tmp_path, kind="vpcflowlogs")
    source = LocalSource(str(tmp_path), Scope())

    assert len(names(source)) == 2
    assert source.other == {"CloudTrail-Digest": 1, "vpcflowlogs": 1}


@pytest.mark.parametrize(
    ("scope", "days"),
    [
        (Scope(accounts=("111122223333",)), [1, 2, 3]),
        (Scope(accounts=("444455556666",)), [4]),
        (Scope(regions=("us-east-1",)), [4]),
        (Scope(since=datetime(2026, 3, 2)), [2, 3, 4]),
        (Scope(until=datetime(2026, 3, 2)), [1]),
        (Scope(since=datetime(2026, 3, 2), until=datetime(2026, 3, 4), accounts=("111122223333",)), [2, 3]),
    ],
)
def test_a_scope_lets_through_what_its_names_show_to_belong(tmp_path: Path, scope: Scope, days: list[int]) -> None:
    for day in (1, 2, 3):
        log(tmp_path, day=day)
    log(tmp_path, day=4, account="444455556666", region="us-east-1")
    (tmp_path / "unnamed.json").write_bytes(b"x")
    source = LocalSource(str(tmp_path), scope)

    found = [delivery.due.day for delivery in source.listing() if delivery.due is not None]

    assert found == days
    assert source.out_of_scope == 5 - len(days)


def test_listing_again_counts_anew(tmp_path: Path) -> None:
    log(tmp_path, kind="CloudTrail-Digest")
    source = LocalSource(str(tmp_path), Scope())

    for _ in range(2):
        list(source.listing())

    assert source.other == {"CloudTrail-Digest": 1}


def test_one_file_is_a_source_whatever_its_name(tmp_path: Path) -> None:
    path = log(tmp_path, kind="CloudTrail-Digest")

    (delivery,) = open_source(str(path)).listing()

    assert (delivery.uri, delivery.size) == (file_uri(str(path)), 1)


def test_a_place_where_nothing_lies_is_an_error_that_says_what_a_source_is(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFound) as caught:
        open_source(str(tmp_path / "nothing"))

    assert "s3://bucket/prefix" in (caught.value.hint or "")


def test_a_file_that_vanished_after_it_was_listed_is_unreadable(tmp_path: Path) -> None:
    path = log(tmp_path)
    (delivery,) = LocalSource(str(tmp_path), Scope()).listing()
    path.unlink()

    with pytest.raises(DeliveryError) as caught:
        read(delivery, max_bytes=100)

    assert caught.value.reason == "unreadable"


def test_a_pipe_among_the_files_does_not_hold_the_reader_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")

    (delivery,) = LocalSource(str(tmp_path), Scope()).listing()

    assert read(delivery, max_bytes=100) == b""


def test_a_file_larger_than_the_limit_is_refused_by_its_size_and_hashed_in_pieces(tmp_path: Path) -> None:
    path = tmp_path / "large.json"
    with path.open("wb") as file:
        file.truncate(20 << 20)
    (delivery,) = LocalSource(str(tmp_path), Scope()).listing()

    with pytest.raises(DeliveryError) as caught:
        read(delivery, max_bytes=1 << 20)

    assert caught.value.reason == "too-large"
    assert sha256_of(delivery)[1] == 20 << 20


def test_a_file_that_grew_beyond_the_limit_after_it_was_listed_is_refused_too(tmp_path: Path) -> None:
    path = log(tmp_path)
    (delivery,) = LocalSource(str(tmp_path), Scope()).listing()
    path.write_bytes(b"x" * 1000)

    with pytest.raises(DeliveryError) as caught:
        read(delivery, max_bytes=100)

    assert caught.value.reason == "too-large"


def test_standard_input_is_one_delivery_whose_version_is_its_hash_and_leaves_no_file() -> None:
    source = StandardInput(BytesIO(b'{"Records":[]}'))

    (delivery,) = source.listing()
    content = read(delivery, max_bytes=100)
    source.close()

    assert (delivery.uri, content) == ("stdin:", b'{"Records":[]}')
    assert delivery.version == hashlib.sha256(content).hexdigest()
    assert delivery.spool is not None
    assert not Path(delivery.spool).exists()


def test_standard_input_that_was_read_already_cannot_be_read_again() -> None:
    with pytest.raises(DeliveryError) as caught:
        read(Delivery("stdin:"), max_bytes=100)

    assert caught.value.reason == "unreadable"
