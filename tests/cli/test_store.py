"""``trailmere store``: what a user types, reads and is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from trailmere.cli import main
from trailmere.cli.store import parse_tags, read_selectors
from trailmere.errors import InvalidEventSelectors, InvalidParameter
from trailmere.events.selector_templates import TEMPLATES, template
from trailmere.events.selectors import to_json
from trailmere.registry.database import open_database, sqlite_url, writing


@dataclass(frozen=True)
class Answer:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Command = Callable[..., Answer]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """``trailmere store ...`` over a lake in an empty folder."""
    monkeypatch.setenv("TRAILMERE_LAKE", str(tmp_path / "lake"))

    def run_store(*arguments: str) -> Answer:
        with pytest.raises(SystemExit) as end:
            main(["store", *arguments])
        written = capsys.readouterr()
        return Answer(int(end.value.code or 0), written.out, written.err)

    return run_store


def test_a_created_store_is_shown_and_the_next_step_is_named(run: Command) -> None:
    created = run("create", "audit")

    assert created.code == 0
    assert "status                  ENABLED" in created.out
    assert created.err == "next: trailmere ingest SOURCE --store audit\n"


def test_every_option_of_create_arrives_in_the_store(run: Command) -> None:
    created = run(
        *("create", "audit", "--selectors", "data-events:AWS::S3::Object", "--retention-days", "90"),
        *("--no-termination-protection", "--billing-mode", "FIXED_RETENTION_PRICING", "--organization"),
        *("--no-multi-region", "--kms-key", "alias/lake", "--tag", "team=ir", "--tag", "note=a=b"),
        *("--no-start-ingestion", "--output", "json"),
    ).json

    given = {key: created[key] for key in created if not key.endswith(("Arn", "Timestamp"))}
    assert given == {
        "Name": "audit",
        "Status": "STOPPED_INGESTION",
        "AdvancedEventSelectors": to_json(template("data-events:AWS::S3::Object")),
        "MultiRegionEnabled": False,
        "OrganizationEnabled": True,
        "RetentionPeriod": 90,
        "TerminationProtectionEnabled": False,
        "BillingMode": "FIXED_RETENTION_PRICING",
        "TagsList": [{"Key": "team", "Value": "ir"}, {"Key": "note", "Value": "a=b"}],
        "KmsKeyId": "alias/lake",
    }


def test_every_option_of_update_arrives_in_the_store(run: Command) -> None:
    run("create", "audit", "--billing-mode", "FIXED_RETENTION_PRICING")

    updated = run(
        *("update", "audit", "--name", "audit-eu", "--selectors", "everything", "--retention-days", "3000"),
        *("--no-termination-protection", "--billing-mode", "EXTENDABLE_RETENTION_PRICING", "--organization"),
        *("--no-multi-region", "--kms-key", "alias/lake", "-o", "json"),
    ).json

    given = {key: updated[key] for key in updated if not key.endswith(("Arn", "Timestamp", "List"))}
    assert given == {
        "Name": "audit-eu",
        "Status": "ENABLED",
        "AdvancedEventSelectors": to_json(template("everything")),
        "MultiRegionEnabled": False,
        "OrganizationEnabled": True,
        "RetentionPeriod": 3000,
        "TerminationProtectionEnabled": False,
        "BillingMode": "EXTENDABLE_RETENTION_PRICING",
        "KmsKeyId": "alias/lake",
    }


def test_a_store_goes_through_its_life_by_commands(run: Command) -> None:
    run("create", "audit", "--no-termination-protection")
    steps = ("stop-ingestion", "start-ingestion", "stop-ingestion", "delete", "restore")

    statuses = [run(step, "audit", "-o", "json").json["Status"] for step in steps]

    assert statuses == ["STOPPED_INGESTION", "ENABLED", "STOPPED_INGESTION", "PENDING_DELETION", "STOPPED_INGESTION"]


def test_a_store_is_shown_by_name_id_and_arn(run: Command) -> None:
    arn = run("create", "audit", "-o", "json").json["EventDataStoreArn"]

    shown = {run("show", name, "-o", "json").json["EventDataStoreArn"] for name in ("audit", arn, arn.split("/")[1])}

    assert shown == {arn}


def test_stores_are_listed_with_what_they_take_in(run: Command) -> None:
    run("create", "audit")
    run("create", "objects", "--selectors", "data-events:AWS::S3::Object")

    listed = run("list")

    assert [line.split()[0] for line in listed.out.splitlines()] == ["name", "audit", "objects"]
    assert "Data events of AWS::S3::Object" in listed.out


def test_a_store_pending_deletion_is_listed_with_its_end(run: Command) -> None:
    run("create", "audit", "--no-termination-protection")
    deleted = run("delete", "audit")

    assert "to keep it: trailmere store restore audit" in deleted.err
    assert "PENDING_DELETION until 20" in run("list").out


def test_a_store_whose_seven_days_are_over_is_deleted_for_good_when_stores_are_listed(
    run: Command, tmp_path: Path
) -> None:
    run("create", "audit", "--no-termination-protection")
    run("delete", "audit")
    engine = open_database(sqlite_url(tmp_path / "lake"))
    with writing(engine) as connection:  # eight days go by
        microseconds = 8 * 86_400 * 1_000_000
        connection.execute(
            text(f"UPDATE event_data_stores SET deletion_requested = deletion_requested - {microseconds}")
        )
    engine.dispose()

    listed = run("list")

    assert "deleted for good: audit" in listed.err
    assert (listed.out, list((tmp_path / "lake" / "warehouse").glob("*/*"))) == ("", [])


@pytest.mark.parametrize("arguments", [("list",), ("show", "audit"), ("delete", "audit"), ("update", "audit")])
def test_asking_for_stores_makes_no_lake(run: Command, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    answer = run(*arguments)

    assert "trailmere store create NAME" in answer.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("create", "audit"), "an event data store named audit exists"),
        (("create", "a"), "expected a name of 3 to 128"),
        (("create", "new", "--retention-days", "5"), "expected a retention of 7 to 3653 days"),
        (("create", "new", "--tag", "team"), "expected a tag as KEY=VALUE"),
        (("create", "new", "--selectors", "managment-events"), "did you mean management-events?"),
        (("show", "audti"), "did you mean audit?"),
        (("show", "aud\udcff"), "expected arguments in UTF-8, got b'aud\\xff'"),
        (("delete", "audit"), "--no-termination-protection"),
        (("restore", "audit"), "expected status PENDING_DELETION, it is ENABLED"),
        (("update", "audit"), "at least one thing to change"),
    ],
)
def test_what_cannot_be_done_exits_with_1_and_says_why_on_stderr(
    run: Command, arguments: tuple[str, ...], said: str
) -> None:
    run("create", "audit")

    answer = run(*arguments)

    assert (answer.code, answer.out) == (1, "")
    assert said in answer.err


def test_the_templates_are_listed_with_the_selectors_that_they_stand_for(run: Command) -> None:
    table, selectors = run("templates"), run("templates", "-o", "json").json

    assert selectors["everything"] == to_json(template("everything"))
    assert all(name in table.out for name in selectors)


SELECTORS = to_json(template("management-write-only"))


@pytest.mark.parametrize("content", [SELECTORS, {"Name": "audit", "AdvancedEventSelectors": SELECTORS}])
def test_selectors_are_read_from_a_file_also_as_the_aws_cli_prints_them(tmp_path: Path, content: object) -> None:
    path = tmp_path / "selectors.json"
    path.write_text(json.dumps(content))

    assert read_selectors(str(path)) == read_selectors(json.dumps(content)) == template("management-write-only")


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_what_show_writes_create_reads(name: str) -> None:
    assert read_selectors(json.dumps(to_json(template(name)))) == template(name)


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ("[{]", InvalidEventSelectors, "line 1, column 3: expected JSON"),
        ("[]", InvalidEventSelectors, "a list that is not empty"),
        ("missing.json", InvalidParameter, "cannot read the event selectors in missing.json"),
        ("missing", InvalidEventSelectors, "expected the name of a selector template"),
    ],
)
def test_selectors_that_cannot_be_read_say_what_was_expected(given: str, error: type[Exception], said: str) -> None:
    with pytest.raises(error) as caught:
        read_selectors(given)

    assert said in str(caught.value)


def test_a_tag_given_twice_is_refused() -> None:
    with pytest.raises(InvalidParameter, match="each tag once"):
        parse_tags(("a=1", "a=2"))


def test_the_list_shows_ids_whole_so_that_they_can_be_copied(run: Command) -> None:
    made = run("create", "audit", "--output", "json").json["EventDataStoreArn"].rpartition("/")[2]

    assert made in run("list").out
