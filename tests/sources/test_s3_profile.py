"""Credentials of a profile: AWS_PROFILE and boto3, where there are no keys in the environment."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.faults.remote.world import BUCKET, World, world
from trailmere.errors import SourceUnavailable
from trailmere.sources import s3client
from trailmere.sources.opening import open_source
from trailmere.sources.reading import read

if TYPE_CHECKING:
    from collections.abc import Iterator

PROFILE = "[auditor]\naws_access_key_id = AKIAAUDITOR\naws_secret_access_key = a-secret\n"


@pytest.fixture
def bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with world() as made:
        made.put("exports/a.json", b'{"Records":[]}')
        made.put("exports//a.json", b'{"Records":[]}')
        (tmp_path / "credentials").write_text(PROFILE)
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
        monkeypatch.setenv("AWS_PROFILE", "auditor")
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
        s3client.store.cache_clear()
        yield made


def test_the_keys_of_the_profile_are_used_to_list_and_to_read(bucket: World) -> None:
    found = list(open_source(f"s3://{BUCKET}").listing())

    assert [read(one, max_bytes=100) for one in found] == [b'{"Records":[]}'] * 2
    assert set(bucket.proxy.callers) == {"AKIAAUDITOR"}


def test_keys_in_the_environment_are_preferred(bucket: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAENVIRONMENT")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")

    list(open_source(f"s3://{BUCKET}").listing())

    assert set(bucket.proxy.callers) == {"AKIAENVIRONMENT"}


def test_a_profile_that_is_not_there_is_told(bucket: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")

    with pytest.raises(SourceUnavailable, match="expected credentials in the profile nobody") as caught:
        list(open_source(f"s3://{BUCKET}").listing())

    assert caught.value.hint == "see which profiles there are: aws configure list-profiles"
    assert sum(bucket.proxy.calls.values()) == 0


def test_without_boto3_what_to_install_is_told(bucket: World) -> None:
    program = (
        "import sys; sys.modules['boto3'] = None\n"
        "from trailmere.sources.opening import open_source\n"
        "from trailmere.errors import SourceUnavailable\n"
        f"try: list(open_source('s3://{BUCKET}').listing())\n"
        "except SourceUnavailable as error: print(error.message, error.hint)\n"
    )

    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout

    assert "needs the package boto3" in said
    assert "pip install boto3" in said
