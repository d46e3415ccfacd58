"""Selectors in plain words."""

from __future__ import annotations

import pytest

from trailmere.events.selector_templates import TEMPLATES, template
from trailmere.events.selector_wording import sentences
from trailmere.events.selectors import parse_selectors

CASES = {
    "management-events": ("Management events.",),
    "management-read-only": ("Management events where they only read.",),
    "management-exclude-kms-rds": (
        "Management events where eventSource is not kms.amazonaws.com or rdsdata.amazonaws.com.",
    ),
    "data-write-only:AWS::S3::Object": (
        "Data events where resources.type is AWS::S3::Object, and they change something.",
    ),
    "network-access-denied:s3.amazonaws.com": (
        "Network activity events where eventSource is s3.amazonaws.com, and a VPC endpoint policy refused them.",
    ),
    "everything": ("Management, data and network activity events, and whatever kinds CloudTrail adds to them.",),
}


@pytest.mark.parametrize("name", CASES)
def test_a_template_is_told_as_a_person_would(name: str) -> None:
    told = sentences(template(name))

    assert told == CASES[name]


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_template_is_told_a_sentence_a_selector(name: str) -> None:
    selectors = template(name)

    told = sentences(selectors)

    assert len(told) == len(selectors)
    assert all(one.endswith(".") for one in told)


def test_positive_and_negative_conditions_of_a_field_are_told_as_they_are_tested() -> None:
    name = {
        "Field": "eventName",
        "Equals": ["GetItem"],
        "StartsWith": ["Put", "Delete"],
        "NotEquals": ["PutMetricData"],
        "NotEndsWith": ["Batch"],
    }
    selectors = parse_selectors([{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}, name]}])

    told = sentences(selectors)

    assert told == (
        "Management events where (eventName is GetItem or eventName starts with Put or Delete) and "
        "eventName is not PutMetricData and eventName does not end with Batch.",
    )


def test_of_many_values_the_first_are_told_and_the_others_counted() -> None:
    names = {"Field": "eventName", "Equals": [f"Name{number}" for number in range(9)]}
    selectors = parse_selectors([{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}, names]}])

    told = sentences(selectors)

    assert told[0].endswith("Name4, Name5 or 3 more.")
