"""Equality of record texts as JSON values."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trailmere.lake.samejson import fingerprint, same_value

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def shuffled(value: object, dice: random.Random) -> object:
    if isinstance(value, dict):
        pairs = [(key, shuffled(inner, dice)) for key, inner in value.items()]
        dice.shuffle(pairs)
        return dict(pairs)
    return [shuffled(inner, dice) for inner in value] if isinstance(value, list) else value


@given(VALUES, st.randoms(use_true_random=False), st.booleans(), st.sampled_from([None, 1, "\t"]))
def test_order_white_space_and_escapes_do_not_matter(
    value: object, dice: random.Random, ascii_only: bool, indent: int | str | None
) -> None:
    other = json.dumps(shuffled(value, dice), ensure_ascii=ascii_only, indent=indent)

    assert same_value(json.dumps(value), other)


@given(VALUES, VALUES)
def test_different_values_are_different(first: object, second: object) -> None:
    same = json.dumps(first, sort_keys=True) == json.dumps(second, sort_keys=True)

    assert same == same_value(json.dumps(first), json.dumps(second))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("1", '"1"'),
        ("1.0", "1"),
        ("null", '"null"'),
        ("[]", "{}"),
        ('{"a":1,"a":2}', '{"a":2,"a":1}'),
        ('["a","b"]', '["a\\",\\"b"]'),
        ('{"a":{"b":1},"c":2}', '{"a":{"b":1,"c":2}}'),
        ('{"a":1}', '{"a":1'),
        ("{", "}"),
    ],
)
def test_these_are_not_the_same(first: str, second: str) -> None:
    assert not same_value(first, second)


def test_depth_does_not_exhaust_the_stack() -> None:
    deep = "[" * 100_000 + "]" * 100_000

    assert fingerprint(deep) == fingerprint(deep.replace("[", "[ "))


def test_a_lone_surrogate_is_compared_like_any_other_character() -> None:
    assert same_value('"\\ud800"', '"\\uD800" ')
