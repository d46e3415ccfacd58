"""One lake for all dashboards: what takes the time is not the events but the workers that answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.walks.door import opened

if TYPE_CHECKING:
    from trailmere.app import App


@pytest.fixture(scope="session")
def shared_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The application over a lake that each module puts stores of its own into."""
    with opened(tmp_path_factory.mktemp("dashboards") / "lake") as app:
        yield app
