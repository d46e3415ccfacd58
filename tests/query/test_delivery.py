"""Delivered answers: the files that CloudTrail Lake's users expect, where they expect them, and what becomes of it."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tests.query.background import ACCOUNT, ended, start
from tests.query.small_lake import make_lake, opened
from trailmere.errors import (
    DestinationError,
    DestinationNotFound,
    DestinationRefused,
    InvalidBucketName,
    InvalidDestination,
    SettingsError,
)
from trailmere.integrity import results, signing
from trailmere.query.delivery import key_prefix
from trailmere.query.destinations import Destinations
from trailmere.query.signer import LIFE
from trailmere.registry.query_records import DeliveryStatus, Query
from trailmere.sources import s3client

if TYPE_CHECKING:
    from trailmere.app import App

NUMBERS = "SELECT n, 'a \"b\", c' AS text FROM UNNEST(sequence(1, 2500)) AS t(n)\n ORDER BY n"
BUCKET = "answers"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_lake(tmp_path_factory.mktemp("delivery"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "deliveries"
    made.mkdir()
    return made


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A second opinion on what lies in a bucket of an S3 server."""
    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    url = f"http://{host}:{port}"
    for name, value in {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": url,
    }.items():
        monkeypatch.setenv(name, value)
    s3client.store.cache_clear()
    client = boto3.client("s3", region_name="us-east-1", endpoint_url=url)
    client.create_bucket(Bucket=BUCKET)
    yield client
    running.stop()
    s3client.store.cache_clear()


def files_of(query: Query, folder: Path, prefix: str = "") -> dict[str, bytes]:
    assert query.finished is not None
    place = folder / key_prefix(prefix, ACCOUNT, query.finished, query.id)
    return {path.name: path.read_bytes() for path in place.iterdir()}


def accepted_as_aws_does(app: App, files: dict[str, bytes]) -> bool:
    """The rules of ``aws cloudtrail verify-query-results``: hashes of the files, the key of the time, the signature."""
    document = json.loads(files[results.SIGN_FILE])
    for file in document["files"]:
        assert hashlib.sha256(files[file["fileName"]]).hexdigest() == file["fileHashValue"]
    completed = datetime.fromisoformat(document["queryCompleteTime"])
    keys = {key.fingerprint: key.public_der for key in app.signer.public_keys(completed, completed)}
    text = " ".join(file["fileHashValue"] for file in document["files"]).encode()
    return signing.is_signed(keys[document["publicKeyFingerprint"]], text, document["hashSignature"])


def test_an_answer_lies_in_a_folder_as_csv_with_its_signature(home: Path, folder: Path) -> None:
    with opened(home, delivery_folders=f"{BUCKET}={folder}") as app:
        query = ended(app, start(app, NUMBERS, delivery_uri=f"s3://{BUCKET}/some/prefix/").id)
        files = files_of(query, folder, "some/prefix")
        text = gzip.decompress(files["result_1.csv.gz"]).decode()

        comment, _, table = text.partition("\r\n")
        assert query.delivery_status is DeliveryStatus.SUCCESS
        assert sorted(files) == ["result_1.csv.gz", results.SIGN_FILE, results.MANIFEST_FILE]
        assert comment.startswith("# Execution Time: ")
        assert comment.endswith("Query Statement: " + " ".join(NUMBERS.split()))
        assert table.startswith('n,text\r\n1,"a ""b"", c"\r\n')
        assert len(list(csv.reader(io.StringIO(table)))) == 2501
        assert accepted_as_aws_does(app, files)
        assert not (app.answers.folder_of(query.id) / "delivery").exists()


def test_a_large_answer_comes_in_several_files_that_hold_every_row_once(home: Path, folder: Path) -> None:
    with opened(home, delivery_folders=f"{BUCKET}={folder}", delivery_file_bytes=100) as app:
        query = ended(app, start(app, NUMBERS, delivery_uri=f"s3://{BUCKET}").id)
        files = files_of(query, folder)

        said = results.described_answer(files[results.MANIFEST_FILE])
        rows = [
            row
            for file in said["files"]
            for row in list(csv.reader(io.StringIO(gzip.decompress(files[file["name"]]).decode())))[2:]
        ]
        assert [file["name"] for file in said["files"]] == [f"result_{number}.csv.gz" for number in (1, 2, 3)]
        assert [row[0] for row in rows] == [str(n) for n in range(1, 2501)]
        assert sum(file["rows"] for file in said["files"]) == said["rows"] == 2500
        assert accepted_as_aws_does(app, files)


def test_an_answer_without_rows_is_a_file_with_the_names(home: Path, folder: Path) -> None:
    with opened(home, delivery_folders=f"{BUCKET}={folder}") as app:
        query = ended(app, start(app, "SELECT eventID FROM trail WHERE false", delivery_uri=f"s3://{BUCKET}").id)
        files = files_of(query, folder)

    assert gzip.decompress(files["result_1.csv.gz"]).endswith(b"\r\neventID\r\n")


def test_the_manifest_binds_the_answer_to_its_question_and_to_what_was_read(home: Path, folder: Path) -> None:
    with opened(home, delivery_folders=f"{BUCKET}={folder}") as app:
        store = app.stores.get("trail")
        query = ended(app, start(app, "SELECT eventID FROM trail", delivery_uri=f"s3://{BUCKET}").id)
        files = files_of(query, folder)
        signed, described = files.pop(results.SIGN_FILE), files.pop(results.MANIFEST_FILE)
        hashes = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}

        said = results.described_answer(described)
        assert results.verify(hashes, signed, described, app.signer.known(), query_id=query.id) == []
        assert (said["query_id"], said["statement"], said["rows"]) == (query.id, query.statement, 60)
        assert [(read["arn"], int(read["snapshot_id"])) for read in said["stores"]] == [
            (store.arn, app.lake.snapshots(store.id)[-1].id)
        ]


def test_an_answer_is_put_into_a_bucket(home: Path, s3: Any) -> None:
    with opened(home) as app:
        query = ended(app, start(app, NUMBERS, delivery_uri=f"s3://{BUCKET}/x").id)
        listed = s3.list_objects_v2(Bucket=BUCKET)["Contents"]
        files = {
            found["Key"].rpartition("/")[2]: s3.get_object(Bucket=BUCKET, Key=found["Key"])["Body"].read()
            for found in listed
        }

        assert query.delivery_status is DeliveryStatus.SUCCESS
        assert {found["Key"].rpartition("/")[0] for found in listed} == {
            f"x/AWSLogs/{ACCOUNT}/CloudTrail-Lake/Query/{query.finished:%Y/%m/%d}/{query.id}"
        }
        assert accepted_as_aws_does(app, files)


def test_a_bucket_that_is_not_there_is_told_when_the_query_is_started(home: Path, s3: Any) -> None:
    with opened(home) as app, pytest.raises(DestinationNotFound):
        start(app, NUMBERS, delivery_uri="s3://no-such-bucket/x")


def test_a_folder_that_went_away_is_a_delivery_without_a_place(home: Path, folder: Path) -> None:
    with opened(home, delivery_folders=f"{BUCKET}={folder}") as app:
        app.jobs.resume()
        query = start(app, NUMBERS.replace("2500", "9999"), delivery_uri=f"s3://{BUCKET}")
        folder.rmdir()

        assert ended(app, query.id).delivery_status is DeliveryStatus.RESOURCE_NOT_FOUND


def test_a_query_that_fails_is_not_delivered(home: Path, folder: Path) -> None:
    with opened(home, delivery_folders=f"{BUCKET}={folder}") as app:
        query = start(app, "SELECT 1 / (1 - 1)", delivery_uri=f"s3://{BUCKET}")

        assert ended(app, query.id).delivery_status is DeliveryStatus.CANCELLED
        assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("uri", "error"),
    [
        ("file:///etc", InvalidBucketName),
        ("s3://", InvalidBucketName),
        ("s3://Upper/x", InvalidBucketName),
        ("s3://a/x", InvalidBucketName),
        ("s3://answers/../x", InvalidDestination),
        ("s3://answers/a//b", InvalidDestination),
        ("s3://answers/a/./b", InvalidDestination),
        ("s3://answers/a\nb", InvalidDestination),
        ("s3://others/x", DestinationRefused),
    ],
)
def test_places_that_cannot_be_or_are_not_allowed_are_refused(uri: str, error: type[DestinationError]) -> None:
    allowed = Destinations({"answers": Path("/nowhere")}, frozenset({"known"}))

    with pytest.raises(error) as raised:
        allowed.open(uri)

    assert (type(raised.value), raised.value.place) == (error, uri)


@pytest.mark.parametrize("folders", ["answers", "answers=relative", "UP=/x", "=/x"])
def test_settings_that_name_no_folder_are_refused(folders: str) -> None:
    with pytest.raises(SettingsError, match="bucket-name=/folder"):
        Destinations.of_settings(folders, "")


def test_settings_name_folders_and_buckets() -> None:
    made = Destinations.of_settings("one=/a, two=/b c", " x , y")

    assert (made.folders, made.buckets) == ({"one": Path("/a"), "two": Path("/b c")}, frozenset({"x", "y"}))


def test_the_key_that_signs_is_replaced_in_time_and_every_key_stays_known(home: Path) -> None:
    with opened(home) as app:
        now = app.signer.clock()
        first = app.signer.key().fingerprint
        later = replace(app.signer, clock=lambda: now + LIFE)
        second = later.key().fingerprint

        assert second != first
        assert {first, second} <= set(app.signer.known())
        assert [key.fingerprint for key in app.signer.public_keys(now, now)] == [first]
        assert now < app.signer.known()[first].valid_until
