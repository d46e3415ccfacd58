"""Random requests: what botocore signed is accepted, and refused after any single change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.access.signatures import MUTATIONS, MUTATIONS_OF_ONE, Server, a_server, judge
from trailmere.access.sigv4 import SignedRequest

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


TEXTS = st.text(st.characters(codec="latin-1"), max_size=30)
HEADERS = st.one_of(
    st.sampled_from(["Authorization", "X-Amz-Date", "Date", "Host", "X-Amz-Security-Token", "X-Amz-Content-Sha256"]),
    TEXTS,
)
PIECES = (
    "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260301/us-east-1/cloudtrail/aws4_request",
    "SignedHeaders=host;x-amz-date",
    f"Signature={'0' * 64}",
    "20260301T123015Z",
    "00010101T000000Z",
    "Mon, 01 Jan 0001 00:00:00 +2359",
    "Fri, 31 Dec 9999 23:59:59 -2359",
    "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=99999999999999999999",
    "X-Amz-Credential=%ff&X-Amz-Date=99991231T235959Z&X-Amz-SignedHeaders=host&X-Amz-Signature=0&X-Amz-Expires=9",
    ",",
    "&",
    "%",
)
VALUES = st.one_of(TEXTS, st.lists(st.sampled_from(PIECES), max_size=5).map(", ".join))
QUERIES = st.one_of(TEXTS, st.lists(st.sampled_from(PIECES), max_size=5).map("&".join))


@settings(max_examples=1000, deadline=None)
@given(
    method=TEXTS,
    path=TEXTS.map("/{}".format),
    query=QUERIES,
    headers=st.lists(st.tuples(HEADERS, VALUES), max_size=6),
    body=st.binary(max_size=30),
)
def test_whatever_comes_is_refused_as_a_signature_and_nothing_breaks(
    server: Server, method: str, path: str, query: str, headers: list[tuple[str, str]], body: bytes
) -> None:
    request = SignedRequest(method, path, query, tuple(headers), body)

    assert not server.accepts(request)
