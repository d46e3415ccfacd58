"""moto's own tests of CloudTrail pass against the server, but for those that are said to differ."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.extended
def test_of_motos_own_tests_those_fail_that_are_said_to_differ_and_no_others() -> None:
    finished = subprocess.run(
        [sys.executable, "-m", "tests.api.moto_suite"], capture_output=True, text=True, check=False
    )

    assert finished.returncode == 0, finished.stdout + finished.stderr
