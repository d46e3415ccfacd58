"""Times as CloudTrail writes them are put together from parts read before, and mean what other spellings do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trailmere.events.values import microseconds

PARTS = st.tuples(
    st.integers(0, 9999),
    st.integers(0, 13),
    st.integers(0, 32),
    st.integers(0, 25),
    st.integers(0, 61),
    st.integers(0, 61),
)


@given(PARTS)
def test_the_usual_spelling_says_the_same_as_one_with_a_fraction(parts: tuple[int, ...]) -> None:
    year, month, day, hour, minute, second = parts
    text = f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"

    assert microseconds(f"{text}.0Z") == microseconds(f"{text}Z")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-02T00:00:01Z", 86_401_000_000),
        ("2016-12-31T23:59:60Z", 1_483_228_800_000_000),
        ("9999-12-31T23:59:59Z", 253_402_300_799_000_000),
        ("9999-12-31T23:59:60Z", None),
        ("2026-02-30T00:00:00Z", None),
        ("2026-01-31TT3:59:59Z", None),
        ("2026-01-31T٢3:59:59Z", None),
    ],
)
def test_a_time_on_the_edge(text: str, expected: int | None) -> None:
    assert expected == microseconds(text)
