"""Spoiled bodies, some thousand of them: ``tests.api.fuzz`` says what they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.api.fuzz import run
from tests.api.serving import serve

if TYPE_CHECKING:
    from pathlib import Path


def test_no_spoiled_body_is_an_internal_failure_or_an_error_that_clients_do_not_know(tmp_path: Path) -> None:
    serving = serve(tmp_path / "lake")
    seen, strange = run(serving.dispatcher.answer, serving, 3000, 20261124)
    serving.close()

    assert strange == []
    assert seen["SerializationException"] > 100
    assert len(seen) > 10
