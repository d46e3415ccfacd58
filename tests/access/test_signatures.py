"""Random requests: what botocore signed is accepted, and refused after any single change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.access.signatures import MUTATIONS, MUTATIONS_OF_ONE, Server, a_server, judge

if TYPE_CHECKING:
    from collections import Counter


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Server:
    return a_server(tmp_path_factory.mktemp("signatures"))


@settings(max_examples=300, deadline=None)
@given(seed=st.integers(0, 2**64))
def test_what_botocore_signed_is_accepted_and_refused_after_a_single_change(server: Server, seed: int) -> None:
    counts: Counter[str] = judge(server, seed, MUTATIONS_OF_ONE)

    assert counts.total() == 1 + MUTATIONS_OF_ONE


def test_every_kind_of_change_is_made(server: Server) -> None:
    made: set[str] = set()
    for seed in range(100):
        made |= set(judge(server, seed, MUTATIONS_OF_ONE))

    assert made == {one.__name__ for one in MUTATIONS} | {"accepted", "a clock beyond"}
