"""A question of the benchmarks in each peer's words: only columns, times and the source differ."""

from __future__ import annotations

import pytest

from benchmarks import questions, words

SQL = "SELECT eventName FROM events WHERE userIdentity.accessKeyId = 'K' AND eventTime > '2022-03-15 13:10:00'"
NEEDLES = questions.Needles("K", "2022-03-15", "E", "A", "U", "B", "O", "B")
TONGUES = {
    "DuckDB over records": words.DUCKDB_RECORDS,
    "ClickHouse, MergeTree": words.CLICKHOUSE_MERGE_TREE,
    "ClickHouse over records": words.CLICKHOUSE_RECORDS,
    "ClickHouse over leaves": words.CLICKHOUSE_LEAVES,
    "Spark over leaves": words.SPARK_LEAVES,
}


@pytest.mark.parametrize(
    ("tongue", "expected"),
    [
        (
            words.DUCKDB_RECORDS,
            "userIdentity.accessKeyId = 'K' AND eventTime > CAST('2022-03-15 13:10:00' AS TIMESTAMP)",
        ),
        (
            words.CLICKHOUSE_MERGE_TREE,
            "accessKeyId = 'K' AND eventTime > toDateTime64('2022-03-15 13:10:00', 3, 'UTC')",
        ),
        (
            words.SPARK_LEAVES,
            "useridentity__accesskeyid = 'K' AND eventtime > CAST('2022-03-15 13:10:00' AS TIMESTAMP_NTZ)",
        ),
    ],
)
def test_columns_and_times_are_those_of_the_peer(tongue: words.Tongue, expected: str) -> None:
    found = words.translate(SQL, tongue).partition(" WHERE ")[2]

    assert found == expected


def test_the_columns_that_a_question_reads_are_told() -> None:
    found = {leaf.name for leaf in words.leaves_of(SQL)}

    assert found == {"eventname", "useridentity__accesskeyid", "eventtime"}


@pytest.mark.parametrize("tongue", TONGUES.values(), ids=TONGUES)
@pytest.mark.parametrize("question", questions.all_questions(NEEDLES), ids=lambda question: question.name)
def test_every_question_can_be_said_and_names_the_source(question: questions.Question, tongue: words.Tongue) -> None:
    found = words.translate(question.sql, tongue, "the_source")

    assert "the_source" in found
    assert words.SOURCE not in found
