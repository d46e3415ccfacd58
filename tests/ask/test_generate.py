"""Questions in English are placed where they belong, with their times and details; or refused."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.query.questions import NOW, Shelf
from trailmere.ask.generate import SampleGenerator
from trailmere.errors import GenerateQueryRefused
from trailmere.query.dialect import compile

QUESTIONS = [
    tuple(line.split(" => "))
    for line in (Path(__file__).parent / "questions.txt").read_text(encoding="utf-8").splitlines()
]
WHEN = datetime(2024, 5, 21, 12, 30, tzinfo=UTC)
generator = SampleGenerator()


def condition(question: str) -> str:
    """What is asked of the events."""
    statement = " ".join(generator.generate(question, "trail", WHEN).statement.split())
    return statement.partition(" WHERE ")[2].partition(" GROUP BY ")[0].partition(" ORDER BY ")[0]


@pytest.mark.parametrize(("question", "sample"), [pair for pair in QUESTIONS if pair[1] != "refused"])
def test_a_question_finds_its_sample_and_the_statement_can_run(question: str, sample: str) -> None:
    generated = generator.generate(question, "trail", WHEN)

    assert generated.sample == sample
    assert [use.store.name for use in compile(generated.statement, Shelf(), now=NOW).tables] == ["trail"]


@pytest.mark.parametrize("question", [question for question, sample in QUESTIONS if sample == "refused"])
def test_a_question_that_cannot_be_placed_is_refused(question: str) -> None:
    with pytest.raises(GenerateQueryRefused, match="no query was found"):
        generator.generate(question, "trail", WHEN)


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("", "eventTime < '2024-05-21 12:30:00'"),
        ("in the last 24 hours", "eventTime >= '2024-05-20 12:30:00' AND eventTime < '2024-05-21 12:30:00'"),
        ("during the past month", "eventTime >= '2024-04-21 12:30:00' AND eventTime < '2024-05-21 12:30:00'"),
        ("over the past two weeks", "eventTime >= '2024-05-07 12:30:00' AND eventTime < '2024-05-21 12:30:00'"),
        ("yesterday", "eventTime >= '2024-05-20 00:00:00' AND eventTime < '2024-05-21 00:00:00'"),
        ("today", "eventTime >= '2024-05-21 00:00:00' AND eventTime < '2024-05-21 12:30:00'"),
        ("this week", "eventTime >= '2024-05-20 00:00:00' AND eventTime < '2024-05-21 12:30:00'"),
        ("since 2024-02-29", "eventTime >= '2024-02-29 00:00:00' AND eventTime < '2024-05-21 12:30:00'"),
        ("on July 22nd, 2023", "eventTime >= '2023-07-22 00:00:00' AND eventTime < '2023-07-23 00:00:00'"),
        ("in March 2022", "eventTime >= '2022-03-01 00:00:00' AND eventTime < '2022-04-01 00:00:00'"),
        ("before Jan 2, 2024", "eventTime < '2024-01-02 00:00:00'"),
        (
            "between 2024-01-03 and 2024-01-01",
            "eventTime >= '2024-01-01 00:00:00' AND eventTime < '2024-01-04 00:00:00'",
        ),
        ("on 2024-02-31", "eventTime < '2024-05-21 12:30:00'"),
    ],
)
def test_times_are_understood(said: str, asked: str) -> None:
    assert condition(f"How many events were there {said}?") == asked


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("with the key ASIAIOSFODNN7EXAMPLE", "userIdentity.accessKeyId = 'ASIAIOSFODNN7EXAMPLE'"),
        ("from 2001:db8::1", "sourceIPAddress = '2001:db8::1'"),
        ("in account 111122223333", "recipientAccountId = '111122223333'"),
        ("in eu-central-1", "awsRegion = 'eu-central-1'"),
        ("in us-gov-west-1", "awsRegion = 'us-gov-west-1'"),
        ("of Secrets Manager", "eventSource = 'secretsmanager.amazonaws.com'"),
        ("of sso.amazonaws.com", "eventSource = 'sso.amazonaws.com'"),
        ("of PutObject", "eventName = 'PutObject'"),
        ("with ThrottlingException", "errorCode = 'ThrottlingException'"),
        ("by 'o.brien@example.com'", "strpos(userIdentity.arn, 'o.brien@example.com') > 0"),
        ("by user alice", "strpos(userIdentity.arn, 'alice') > 0"),
        ("on arn:aws:s3:::a-bucket/key", "any_match(resources, r -> r.arn = 'arn:aws:s3:::a-bucket/key')"),
        ("by arn:aws:iam::111122223333:role/x", "userIdentity.arn = 'arn:aws:iam::111122223333:role/x'"),
        ("of bucket 'a'", "element_at(requestParameters, 'bucketName') = 'a'"),
    ],
)
def test_details_become_conditions(said: str, asked: str) -> None:
    assert asked in condition(f"How many events were there {said}?")


def test_the_number_that_is_asked_for_is_the_limit() -> None:
    assert generator.generate("top 3 errors", "trail", WHEN).statement.endswith("LIMIT 3")


@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), max_size=80))
def test_no_question_makes_a_statement_that_reads_anything_else(noise: str) -> None:
    try:
        generated = generator.generate(f"How many errors were there {noise}", "trail", WHEN)
    except GenerateQueryRefused:
        return

    assert {use.store.name for use in compile(generated.statement, Shelf(), now=NOW).tables} == {"trail"}
