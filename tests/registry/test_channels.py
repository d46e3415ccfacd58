"""Channels as AWS keeps them: one a source, twenty-five a Region, each known to its account and Region alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from trailmere.errors import (
    ChannelAlreadyExists,
    ChannelLimitExceeded,
    ChannelNotFound,
    InvalidParameter,
    InvalidSource,
)
from trailmere.registry import channels as module
from trailmere.registry.channels import SOURCES, ChannelRegistry
from trailmere.registry.database import open_database, sqlite_url

if TYPE_CHECKING:
    from pathlib import Path

ACCOUNT, REGION = "111122223333", "eu-west-1"
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)


@pytest.fixture
def channels(tmp_path: Path) -> ChannelRegistry:
    return ChannelRegistry(open_database(sqlite_url(tmp_path)), clock=lambda: NOW)


def test_a_channel_is_found_by_its_arn_and_by_its_id_in_any_letter_case(channels: ChannelRegistry) -> None:
    made = channels.create(ACCOUNT, REGION, "doors", "Custom", ["s-1"], {"team": "blue"})

    assert [made, made, made] == [channels.get(name) for name in (made.arn, made.id, made.arn.upper())]


def test_an_arn_of_another_account_with_the_same_id_is_not_found(channels: ChannelRegistry) -> None:
    made = channels.create(ACCOUNT, REGION, "doors", "Custom", ["s-1"])

    with pytest.raises(ChannelNotFound):
        channels.get(made.arn.replace(ACCOUNT, "999999999999"))


@pytest.mark.parametrize(("name", "source"), [("doors", "Clumio"), ("other", "Custom")])
def test_a_name_and_a_source_have_one_channel_in_a_region(channels: ChannelRegistry, name: str, source: str) -> None:
    channels.create(ACCOUNT, REGION, "doors", "Custom", ["s-1"])

    with pytest.raises(ChannelAlreadyExists):
        channels.create(ACCOUNT, REGION, name, source, ["s-1"])

    assert channels.create(ACCOUNT, "us-east-1", name, source, ["s-1"]).region == "us-east-1"


def test_no_channel_has_a_source_that_aws_does_not_know(channels: ChannelRegistry) -> None:
    with pytest.raises(InvalidSource, match="CrowdStrike"):
        channels.create(ACCOUNT, REGION, "doors", "Doors Inc", ["s-1"])


@pytest.mark.parametrize("destinations", [[], ["s-1", "s-1"], [f"s-{n}" for n in range(201)]])
def test_destinations_are_1_to_200_each_once(channels: ChannelRegistry, destinations: list[str]) -> None:
    with pytest.raises(InvalidParameter):
        channels.create(ACCOUNT, REGION, "doors", "Custom", destinations)


def test_a_region_holds_as_many_channels_as_the_quota_says(
    channels: ChannelRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAXIMUM_CHANNELS", 2)
    for number, source in enumerate(SOURCES[:2]):
        channels.create(ACCOUNT, REGION, f"channel-{number}", source, ["s-1"])

    with pytest.raises(ChannelLimitExceeded):
        channels.create(ACCOUNT, REGION, "more", SOURCES[2], ["s-1"])


def test_a_change_keeps_what_is_not_named(channels: ChannelRegistry) -> None:
    made = channels.create(ACCOUNT, REGION, "doors", "Custom", ["s-1"])

    changed = channels.update(made.arn, destinations=["s-2"])

    assert (changed.name, changed.destinations) == ("doors", ("s-2",))
    assert channels.of_destination("s-2") == (changed,)
    assert channels.of_destination("s-1") == ()


def test_the_ingestion_status_keeps_the_last_success_beside_a_later_error(channels: ChannelRegistry) -> None:
    made = channels.create(ACCOUNT, REGION, "doors", "Custom", ["s-1"])
    channels.note_ingestion(made, attempt="e-1", success="e-1", error_code=None)

    channels.note_ingestion(made, attempt="e-2", success=None, error_code="InvalidData")

    found = channels.get(made.id)
    assert (found.success_event, found.attempt_event, found.error_code) == ("e-1", "e-2", "InvalidData")
    assert (found.success_time, found.attempt_time) == (NOW, NOW)


def test_the_ingestion_status_of_a_burst_is_told_whole_and_written_once(tmp_path: Path) -> None:
    moments = iter([NOW, *(NOW + timedelta(milliseconds=9 * number) for number in range(1, 10))])
    engine = open_database(sqlite_url(tmp_path))
    channels = ChannelRegistry(engine, clock=lambda: next(moments))
    made = channels.create(ACCOUNT, REGION, "doors", "Custom", ["s-1"])
    for number in range(9):
        channels.note_ingestion(made, attempt=f"e-{number}", success=f"e-{number}", error_code=None)

    assert channels.get(made.id).success_event == "e-8"
    assert ChannelRegistry(engine).get(made.id).success_event == "e-0"


def test_a_deleted_channel_is_gone_and_its_source_free(channels: ChannelRegistry) -> None:
    made = channels.create(ACCOUNT, REGION, "doors", "Custom", ["s-1"])

    channels.delete(made.id)

    assert channels.list(ACCOUNT, REGION) == ()
    assert channels.create(ACCOUNT, REGION, "doors", "Custom", ["s-1"]).id != made.id
