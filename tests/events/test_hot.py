"""Hot keys: each column holds what its map holds under the key, whatever else is in the map and however it is cut."""

from __future__ import annotations

from collections import Counter

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from trailmere.events.columns import leaves
from trailmere.events.hot import HOT_KEYS, hot_column, hot_leaves, stored_leaves
from trailmere.events.members import with_hot_columns
from trailmere.events.types import Map

KEYS = HOT_KEYS["cloudtrail"]["requestparameters"]
MAP = pa.map_(pa.string(), pa.string())

keys = st.sampled_from([*KEYS, "Key", "BUCKETNAME", "", "other"])
maps = st.none() | st.dictionaries(keys, st.none() | st.text(max_size=8), max_size=6)


def table(rows: list[dict[str, str | None] | None]) -> pa.Table:
    """Rows that have a map of request parameters and nothing else."""
    entries = [None if row is None else list(row.items()) for row in rows]
    return pa.table({"requestparameters": pa.array(entries, MAP)})


@settings(deadline=None)
@given(st.lists(maps, max_size=12), st.integers(0, 12), st.integers(0, 12))
def test_a_hot_column_holds_in_every_row_what_the_map_holds_under_the_key(
    rows: list[dict[str, str | None] | None], start: int, length: int
) -> None:
    whole = pa.concat_tables([table(rows), table(rows[::-1])])  # two chunks, cut anywhere
    cut = (rows + rows[::-1])[start : start + length]

    derived = with_hot_columns(whole.slice(start, length), "cloudtrail")

    for leaf in hot_leaves("cloudtrail"):
        expected = [None if row is None else row.get(leaf.path[1]) for row in cut]
        assert derived.column(leaf.name).to_pylist() == expected


def test_deriving_a_second_time_changes_nothing() -> None:
    once = with_hot_columns(table([{"bucketName": "one"}, None]), "cloudtrail")

    assert with_hot_columns(once, "cloudtrail").equals(once)


def test_a_family_without_hot_keys_is_left_as_it_is() -> None:
    rows = table([{"bucketName": "one"}])

    assert with_hot_columns(rows, "insight") is rows


def test_a_key_that_is_spelled_otherwise_is_another_key() -> None:
    assert hot_column("cloudtrail", "requestparameters", "bucketName") == "requestparameters__bucketname"
    assert hot_column("cloudtrail", "requestparameters", "BucketName") is None


def test_no_two_stored_columns_have_one_name_and_hot_keys_are_of_maps() -> None:
    for family, hot in HOT_KEYS.items():
        types = {leaf.name: leaf.type for leaf in leaves(family)}
        names = Counter(leaf.name for leaf in stored_leaves(family))

        assert {name: count for name, count in names.items() if count > 1} == {}
        assert all(types[column] == Map() for column in hot)
