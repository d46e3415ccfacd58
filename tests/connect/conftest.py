"""A server with events, shared by the tests of this room."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.api.test_queries import event
from tests.connect.serving import Served, served

if TYPE_CHECKING:
    from collections.abc import Iterator

EVENTS = 5000


@pytest.fixture(autouse=True)
def no_other_authorities(monkeypatch: pytest.MonkeyPatch) -> None:
    """``requests`` would believe these variables rather than the certificate that it was given."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "AWS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server whose account has the store ``trail`` with 5000 events."""
    with served(tmp_path_factory.mktemp("connect"), [event(number) for number in range(EVENTS)]) as serving:
        yield serving
