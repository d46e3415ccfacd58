"""The story of ``valid``, told to a server: what each call came to, and the things and deeds that the story needs."""

from __future__ import annotations

import hashlib
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from tests.api.asking import an_event
from tests.api.outcomes.scenario import ALL, Deed, Valid, filled
from tests.api.outcomes.valid import BUSY, STORY
from tests.api.serving import ACCOUNT, REGION, Serving, serve
from tests.ingest.test_imports import key, log, write
from tests.insights.world import hourly, push, surge
from tests.query.background import ENDLESS, PATIENCE_SECONDS

if TYPE_CHECKING:
    from pathlib import Path

MEMBER = "210987654321"
Things = dict[str, str]


def tell(folder: Path) -> list[tuple[Valid, str]]:
    """Every call of the story in its order, with what was wrong with its answer: nothing, as a rule."""
    serving, things = _beginning(folder)
    told = []
    try:
        for one in STORY:
            if isinstance(one, Deed):
                DEEDS[one.name](serving, things)
            else:
                told.append((one, _call(serving, things, one)))
    finally:
        serving.close()
    return told


def _beginning(folder: Path) -> tuple[Serving, Things]:
    logs, answers = folder / "logs", folder / "answers"
    answers.mkdir()
    write(logs, key(1), log(1))
    for number in (2, 3):
        write(logs, key(number), b"\x1f\x8b no gzip")
    serving = serve(folder / "lake", import_folders=str(logs), delivery_folders=f"answers={answers}")
    serving.app.identities.create_account("member", MEMBER)
    serving.app.organization.declare(ACCOUNT)
    event = an_event("1", ACCOUNT)["eventData"]
    checksum = b64encode(hashlib.sha256(event.encode()).digest()).decode()
    return serving, {
        "account": ACCOUNT,
        "member": MEMBER,
        "logs": logs.as_uri(),
        "event": event,
        "checksum": checksum,
    }


def _call(serving: Serving, things: Things, scenario: Valid) -> str:
    client = serving.client(ALL[scenario.operation].service)
    deadline = time.monotonic() + PATIENCE_SECONDS
    try:
        while True:
            answer = client._make_api_call(scenario.operation, filled(scenario.members, things))
            if scenario.until.items() <= answer.items():
                break
            if time.monotonic() > deadline:
                return f"expected {scenario.until}, got {answer}"
            time.sleep(0.02)
        things |= {name: _member(answer, path) for name, path in scenario.keeps.items()}
    except (BotoCoreError, ClientError, LookupError) as error:
        return repr(error)
    return ""


def _member(answer: Any, path: str) -> str:
    for step in path.split("."):
        answer = answer[int(step) if step.isdigit() else step]
    return str(answer)


def _wait_with_an_import(serving: Serving, things: Things) -> None:
    store = serving.app.stores.get(things["store"])
    things["waiting"] = serving.app.import_records.create(ACCOUNT, REGION, store.id, things["logs"]).id


def _go_on_with_a_query(serving: Serving, things: Things) -> None:
    things["endless"] = serving.client().start_query(QueryStatement=ENDLESS)["QueryId"]


def _analyse_a_surge(serving: Serving, things: Things) -> None:
    store = serving.app.stores.get(things["store"])
    push(serving.app.pusher, store, hourly("ListBuckets", 72, since=BUSY - timedelta(days=3), read_only=True))
    push(serving.app.pusher, store, surge("DeleteBucket", 10, since=BUSY))
    push(serving.app.pusher, store, surge("DeleteBucket", 10, since=BUSY + timedelta(hours=5), error="AccessDenied"))
    serving.app.insights.run(store.id)


DEEDS: Mapping[str, Callable[[Serving, Things], None]] = {
    "an import waits": _wait_with_an_import,
    "a query goes on": _go_on_with_a_query,
    "a surge is analysed": _analyse_a_surge,
}
