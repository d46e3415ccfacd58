"""trailmere results verify: delivered results judged without a server."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from tests.query.background import ACCOUNT, ended, start
from tests.query.small_lake import make_lake, opened
from trailmere.cli import main


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_lake(tmp_path_factory.mktemp("results"))


@pytest.fixture
def delivered(home: Path, tmp_path: Path) -> Path:
    """The folder of a delivered answer."""
    with opened(home, delivery_folders=f"answers={tmp_path}") as app:
        query = ended(app, start(app, "SELECT eventID FROM trail", delivery_uri="s3://answers").id)
        (tmp_path / "keys.json").write_text(_listed(app.signer.public_keys()))
    return next((tmp_path / "AWSLogs" / ACCOUNT).rglob(query.id))


def _listed(keys: Any) -> str:
    told = [
        {
            "Fingerprint": key.fingerprint,
            "Value": base64.b64encode(key.public_der).decode(),
            "ValidityStartTime": key.valid_from.isoformat(),
            "ValidityEndTime": key.valid_until.timestamp(),
        }
        for key in keys
    ]
    return json.dumps({"PublicKeyList": told})


def verify(*arguments: str | Path) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["results", "verify", *map(str, arguments)])
    return int(ended.value.code or 0)


def test_results_as_they_were_delivered_are_good(
    delivered: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify(delivered, "--lake", home) == 0

    assert "SELECT eventID FROM trail" in capsys.readouterr().err


def test_the_keys_of_a_file_serve_as_well_as_those_of_the_lake(delivered: Path, tmp_path: Path) -> None:
    assert verify(delivered, "--keys", tmp_path / "keys.json") == 0


def test_a_changed_file_is_named(delivered: Path, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (delivered / "result_1.csv.gz").write_bytes(b"other")
    capsys.readouterr()

    assert verify(delivered, "--lake", home, "--output", "json") == 1

    findings = json.loads(capsys.readouterr().out)["findings"]
    assert all(finding.startswith("result_1.csv.gz is not what") for finding in findings)


def test_results_in_the_folder_of_another_query_are_told(
    delivered: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    moved = delivered.rename(delivered.with_name("0a1b2c3d-0000-4000-8000-000000000001"))

    assert verify(moved, "--lake", home) == 1

    assert "and not of 0a1b2c3d" in capsys.readouterr().out


def test_what_aws_delivered_has_no_manifest(delivered: Path, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (delivered / "trailmere_manifest.json").unlink()

    assert verify(delivered, "--lake", home) == 1
    assert verify(delivered, "--lake", home, "--by-aws") == 0

    assert "nothing is proved of the question" in capsys.readouterr().err


def test_a_folder_that_is_not_there_is_told(tmp_path: Path, home: Path) -> None:
    assert verify(tmp_path / "nowhere", "--lake", home) == 1


@pytest.mark.parametrize("content", ["", "[]", '{"PublicKeyList": [{}]}', '{"PublicKeyList": [{"Fingerprint": 1}]}'])
def test_a_file_that_holds_no_keys_is_told(delivered: Path, tmp_path: Path, content: str) -> None:
    (tmp_path / "keys.json").write_text(content)

    assert verify(delivered, "--keys", tmp_path / "keys.json") == 1
