"""``aws cloudtrail verify-query-results``, unmodified, judges what ``trailmere serve`` delivered and signed.

The command is in version 2 of the AWS CLI only, and not yet in the 2.9.19 that Debian 12 packages.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.api.buckets import BUCKET, bucket
from tests.clients.cli import VERSIONS, AwsCli
from tests.clients.serving import Server, filled, served
from tests.query.background import PATIENCE_SECONDS

pytestmark = [pytest.mark.extended, pytest.mark.timeout(300)]
SIGN_FILE = "result_sign.json"
VERIFIED = "Successfully validated sign and query result files\n"


@dataclass(frozen=True)
class Answers:
    """A server, and where one of its answers lies: in a folder, and under a prefix of a bucket of an S3 server."""

    server: Server
    folder: Path
    prefix: str
    buckets: str

    def verify(self, *place: str, **variables: str) -> tuple[int, str, str]:
        """How the command ends, what it prints, and what it complains of."""
        version = VERSIONS["2"]
        return AwsCli(self.server, version, version.find()).typed("verify-query-results", *place, **variables)


def delivered(client: Any, store: str, place: str) -> None:
    """An answer at a place, with its signature."""
    statement = f"SELECT eventID, eventName FROM {store.rpartition('/')[2]}"
    query = client.start_query(QueryStatement=statement, DeliveryS3Uri=place)["QueryId"]
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (found := client.describe_query(QueryId=query)).get("DeliveryStatus") in (None, "PENDING"):
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
    assert found["DeliveryStatus"] == "SUCCESS"


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answers]:
    """A server that delivers into a folder and a bucket, and one answer in each."""
    VERSIONS["2"].find()
    home = tmp_path_factory.mktemp("answers")
    exported = home / "exported"
    exported.mkdir()
    store = filled(home)
    with bucket() as (s3, found), served(home, **found, TRAILMERE_DELIVERY_FOLDERS=f"answers={exported}") as server:
        delivered(server.client(), store, "s3://answers/march")
        delivered(server.client(), store, f"s3://{BUCKET}/march")
        (signed,) = exported.rglob(SIGN_FILE)
        (key,) = (one["Key"] for one in s3.list_objects_v2(Bucket=BUCKET)["Contents"] if one["Key"].endswith(SIGN_FILE))
        yield Answers(server, signed.parent, key.rpartition("/")[0], found["AWS_ENDPOINT_URL"])


def test_answers_that_lie_in_a_folder_are_verified_unless_something_was_changed(answers: Answers) -> None:
    signed, table = answers.folder / SIGN_FILE, answers.folder / "result_1.csv.gz"
    content = json.loads(signed.read_text())

    whole = answers.verify("--local-export-path", f"{answers.folder}/")
    signed.write_text(json.dumps({**content, "hashSignature": content["hashSignature"][::-1]}))
    forged = answers.verify("--local-export-path", f"{answers.folder}/")
    table.write_bytes(table.read_bytes() + b"\n")
    changed = answers.verify("--local-export-path", f"{answers.folder}/")

    assert whole == (0, VERIFIED, "")
    assert (forged[:2], "Invalid signature in sign file" in forged[2]) == ((255, ""), True)
    assert (changed[:2], "result_1.csv.gz has inconsistent hash value" in changed[2]) == ((255, ""), True)


def test_answers_that_lie_in_a_bucket_are_verified_there(answers: Answers) -> None:
    place = ("--s3-bucket", BUCKET, "--s3-prefix", answers.prefix)

    assert answers.verify(*place, AWS_ENDPOINT_URL_S3=answers.buckets) == (0, VERIFIED, "")
