"""The selector builder: rows and JSON say the same, both ways; what is wrong is told with its place."""

from __future__ import annotations

import json

import pytest

from trailmere.events.selector_templates import TEMPLATES, template
from trailmere.web.pages.stores_builder import Draft, Drafted, Row, changed, of_form, of_rows, of_selectors, of_template


def fields_of(draft: Draft, **more: str) -> list[tuple[str, str]]:
    """The form as a browser sends it of what the page shows."""
    found = [("json", draft.text.replace("\n", "\r\n")), ("json.was", draft.text.replace("\n", "\r\n"))]
    for s, one in enumerate(draft.selectors or ()):
        found += [(f"s{s}.category", one.category), (f"s{s}.name", one.name)]
        for c, row in enumerate(one.rows):
            start = f"s{s}.c{c}."
            found += [(f"{start}field", row.field), (f"{start}op", row.operator)]
            found += [(f"{start}was", row.field), (f"{start}values", "\r\n".join(row.values))]
    return [(name, value) for name, value in found if name not in more] + list(more.items())


@pytest.mark.parametrize("name", [one for one in TEMPLATES if one != "everything"])
def test_what_the_builder_shows_of_a_template_is_that_template(name: str) -> None:
    draft = of_selectors(template(name))

    sent = of_form(fields_of(draft))

    assert draft.selectors is not None
    assert sent.read == draft.read == template(name)
    assert sent.selectors == draft.selectors


def test_what_the_builder_cannot_show_is_still_edited_as_json() -> None:
    draft = of_selectors(template("everything"))

    sent = of_form(fields_of(draft))

    assert (draft.selectors, sent.selectors, sent.read) == (None, None, template("everything"))


def test_rows_of_one_field_become_one_field_selector() -> None:
    rows = (
        Row("eventName", "StartsWith", ("Put", "Delete")),
        Row("eventName", "NotEquals", ("PutMetricData",)),
        Row("eventName", "StartsWith", ("Put", "Create")),
    )

    draft = of_rows([Drafted("writes", "Management", rows)])

    assert draft.members == [
        {
            "Name": "writes",
            "FieldSelectors": [
                {"Field": "eventCategory", "Equals": ["Management"]},
                {"Field": "eventName", "StartsWith": ["Put", "Delete", "Create"], "NotEquals": ["PutMetricData"]},
            ],
        }
    ]


def test_json_that_was_edited_fills_the_builder() -> None:
    draft = of_template("management-events", "")
    edited = [{"FieldSelectors": [*draft.members[0]["FieldSelectors"], {"Field": "readOnly", "Equals": ["false"]}]}]

    sent = of_form(fields_of(draft, json=json.dumps(edited)))

    assert sent.selectors == (Drafted("", "Management", (Row("readOnly", "Equals", ("false",)),)),)


def test_a_value_that_was_typed_beside_the_others_is_one_of_them() -> None:
    draft = of_rows([Drafted("", "Management", (Row("eventName", "Equals", ("One",)),))])

    sent = of_form(fields_of(draft, **{"s0.c0.add": " Two "}))

    assert sent.selectors is not None
    assert sent.selectors[0].rows == (Row("eventName", "Equals", ("One", "Two")),)


def test_a_field_that_is_changed_loses_what_was_chosen_for_it_and_keeps_what_was_typed() -> None:
    chosen = of_rows([Drafted("", "Management", (Row("readOnly", "Equals", ("false",)),))])
    typed = of_rows([Drafted("", "Management", (Row("eventSource", "Equals", ("iam.amazonaws.com",)),))])

    first, second = (of_form(fields_of(draft, **{"s0.c0.field": "eventName"})) for draft in (chosen, typed))

    assert first.selectors is not None
    assert second.selectors is not None
    assert first.selectors[0].rows == (Row("eventName"),)
    assert second.selectors[0].rows == (Row("eventName", "Equals", ("iam.amazonaws.com",)),)


def test_another_category_keeps_the_conditions_that_it_can_have_and_adds_those_that_it_needs() -> None:
    rows = (Row("eventName", "Equals", ("GetObject",)), Row("eventType", "NotEquals", ("AwsServiceEvent",)))
    draft = of_rows([Drafted("", "Management", rows)])

    sent = of_form(fields_of(draft, **{"s0.category": "NetworkActivity"}))

    assert sent.selectors is not None
    assert sent.selectors[0].rows == (Row("eventSource"), Row("eventName", "Equals", ("GetObject",)))


def test_what_aws_would_refuse_is_told_at_its_selector_and_field() -> None:
    good = Drafted("", "Management")
    draft = of_rows([good, Drafted("", "Data", (Row("resources.type", "Equals", ("AWS::S3::Objekt",)),))])

    assert draft.wrong is not None
    assert (draft.wrong.selector, draft.wrong.field) == (1, "resources.type")
    assert "did you mean AWS::S3::Object?" in draft.wrong.hint


def test_json_that_is_none_is_told_with_its_line_and_the_builder_stays() -> None:
    draft = of_template("management-events", "")

    sent = of_form(fields_of(draft, json="[\n {"))

    assert sent.wrong is not None
    assert "line 2" in sent.wrong.message
    assert sent.selectors == draft.selectors


@pytest.mark.parametrize("text", ["[" * 100_000, '[{"FieldSelectors": 1}]', "null", '{"a": NaN}'])
def test_json_of_any_other_kind_is_refused_in_words(text: str) -> None:
    sent = of_form([("json", text), ("json.was", "")])

    assert sent.wrong is not None
    assert sent.read == ()


@pytest.mark.parametrize(
    "action", ["add:9", "remove:0:7", "remove-selector:0", "add", "remove:x:y", "", "add:-1", "remove-selector:²"]
)
def test_a_button_that_is_not_there_does_nothing(action: str) -> None:
    draft = of_template("management-events", "")

    assert changed(draft, action) == draft


def test_conditions_and_selectors_come_and_go() -> None:
    draft = of_template("management-events", "")

    for action in ("add:0", "add:0", "add-selector", "add:1", "remove:0:0", "remove-selector:1"):
        draft = changed(draft, action)

    assert draft.selectors is not None
    assert [[row.field for row in one.rows] for one in draft.selectors] == [["readOnly"]]
