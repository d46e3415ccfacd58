"""Lists in pages: complete, without repeats, and with tokens that are good for nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.api.serving import Serving, serve
from trailmere.api.paging import page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from trailmere.api.call import Call

NAMES = [f"store-{number:02}" for number in range(25)]


@pytest.fixture
def names() -> list[str]:
    """What there is to list; a test may change it between two pages."""
    return list(NAMES)


@pytest.fixture
def listing(tmp_path: Path, names: list[str]) -> Iterator[Serving]:
    """A server that lists these names, ten a page."""

    def stores(call: Call) -> Mapping[str, Any]:
        found, more = page(call, reversed(names), str, 10)
        return {"EventDataStores": [{"Name": name} for name in found], **more}

    def queries(call: Call) -> Mapping[str, Any]:
        found, more = page(call, names, str, 10)
        return {"Queries": [{"QueryId": name} for name in found], **more}

    functions = {("cloudtrail", "ListEventDataStores"): stores, ("cloudtrail", "ListQueries"): queries}
    serving = serve(tmp_path / "lake", functions=functions)
    yield serving
    serving.close()


def pages_of(client: Any, **parameters: Any) -> Iterator[list[str]]:
    while True:
        answer = client.list_event_data_stores(**parameters)
        yield [one["Name"] for one in answer["EventDataStores"]]
        if "NextToken" not in answer:
            return
        parameters["NextToken"] = answer["NextToken"]


@pytest.mark.parametrize("size", [1, 7, 24, 25, 26])
def test_pages_of_any_size_give_everything_once_and_in_order(listing: Serving, size: int) -> None:
    pages = list(pages_of(listing.client(), MaxResults=size))

    assert [name for found in pages for name in found] == NAMES
    assert {len(found) for found in pages[:-1]} <= {size}
    assert pages[-1]


def test_without_a_size_a_page_has_the_usual_one(listing: Serving) -> None:
    assert [len(found) for found in pages_of(listing.client())] == [10, 10, 5]


def test_what_is_removed_and_added_between_pages_repeats_and_hides_nothing(listing: Serving, names: list[str]) -> None:
    pages = pages_of(listing.client())
    first = next(pages)
    names.remove(first[0])
    names.insert(0, "a-new-one")

    assert first + [name for found in pages for name in found] == NAMES


def test_a_token_begins_with_a_letter_so_that_no_command_line_takes_it_for_an_option(listing: Serving) -> None:
    client, tokens = listing.client(), []
    more: dict[str, str] = {}
    while (answer := client.list_event_data_stores(MaxResults=1, **more)) and "NextToken" in answer:
        more = {"NextToken": answer["NextToken"]}
        tokens.append(answer["NextToken"])

    assert len(tokens) == len(NAMES) - 1
    assert all(one[0].isalpha() for one in tokens)


def test_the_size_of_a_page_may_change_on_the_way(listing: Serving) -> None:
    client = listing.client()
    first = client.list_event_data_stores(MaxResults=3)

    second = client.list_event_data_stores(MaxResults=20, NextToken=first["NextToken"])
    assert len(second["EventDataStores"]) == 20


def refused(client: Any, token: str) -> str:
    with pytest.raises(ClientError) as caught:
        client.list_event_data_stores(NextToken=token)
    return str(caught.value.response["Error"]["Code"])


@pytest.mark.parametrize("token", ["abcd", "-" * 1000, "\u00e9\u00e9\u00e9\u00e9", "AAAA====", "A" * 60, "    "])
def test_a_token_that_was_made_up_is_refused(listing: Serving, token: str) -> None:
    assert refused(listing.client(), token) == "InvalidNextTokenException"


def test_a_token_that_was_changed_anywhere_is_refused(listing: Serving) -> None:
    client = listing.client()
    token = client.list_event_data_stores()["NextToken"]
    changed = [
        token[:place] + ("B" if token[place] == "A" else "A") + token[place + 1 :] for place in range(len(token) - 1)
    ]

    assert {refused(client, one) for one in changed} == {"InvalidNextTokenException"}


def test_a_token_of_another_operation_is_refused(listing: Serving) -> None:
    token = listing.client().list_queries(EventDataStore="abc")["NextToken"]

    assert refused(listing.client(), token) == "InvalidNextTokenException"


def test_a_token_of_other_parameters_is_refused(listing: Serving) -> None:
    client = listing.client()
    token = client.list_queries(EventDataStore="abc")["NextToken"]

    with pytest.raises(ClientError) as caught:
        client.list_queries(EventDataStore="abd", NextToken=token)
    assert caught.value.response["Error"]["Code"] == "InvalidNextTokenException"


def test_a_token_of_another_region_is_refused(listing: Serving) -> None:
    token = listing.client().list_event_data_stores()["NextToken"]

    assert refused(listing.client(region="eu-west-1"), token) == "InvalidNextTokenException"
