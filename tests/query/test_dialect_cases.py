"""Questions with their answers, a folder each under ``cases``: question.sql (Trino), rows.csv (names, then rows)."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.query.questions import Desk, ask_for, open_desk

CASES = sorted(path for path in Path(__file__).with_name("cases").iterdir() if (path / "rows.csv").exists())


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return open_desk(tmp_path_factory.mktemp("desk"))


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_question_gets_its_answer(desk: Desk, case: Path) -> None:
    sql = (case / "question.sql").read_text()
    names, *expected = list(csv.reader((case / "rows.csv").read_text().splitlines()))

    answer = [[_shown(value) for value in row] for row in desk.rows(sql)]

    assert [column.name for column in ask_for(sql).columns] == names
    assert answer == expected


def _shown(value: object) -> str:
    if value is None:
        return "NULL"
    return str(value).lower() if isinstance(value, bool) else str(value)


def test_a_star_shows_the_documented_columns_in_lower_case_without_the_hidden_ones() -> None:
    names = [column.name for column in ask_for("SELECT * FROM trail").columns]

    assert names[:5] == ["eventversion", "useridentity", "eventtime", "eventsource", "eventname"]
    assert names[-2:] == ["eventjson", "eventjsonchecksum"]
    assert not {"calendarday", "hour", "deliveryid"} & set(names)


def test_columns_that_are_read_are_named_for_the_engine() -> None:
    sql = "SELECT userIdentity.arn, eventJsonChecksum FROM trail WHERE tlsDetails IS NOT NULL AND eventName = 'a'"

    assert set(ask_for(sql).tables[0].columns) == {
        "useridentity__arn",
        "eventjsonchecksum",
        "tlsdetails__tlsversion",
        "tlsdetails__ciphersuite",
        "tlsdetails__clientprovidedhostheader",
        "tlsdetails__keyexchange",
        "eventname",
    }


def test_brackets_around_a_column_take_no_name_away() -> None:
    sql = "SELECT (eventName), ((userIdentity.userName)), (1), (eventName) AS n FROM trail"

    assert [column.name for column in ask_for(sql).columns] == ["eventName", "username", "_col2", "n"]


def test_names_may_repeat_and_the_engine_still_has_different_ones(desk: Desk) -> None:
    statement = ask_for("SELECT eventName, eventName, eventName AS eventname_1 FROM trail LIMIT 1")

    assert [column.name for column in statement.columns] == ["eventName", "eventName", "eventname_1"]
    assert desk.run(statement) == [("GetObject", "GetObject", "GetObject")]


def test_output_columns_have_trino_types() -> None:
    columns = ask_for("SELECT eventTime, count(*), requestParameters FROM trail GROUP BY 1, 3").columns

    assert [str(column.type) for column in columns] == ["timestamp", "bigint", "map(varchar, varchar)"]


def test_one_query_has_one_time() -> None:
    sql = ask_for("SELECT now(), current_timestamp, localtimestamp, current_date").sql

    assert sql.count("TIMESTAMP '2024-05-10 12:00:00'") == 3
    assert "DATE '2024-05-10'" in sql
