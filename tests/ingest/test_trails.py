"""Trails that are followed: from the bucket into the store that is named for them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.buckets import BUCKET, bucket, fill
from tests.ingest.test_imports import key
from tests.query.background import PATIENCE_SECONDS
from trailmere.app import App, build
from trailmere.events.layout import parse_key
from trailmere.ingest.imports import Locations
from trailmere.ingest.trails import STORE_TAG, TrailFollower, location
from trailmere.settings import load
from trailmere.sources import s3client

if TYPE_CHECKING:
    from trailmere.registry.trails import Trail


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with bucket() as (client, found):
        for name, value in found.items():
            monkeypatch.setenv(name, value)
        s3client.store.cache_clear()
        yield client
    s3client.store.cache_clear()


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    parts = parse_key(key(1, day=1))
    assert parts is not None
    opened = build(load({}, lake=tmp_path / "lake", account_id=parts.account, region=parts.region))
    yield opened
    opened.close()


def a_follower(app: App, **wishes: Any) -> TrailFollower:
    def find(account_id: str, region: str, name: str) -> Any:
        return app.stores_in(account_id, region).find(name)

    given = {"locations": Locations(), "limits": app.ingest_limits, "look_seconds": 0.05, **wishes}
    return TrailFollower(app.lake, app.trails, find, app.lifecycle.use, **given)


def a_trail(app: App, **wishes: Any) -> Trail:
    home = app.settings.account_id, app.settings.region
    return app.trails.set_logging(app.trails.create(*home, "audit", BUCKET, **wishes), app.settings.region, True)


def now(app: App, trail: Trail) -> Trail:
    found = app.trails.at_home(trail.account_id, trail.region, trail.name)
    assert found is not None
    return found


def until(app: App, trail: Trail, member: str) -> Trail:
    """The trail when it has this member."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while getattr(found := now(app, trail), member) is None:
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
    return found


def test_a_trail_that_is_logging_fills_the_store_of_its_tag(s3: Any, app: App) -> None:
    fill(s3, 1, 2, events=3)
    store = app.lifecycle.create("trailed")
    trail = a_trail(app, tags={STORE_TAG: "trailed"})

    follower = a_follower(app)
    follower.resume()
    until(app, trail, "delivered")
    follower.close()
    assert app.lake.scan(store.id).total_rows == 6


def test_a_bucket_that_may_not_be_read_is_told_in_the_status(s3: Any, app: App) -> None:
    app.lifecycle.create("audit")
    trail = a_trail(app)

    follower = a_follower(app, locations=Locations(buckets=frozenset({"another"})))
    follower.resume()
    found = until(app, trail, "delivery_error")
    follower.close()
    assert "logs is no bucket" in str(found.delivery_error)
    assert found.delivered is None


@pytest.mark.parametrize(
    ("wishes", "expected"),
    [
        ({}, "s3://logs/AWSLogs/111122223333/CloudTrail/eu-west-1/"),
        ({"multi_region": True, "prefix": "all"}, "s3://logs/all/AWSLogs/111122223333/CloudTrail/"),
        ({"organization": True}, "s3://logs/AWSLogs/"),
    ],
)
def test_a_trail_lies_where_aws_delivers_it(app: App, wishes: dict[str, Any], expected: str) -> None:
    trail = app.trails.create("111122223333", "eu-west-1", "audit", "logs", **wishes)

    assert location(trail) == expected
