"""Keys of the event index: the same for ever, and never the same for two ids that differ."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.events.batches import plain_content_key
from trailmere.events.keys import content_key, content_keys, event_key, event_keys

IDS = st.none() | st.text(max_size=100) | st.uuids().map(str)


def test_zero_is_the_key_of_a_record_without_an_id_and_of_no_other() -> None:
    assert event_key(None) == event_key("") == 0
    assert event_key("a") != event_key("b") != 0


@pytest.mark.parametrize(
    ("event_id", "key"),
    [
        ("a", 0x8719CA12E8970702),
        ("0f0e0d0c-0000-4000-8000-000000000001", 0xD8E86BC5D63AB60A),
        ("é" * 40, 0xA1D30DD5032EFE84),
    ],
)
def test_keys_that_are_on_disk_stay_what_they_are(event_id: str, key: int) -> None:
    assert event_key(event_id) == key


@given(st.lists(IDS, max_size=40))
def test_the_keys_of_a_column_are_those_of_its_values(ids: list[str | None]) -> None:
    column = pa.array(["before", *ids], pa.string())

    assert event_keys(ids).tolist() == [event_key(one) for one in ids]
    assert event_keys(column[1:]).tolist() == [event_key(one) for one in ids]


@given(st.sets(IDS.filter(bool), max_size=200))
def test_ids_that_differ_have_keys_that_differ(ids: set[str | None]) -> None:
    assert len(set(event_keys(list(ids)).tolist())) == len(ids)


@given(st.lists(st.binary(max_size=60), max_size=20))
def test_the_key_of_a_text_is_the_beginning_of_its_sha256(texts: list[bytes]) -> None:
    assert content_keys(texts).tolist() == [plain_content_key(text) for text in texts]
    assert content_keys(texts).dtype == np.dtype("u8")
    assert [content_key(text) for text in texts] == [plain_content_key(text) for text in texts]
