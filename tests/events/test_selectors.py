"""Advanced event selectors: what is accepted, what is refused and where the fault is said to be."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from trailmere.errors import InvalidEventSelectors
from trailmere.events.columns import FAMILIES
from trailmere.events.selector_templates import TEMPLATES, template
from trailmere.events.selector_values import DATA_EVENT_RESOURCE_TYPES, NETWORK_ACTIVITY_EVENT_SOURCES
from trailmere.events.selectors import (
    DEFAULT_SELECTORS,
    categories_of,
    family_of,
    parse_selectors,
    stored_selectors,
    to_json,
)

ALL_OPERATORS = ("Equals", "StartsWith", "EndsWith", "NotEquals", "NotStartsWith", "NotEndsWith")
ANY = set(ALL_OPERATORS)

# category -> field -> (operators, a value that is allowed): AWS's table, written a second time and by hand
ALLOWED: dict[str, dict[str, tuple[set[str], str]]] = {
    "Management": {
        "eventSource": (ANY, "kms.amazonaws.com"),
        "readOnly": ({"Equals"}, "true"),
        "eventName": (ANY, "RunInstances"),
        "eventType": (ANY, "AwsApiCall"),
        "sessionCredentialFromConsole": ({"Equals", "NotEquals"}, "true"),
        "userIdentity.arn": (ANY, "arn:aws:iam::111122223333:user/jane"),
    },
    "Data": {
        "eventSource": (ANY, "s3.amazonaws.com"),
        "readOnly": ({"Equals"}, "false"),
        "eventName": (ANY, "GetObject"),
        "eventType": (ANY, "AwsApiCall"),
        "resources.ARN": (ANY, "arn:aws:s3:::bucket/"),
        "sessionCredentialFromConsole": ({"Equals", "NotEquals"}, "true"),
        "userIdentity.arn": (ANY, "arn:aws:iam::111122223333:user/jane"),
    },
    "NetworkActivity": {
        "eventName": (ANY, "CreateKey"),
        "errorCode": ({"Equals"}, "VpceAccessDenied"),
        "vpcEndpointId": (ANY, "vpce-0123456789abcdef0"),
    },
    "Insight": {},
    "ConfigurationItem": {},
    "Evidence": {},
    "ActivityAuditLog": {},
}
EVERY_FIELD = sorted({field for fields in ALLOWED.values() for field in fields} | {"resources.type"})


def selector(category: str, *fields: dict[str, Any], name: str | None = None) -> dict[str, Any]:
    """The smallest selector of a category, and more fields."""
    required = {
        "Data": [{"Field": "resources.type", "Equals": ["AWS::S3::Object"]}],
        "NetworkActivity": [{"Field": "eventSource", "Equals": ["s3.amazonaws.com"]}],
    }.get(category, [])
    named = {} if name is None else {"Name": name}
    return {**named, "FieldSelectors": [{"Field": "eventCategory", "Equals": [category]}, *required, *fields]}


def refusal(data: object) -> InvalidEventSelectors:
    with pytest.raises(InvalidEventSelectors) as caught:
        parse_selectors(data)
    return caught.value


@pytest.mark.parametrize("category", sorted(FAMILIES))
def test_every_category_can_be_selected_with_its_required_fields_alone(category: str) -> None:
    parsed = parse_selectors([selector(category)])

    assert (categories_of(parsed), family_of(parsed)) == ((category,), FAMILIES[category])


@pytest.mark.parametrize(
    ("category", "field", "operator"),
    [
        (category, field, operator)
        for category in sorted(FAMILIES)
        for field in EVERY_FIELD
        for operator in ALL_OPERATORS
        if (category, field) not in {("Data", "resources.type"), ("NetworkActivity", "eventSource")}  # required ones
    ],
)
def test_a_field_and_operator_are_accepted_exactly_where_aws_documents_them(
    category: str, field: str, operator: str
) -> None:
    operators, value = ALLOWED[category].get(field, (set(), "x"))
    data = [selector(category, {"Field": field, operator: [value]})]

    if operator in operators:
        assert to_json(parse_selectors(data)) == data
    else:
        assert refusal(data).place == f"selector 1, field {field}"


@pytest.mark.parametrize("operator", ALL_OPERATORS)
@pytest.mark.parametrize(
    ("category", "field", "value"),
    [
        ("Management", "eventCategory", "Management"),
        ("Data", "resources.type", "AWS::S3::Object"),
        ("NetworkActivity", "eventSource", "s3.amazonaws.com"),
    ],
)
def test_a_required_field_takes_equals_with_one_value_only(
    category: str, field: str, value: str, operator: str
) -> None:
    data = selector(category)
    for part in data["FieldSelectors"]:
        if part["Field"] == field:
            part.clear()
            part.update({"Field": field, operator: [value]})

    if operator == "Equals":
        assert to_json(parse_selectors([data])) == [data]
    else:
        assert refusal([data]).place == f"selector 1, field {field}"


@pytest.mark.parametrize(
    ("data", "place", "said"),
    [
        (None, None, "got nothing"),
        ([], None, "a list that is not empty"),
        ({"FieldSelectors": []}, None, "a list"),
        ([selector("Management")] * 6, None, "at most 5, got 6"),
        (["Management"], "selector 1", "expected an object"),
        ([{"FieldSelectors": []}], "selector 1", "FieldSelectors"),
        ([{"Name": "x"}], "selector 1", "FieldSelectors"),
        ([selector("Management", name="x" * 1001)], "selector 1", "1000 characters"),
        ([{**selector("Management"), "Fields": []}], "selector 1", "got 'Fields'"),
        ([selector("Management"), {"FieldSelectors": [7]}], "selector 2, field selector 1", "expected an object"),
        ([selector("Management", {"Equals": ["x"]})], "selector 1, field selector 2", "got nothing"),
        ([selector("Management", {"Field": "", "Equals": ["x"]})], "selector 1, field selector 2", "got ''"),
        ([selector("Management", {"Field": "a b", "Equals": ["x"]})], "selector 1, field selector 2", "got 'a b'"),
        ([selector("Management", {"Field": "e" * 1001, "Equals": ["x"]})], "selector 1, field selector 2", "name of a"),
        ([selector("Management", {"Field": "eventName"})], "selector 1, field selector 2", "expected one of Equals"),
        ([selector("Management", {"Field": "eventName", "Equals": []})], "selector 1, field selector 2", "not empty"),
        ([selector("Management", {"Field": "eventName", "Equals": "x"})], "selector 1, field selector 2", "a list"),
        (
            [selector("Management", {"Field": "eventName", "Equals": [""]})],
            "selector 1, field selector 2, Equals",
            "1 to 2048",
        ),
        (
            [selector("Management", {"Field": "eventName", "Equals": ["x" * 2049]})],
            "selector 1, field selector 2, Equals",
            "1 to 2048",
        ),
        (
            [selector("Management", {"Field": "readOnly", "Equals": [True]})],
            "selector 1, field selector 2, Equals",
            "got True",
        ),
        (
            [selector("Management", {"Field": "eventName", "Like": ["x"]})],
            "selector 1, field selector 2",
            "got 'Like'",
        ),
        (
            [{"FieldSelectors": [{"Field": "readOnly", "Equals": ["true"]}]}],
            "selector 1",
            "expected the field eventCategory",
        ),
        (
            [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["management"]}]}],
            "selector 1, field eventCategory",
            "got 'management'",
        ),
        (
            [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management", "Data"]}]}],
            "selector 1, field eventCategory",
            "expected one value, got 2",
        ),
        (
            [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Data"]}]}],
            "selector 1",
            "expected the field resources.type",
        ),
        (
            [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["NetworkActivity"]}]}],
            "selector 1",
            "expected the field eventSource",
        ),
        (
            [selector("Management", {"Field": "readOnly", "Equals": ["True"]})],
            "selector 1, field readOnly",
            "expected true or false, got 'True'",
        ),
        (
            [selector("Management", {"Field": "sessionCredentialFromConsole", "Equals": ["false"]})],
            "selector 1, field sessionCredentialFromConsole",
            "expected true, got 'false'",
        ),
        (
            [selector("NetworkActivity", {"Field": "errorCode", "Equals": ["AccessDenied"]})],
            "selector 1, field errorCode",
            "expected VpceAccessDenied",
        ),
        (
            [
                selector(
                    "Management",
                    {"Field": "eventName", "Equals": ["x"]},
                    {"Field": "eventName", "NotEquals": ["y"]},
                )
            ],
            "selector 1, field eventName",
            "each field once",
        ),
    ],
)
def test_what_aws_would_refuse_is_refused_with_the_place(data: object, place: str | None, said: str) -> None:
    error = refusal(data)

    assert error.place == place
    assert said in error.message


@pytest.mark.parametrize(
    ("data", "hint"),
    [
        ([selector("Management", {"Field": "eventname", "Equals": ["x"]})], "did you mean eventName?"),
        ([selector("Management", {"Field": "eventName", "Equal": ["x"]})], "did you mean Equals?"),
        (
            [
                {
                    "FieldSelectors": [
                        {"Field": "eventCategory", "Equals": ["Data"]},
                        {"Field": "resources.type", "Equals": ["AWS::S3::Objects"]},
                    ]
                }
            ],
            "did you mean AWS::S3::Object?",
        ),
    ],
)
def test_a_near_miss_is_answered_with_what_was_meant(data: object, hint: str) -> None:
    error = refusal(data)

    assert hint in str(error.hint)


def test_five_hundred_values_are_allowed_over_all_selectors_and_one_more_is_refused() -> None:
    names = {"Field": "eventName", "NotEquals": [f"Operation{number}" for number in range(249)]}
    data = [selector("Management", names), selector("Management", copy.deepcopy(names))]  # 249 names, 1 category, twice

    accepted = parse_selectors(data)
    data[0]["FieldSelectors"][1]["NotEquals"].append("OneMore")

    assert len(accepted) == 2
    assert "at most 500 values over all selectors, got 501" in refusal(data).message


def test_management_data_and_network_activity_events_can_share_a_store() -> None:
    parsed = parse_selectors([selector("NetworkActivity"), selector("Data"), selector("Management")])

    assert (categories_of(parsed), family_of(parsed)) == (("Management", "Data", "NetworkActivity"), "cloudtrail")


@pytest.mark.parametrize("category", ["Insight", "ConfigurationItem", "Evidence", "ActivityAuditLog"])
def test_any_other_category_wants_a_store_of_its_own(category: str) -> None:
    error = refusal([selector("Management"), selector(category)])

    assert error.message.endswith(f"got eventCategory Management and {category}")


def test_a_member_that_is_null_counts_as_absent() -> None:
    data = selector("Management", {"Field": "eventName", "Equals": ["x"], "StartsWith": None})
    data["Name"] = None

    parsed = parse_selectors([data])

    assert to_json(parsed) == [selector("Management", {"Field": "eventName", "Equals": ["x"]})]


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_a_template_survives_being_stored_as_json(name: str) -> None:
    selectors = template(name)

    assert stored_selectors(json.dumps(to_json(selectors))) == selectors
    assert TEMPLATES[name].meaning


@pytest.mark.parametrize("name", sorted(set(TEMPLATES) - {"everything"}))
def test_aws_would_accept_every_template_but_everything(name: str) -> None:
    selectors = template(name)

    assert parse_selectors(to_json(selectors)) == selectors


def test_everything_covers_the_three_categories_of_cloudtrail_events_and_no_other() -> None:
    selectors = template("everything")

    assert (categories_of(selectors), family_of(selectors)) == (("Management", "Data", "NetworkActivity"), "cloudtrail")


def test_a_template_takes_values_behind_a_colon() -> None:
    selectors = template("data-events:AWS::S3::Object, AWS::Lambda::Function")

    assert [one.fields[1].equals for one in selectors] == [("AWS::S3::Object",), ("AWS::Lambda::Function",)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("managment-events", "did you mean management-events?"),
        ("zzz", "use one of default"),
        ("default:x", "takes no values"),
        ("data-events:AWS::S3::Objekt", "did you mean AWS::S3::Object?"),
        ("network-events:a,b,c,d,e,f", "at most 5, got 6"),
    ],
)
def test_a_template_that_cannot_be_is_refused_with_advice(text: str, said: str) -> None:
    with pytest.raises(InvalidEventSelectors) as caught:
        template(text)

    assert said in f"{caught.value.message} {caught.value.hint}"


def test_the_default_selector_has_the_name_that_aws_gives_it() -> None:
    assert to_json(DEFAULT_SELECTORS) == [selector("Management", name="Default management events")]


def test_the_lists_of_values_hold_what_aws_lists() -> None:
    assert {"AWS::S3::Object", "AWS::Lambda::Function", "AWS::DynamoDB::Table"} <= DATA_EVENT_RESOURCE_TYPES
    assert all(source.endswith(".amazonaws.com") for source in NETWORK_ACTIVITY_EVENT_SOURCES)
    assert (len(DATA_EVENT_RESOURCE_TYPES), len(NETWORK_ACTIVITY_EVENT_SOURCES)) == (175, 76)


def page() -> str:
    return (Path(__file__).parents[2] / "docs/reference/event-selectors.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_every_template_stands_in_the_reference(name: str) -> None:
    one = TEMPLATES[name]

    assert f"| `{name}` | {one.values} | {one.meaning} |" in page()


@pytest.mark.parametrize(("category", "field"), [(one, field) for one in ALLOWED for field in ALLOWED[one]])
def test_every_field_stands_in_the_reference_with_its_operators(category: str, field: str) -> None:
    operators = [operator for operator in ALL_OPERATORS if operator in ALLOWED[category][field][0]]
    shown = "all" if len(operators) == len(ALL_OPERATORS) else ", ".join(operators)

    assert f"| {category} | `{field}` | {shown} |" in page()


def test_the_example_of_the_reference_is_accepted() -> None:
    example = page().partition("```json\n")[2].partition("```")[0]

    assert len(parse_selectors(json.loads(example))[0].fields) == 4
