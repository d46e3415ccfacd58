"""Fixtures that every room's tests share: where third-party records lie, and a lake in an empty folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("TRAILMERE_SHARED_DATA", Path(__file__).parents[1].parent / "shared" / "data"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs third-party records where they are absent, and say so."""
    if SHARED.is_dir():
        return
    skip = pytest.mark.skip(reason="the third-party records are not beside the project")
    for item in items:
        if "shared_data" in item.keywords:
            item.add_marker(skip)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of third-party records."""
    return SHARED
