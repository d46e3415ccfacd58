"""A server over an empty lake, and clients of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.api.serving import Serving, serve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Serving]:
    """A server over an empty lake."""
    serving = serve(tmp_path / "lake")
    yield serving
    serving.close()


@pytest.fixture
def client(server: Serving) -> Callable[..., Any]:
    """``client("cloudtrail")``: a boto3 client of the server, the administrator's unless ``key=`` says otherwise."""
    return server.client
