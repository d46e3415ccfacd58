"""The command line over S3 under failure: exit codes, what is said where, and watching a bucket."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.faults.remote.proxy import GET, LIST, Rule
from tests.faults.remote.world import BUCKET, World, world
from tests.walks.door import opened, trailmere
from trailmere.ingest.follow import follow
from trailmere.ingest.records import Limits
from trailmere.ingest.run import Ingest
from trailmere.registry.records import Operation
from trailmere.sources.opening import open_source

TAKE = ("ingest", f"s3://{BUCKET}", "--store", "events", "-o", "json", "--workers", "1")


@pytest.fixture
def bucket() -> Iterator[World]:
    with world() as made:
        made.put_logs(3, Random(5))
        yield made


@pytest.fixture
def home(tmp_path: Path) -> Path:
    trailmere("store", "create", "events", lake=tmp_path / "lake")
    return tmp_path / "lake"


@pytest.mark.parametrize("what", ["403 InvalidAccessKeyId", "503 SlowDown", "nobody listens", "short body"])
def test_a_bucket_that_cannot_be_listed_ends_the_command_with_what_to_do(what: str, bucket: World, home: Path) -> None:
    with bucket.proxy.suffering(Rule(LIST, what)):
        hurt = trailmere(*TAKE, lake=home, check=False)
    well = json.loads(trailmere(*TAKE, lake=home).stdout)

    assert (hurt.returncode, hurt.stdout) == (1, "")
    assert hurt.stderr.startswith(f"trailmere: s3://{BUCKET} cannot be listed: expected ")
    assert len(hurt.stderr.splitlines()) == 2  # what happened; what to do
    assert well["deliveries_taken"] == 3


def test_a_server_that_goes_away_in_between_ends_the_command_and_the_next_takes_the_rest(
    bucket: World, home: Path
) -> None:
    with bucket.proxy.suffering(Rule(GET, "nobody listens", passing=1)):
        hurt = trailmere(*TAKE, lake=home, check=False)
    well = json.loads(trailmere(*TAKE, lake=home).stdout)

    assert hurt.returncode == 1
    assert f"s3://{BUCKET} no longer answers: expected " in hurt.stderr
    assert "run it again for the rest" in hurt.stderr
    assert (well["deliveries_taken"], well["deliveries_rejected"]) == (3, 0)
    with opened(home) as app:
        store = app.lifecycle.use("events", Operation.INGEST)
        assert bucket.lost_and_doubled(app.lake, store.id) == (0, 0)


def test_an_object_that_cannot_be_read_is_a_dead_letter_and_taken_by_the_next_command(
    bucket: World, home: Path
) -> None:
    with bucket.proxy.suffering(Rule(GET, "403 AccessDenied", key=bucket.keys()[0])):
        hurt = json.loads(trailmere(*TAKE, lake=home).stdout)
    well = json.loads(trailmere(*TAKE, lake=home).stdout)

    assert (hurt["deliveries_taken"], hurt["reasons"]) == (2, {"unreadable": 1})
    assert (well["deliveries_taken"], well["deliveries_known"]) == (1, 2)


def test_a_watched_bucket_gives_what_arrives_through_faults_that_pass(bucket: World, home: Path) -> None:
    """Between two looks a log arrives, and the next calls suffer."""
    looks = iter(range(4))

    def wait() -> bool:
        look = next(looks)
        bucket.put_logs(1, Random(100 + look))
        bucket.proxy.rules = [Rule(LIST, "cut with a fitting length", times=1), Rule(GET, "503 SlowDown", times=2)]
        return look == 3

    with opened(home) as app:
        store = app.lifecycle.use("events", Operation.INGEST)
        with Ingest(app.lake, store, Limits(workers=1)) as run:
            account = follow(run, open_source(f"s3://{BUCKET}"), wait)
        rows = app.lake.totals(store.id).kept

    assert (account.deliveries_taken, account.deliveries_rejected) == (6, 0)
    assert rows == 6 * 5
