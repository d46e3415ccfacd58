"""A short bad day; ``python -m tests.faults.remote 3600`` is a long one."""

from __future__ import annotations

import pytest

from tests.faults.remote.soak import soak


@pytest.mark.extended
def test_a_bad_day_of_the_server_loses_and_doubles_nothing() -> None:
    report = soak(20, seed=1)

    assert report.is_clean, report
    assert report.faults.keys() >= {"503 SlowDown", "short body", "cut with a fitting length", "reset in the body"}
