"""Fixtures that every room's tests share, and the rule that CI skips nothing."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Iterator

SHARED = Path(os.environ.get("TRAILMERE_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
NO_SKIPS = "TRAILMERE_NO_SKIPS"

# no test of properties fails because the machine was busy
settings.register_profile("any machine", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs third-party records where they are absent, and say so."""
    if SHARED.is_dir():
        return
    skip = pytest.mark.skip(reason="the third-party records are not beside the project")
    for item in items:
        if "shared_data" in item.keywords:
            item.add_marker(skip)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Where ``TRAILMERE_NO_SKIPS`` is set (CI), a suite that cannot run is a failure, not a skip."""
    report = yield
    if report.skipped and os.environ.get(NO_SKIPS) and not hasattr(report, "wasxfail"):  # type: ignore[attr-defined]
        report.outcome = "failed"  # type: ignore[attr-defined]
        report.longrepr = f"skipped where nothing may be skipped: {report.longrepr}"  # type: ignore[attr-defined]
    return report


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of third-party records."""
    return SHARED
