"""The sample library: every query runs over the demo's events, and is found by those who look for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tests.walks.door import opened, rows, trailmere
from trailmere.app import App
from trailmere.ask.details import DETAILS
from trailmere.ask.generate import SampleGenerator, example
from trailmere.ask.library import SAMPLES
from trailmere.ask.records import STORE, Sample
from trailmere.ask.search import search
from trailmere.events.selector_templates import template
from trailmere.simulator.trail import demo_march

if TYPE_CHECKING:
    from trailmere.app import App

ID = "1994bee2-d4a0-460e-8c07-1b5ee04765d8"
AFTER = datetime(2022, 4, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The demo's first store."""
    folder = tmp_path_factory.mktemp("samples")
    with opened(folder / "lake") as made:
        made.lifecycle.create("demo", store_id=ID, selectors=template("everything"))
    demo_march().write(folder / "logs")
    trailmere("ingest", folder / "logs", "--store", "demo", lake=folder / "lake")
    with opened(folder / "lake") as made:
        yield made


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_a_sample_runs_as_it_is_shown(app: App, sample: Sample) -> None:
    shown = example(sample)

    assert shown.count(STORE) == 1
    rows(app, shown.replace(STORE, ID))


def test_most_samples_find_something_in_the_incident(app: App) -> None:
    """Each over all of the time, so that its columns and conditions are proved by rows."""
    always = "eventTime > timestamp '2022-01-01 00:00:00'"
    found = {
        sample.name: len(
            rows(app, example(sample).replace("eventTime > date_add('day', -7, now())", always).replace(STORE, ID))
        )
        for sample in SAMPLES
    }

    empty = [name for name, number in found.items() if number == 0]
    assert len(empty) < len(SAMPLES) / 3, empty


def test_a_generated_statement_answers_its_question(app: App) -> None:
    question = "Was 192.0.2.76 seen in other accounts?"

    statement = SampleGenerator().generate(question, ID, AFTER).statement

    assert {row["recipientAccountId"] for row in rows(app, statement)} >= {"555555555555"}


def test_there_are_more_than_forty_samples_of_different_names() -> None:
    assert len({sample.name for sample in SAMPLES}) == len(SAMPLES) > 40


def test_samples_settle_details_that_there_are() -> None:
    assert {kind for sample in SAMPLES for kind in sample.fixed} <= DETAILS.keys()


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_a_sample_is_found_first_by_its_name(sample: Sample) -> None:
    hits = search(sample.name)

    best = [hit.name for hit in hits if hit.relevance == hits[0].relevance]
    assert sample.name in best


@pytest.mark.parametrize(
    ("phrase", "name"),
    [
        ("console login", "Console sign-ins"),
        ("consol lgin", "Console sign-ins"),
        ("who created access keys", "Access keys created"),
        ("terminated ec2 instances", "Instances stopped or terminated"),
        ("GetSecretValue", "Secrets and parameters read"),
    ],
)
def test_a_phrase_finds_what_it_means_among_the_first(phrase: str, name: str) -> None:
    assert name in [hit.name for hit in search(phrase)][:3]


def test_relevance_is_between_nothing_and_one_and_descends() -> None:
    relevances = [hit.relevance for hit in search("access denied")]

    assert relevances == sorted(relevances, reverse=True)
    assert all(0 < relevance <= 1 for relevance in relevances)


def test_a_phrase_without_meaning_finds_nothing() -> None:
    assert search("xyzzy") == []
