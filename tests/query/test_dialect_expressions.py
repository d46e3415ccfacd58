"""Trino's functions mean on the engine what they mean in Trino. Add a line to ``expressions.txt`` to add a case."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tests.query.questions import Desk, open_desk

_NAMES = {"date": date, "datetime": datetime, "Decimal": Decimal}
CASES = [
    tuple(line.rsplit(" => ", 1))
    for line in Path(__file__).with_name("expressions.txt").read_text().splitlines()
    if line and not line.startswith("#")
]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return open_desk(tmp_path_factory.mktemp("desk"))


@pytest.mark.parametrize(("expression", "expected"), CASES, ids=[case[0] for case in CASES])
def test_an_expression_gives_what_trino_gives(desk: Desk, expression: str, expected: str) -> None:
    assert desk.rows(f"SELECT {expression}") == [(eval(expected, dict(_NAMES)),)]
