"""trailmere query, as a process of its own: what goes to stdout, what to stderr, and how it ends."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as parquet
import pytest

from tests.walks.door import deliver, trailmere
from trailmere.checkup import size

# Two million million rows; what is compared belongs to all four, so that nothing is done in advance.
ENDLESS = (
    "SELECT count(*) FROM trail a, trail b, trail c, trail d WHERE a.eventID || b.eventID < c.eventID || d.eventID"
)


def event(number: int) -> dict[str, object]:
    return {
        "eventVersion": "1.08",
        "eventID": f"00000000-0000-4000-8000-{number:012d}",
        "eventTime": f"2024-05-01T12:{number // 60:02d}:{number % 60:02d}Z",
        "eventSource": "s3.amazonaws.com",
        "eventName": "GetBucketAcl",
        "eventCategory": "Management",
        "managementEvent": True,
        "userAgent": "=cmd|' /C calc'!A0" if number == 0 else "aws-cli",
        "userIdentity": {"type": "IAMUser", "userName": "zoë"},
    }


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("query")
    home = folder / "lake"
    trailmere("store", "create", "trail", lake=home)
    deliver(folder / "logs", [event(number) for number in range(1200)])
    trailmere("ingest", folder / "logs", "--store", "trail", lake=home)
    return home


def test_rows_go_to_stdout_and_talk_to_stderr(lake: Path) -> None:
    done = trailmere("query", "SELECT eventName, count(*) AS n FROM trail GROUP BY 1", lake=lake)

    assert [line.split() for line in done.stdout.splitlines()] == [["eventName", "n"], ["GetBucketAcl", "1200"]]
    assert done.stderr.startswith("1 row; read 1 of 1 files")


def test_an_answer_that_was_cut_says_how_to_get_the_rest(lake: Path) -> None:
    done = trailmere("query", "SELECT eventID FROM trail", "--output", "csv", lake=lake)

    assert len(done.stdout.splitlines()) == 1001
    assert "--limit 0 all" in done.stderr


def test_limit_zero_gives_every_row(lake: Path) -> None:
    done = trailmere("query", "SELECT eventID FROM trail", "-o", "ndjson", "--limit", "0", lake=lake)

    assert len({json.loads(line)["eventID"] for line in done.stdout.splitlines()}) == 1200
    assert "--limit" not in done.stderr


def test_csv_holds_back_formulas_unless_asked_not_to(lake: Path) -> None:
    sql = "SELECT userAgent FROM trail WHERE userAgent <> 'aws-cli'"
    guarded = trailmere("query", sql, "-o", "csv", lake=lake).stdout
    exact = trailmere("query", sql, "-o", "csv", "--csv-exact", lake=lake).stdout

    assert next(csv.DictReader(io.StringIO(guarded)))["userAgent"] == "'=cmd|' /C calc'!A0"
    assert next(csv.DictReader(io.StringIO(exact)))["userAgent"] == "=cmd|' /C calc'!A0"


def test_json_is_utf_8_whatever_the_locale(lake: Path) -> None:
    command = [sys.executable, "-m", "trailmere", "query", "SELECT userIdentity FROM trail LIMIT 1", "-o", "json"]
    environment = {"TRAILMERE_LAKE": str(lake), "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}

    done = subprocess.run(command, capture_output=True, env=environment, check=True)

    assert json.loads(done.stdout.decode("utf-8"))[0]["userIdentity"]["username"] == "zoë"


def test_parquet_is_written_to_a_file_that_appears_complete(lake: Path, tmp_path: Path) -> None:
    out = tmp_path / "answer.parquet"

    trailmere("query", "SELECT eventID, eventTime FROM trail", "-o", "parquet", "--out", out, "-n", "0", lake=lake)

    assert parquet.read_table(out).num_rows == 1200
    assert [path.name for path in tmp_path.iterdir()] == ["answer.parquet"]


def test_a_statement_comes_from_a_file_or_from_standard_input(lake: Path, tmp_path: Path) -> None:
    question = tmp_path / "question.sql"
    question.write_text("-- how many?\nSELECT count(*) AS n\nFROM trail;\n", encoding="utf-8")
    from_file = trailmere("query", "-f", question, "-o", "csv", lake=lake).stdout
    command = [sys.executable, "-m", "trailmere", "query", "-", "-o", "csv", "--lake", str(lake)]
    from_pipe = subprocess.run(command, input=question.read_text(), capture_output=True, text=True, check=True).stdout

    assert from_file.splitlines() == ["n", "1200"]
    assert from_pipe.splitlines() == from_file.splitlines()


def test_two_statements_are_refused_by_number(lake: Path) -> None:
    done = trailmere("query", "SELECT 1; SELECT 2", lake=lake, check=False)

    assert done.returncode == 1
    assert "one statement" in done.stderr
    assert done.stdout == ""


def test_an_explanation_reads_nothing_and_says_how_much_it_would(lake: Path) -> None:
    done = trailmere("query", "SELECT 1 FROM trail WHERE eventTime > '2030-01-01'", "--explain", lake=lake)

    assert "files       0 of 1" in done.stdout
    assert "eventtime > 2030-01-01 00:00:00" in done.stdout


def test_an_explanation_for_scripts_holds_what_people_are_shown(lake: Path) -> None:
    sql = "SELECT eventName FROM trail WHERE eventTime > '2030-01-01'"
    explained = json.loads(trailmere("query", sql, "--explain", "-o", "json", lake=lake).stdout)

    (scan,) = explained["scans"]
    assert (scan["store"], scan["files"], scan["total_files"]) == ("trail", 0, 1)
    assert scan["conditions"] == ["eventtime > 2030-01-01 00:00:00"]
    assert explained["columns"] == ["eventName"]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["SELECT nonsense FROM trail"], 1, "line 1, column 8"),
        (["SELECT 1 FROM trail", "--at", "yesterday"], 1, "2024-05-01T12:00:00Z"),
        (["SELECT 1 FROM trail", "--at", "2001-01-01"], 1, "snapshot"),
        (["-f", "/no/such/file.sql"], 1, "No such file"),
        ([], 2, "give one statement"),
        (["SELECT 1", "-f", "x.sql"], 2, "give one statement"),
        (["SELECT 1", "-o", "parquet"], 2, "--out FILE"),
        (["SELECT 1", "-o", "xml"], 2, "xml"),
    ],
)
def test_what_cannot_be_done_is_explained_and_ends_with_its_code(
    lake: Path, arguments: list[str], code: int, said: str
) -> None:
    done = trailmere("query", *arguments, lake=lake, check=False)

    assert done.returncode == code
    assert said in done.stderr + done.stdout
    assert "Traceback" not in done.stderr


def test_a_query_over_its_seconds_is_stopped(lake: Path) -> None:

    done = trailmere("query", ENDLESS, "--max-seconds", "0.5", lake=lake, check=False)

    assert done.returncode == 1
    assert "stopped after 0.5 seconds" in done.stderr


def test_control_c_ends_the_query_with_130_and_leaves_no_worker(lake: Path) -> None:
    command = [sys.executable, "-m", "trailmere", "query", ENDLESS, "--lake", str(lake)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        worker = wait_for_busy_child(process.pid)
        process.send_signal(signal.SIGINT)
        _out, err = process.communicate(timeout=60)

    assert process.returncode == 130
    assert "Traceback" not in err
    assert not Path(f"/proc/{worker}").exists()


def wait_for_busy_child(pid: int) -> int:
    """The child of the process that has worked for half a second: a query is running by then."""
    ticks = os.sysconf("SC_CLK_TCK")
    while True:
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            spent = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[11:13]
            if sum(map(int, spent)) > 2 * ticks:
                return int(child)


def test_a_reader_that_goes_away_is_no_error(lake: Path) -> None:
    command = (
        f"{sys.executable} -m trailmere query 'SELECT eventJson FROM trail a' -n 0 -o ndjson --lake {lake} | head -1"
    )

    done = subprocess.run(command, shell=True, capture_output=True, text=True)

    assert json.loads(json.loads(done.stdout)["eventJson"])["eventName"] == "GetBucketAcl"
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 B"), (999, "999 B"), (1024, "1 KiB"), (1536, "1.5 KiB"), (1_023_693, "0.976 MiB"), (5 << 30, "5 GiB")],
)
def test_sizes_are_for_people(number: int, text: str) -> None:
    assert size(number) == text
