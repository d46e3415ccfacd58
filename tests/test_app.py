"""The builder ties the rooms: what one room decides holds in the others."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from trailmere.app import StoreCatalog, build
from trailmere.errors import InactiveStore
from trailmere.settings import load


def test_a_statement_finds_a_store_by_name_id_and_arn(tmp_path: Path) -> None:
    app = build(load({}, lake=tmp_path))
    store = app.lifecycle.create("audit")
    catalog = StoreCatalog(app.stores)

    found = {catalog.find(name) for name in ("audit", store.id.upper(), store.arn)}
    app.close()

    assert [(entry.id, entry.family) for entry in found if entry is not None] == [(store.id, "cloudtrail")]


def test_an_engine_begins_to_work_before_the_lake_is_opened(tmp_path: Path) -> None:
    app = build(load({}, lake=tmp_path))

    app.engine.prepare()

    assert "lake" not in vars(app)
    assert app.queries.run("SELECT 1").columns[0].name == "_col0"
    app.close()


def test_a_statement_cannot_read_from_a_store_that_is_pending_deletion(tmp_path: Path) -> None:
    app = build(load({}, lake=tmp_path))
    app.lifecycle.create("audit", termination_protection=False)
    app.lifecycle.delete("audit")

    with pytest.raises(InactiveStore, match="cannot query audit"):
        StoreCatalog(app.stores).find("audit")
    app.close()


def test_threads_that_ask_for_a_room_at_once_get_the_same_one(tmp_path: Path) -> None:
    app = build(load({}, lake=tmp_path))
    together = threading.Barrier(8)
    given: list[object] = []

    def ask() -> None:
        together.wait()
        given.append(app.pusher)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    app.close()

    assert given == [app.pusher] * 8
