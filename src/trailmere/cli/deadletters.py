"""``trailmere deadletters``: what could not be taken in, its bytes, and trying again."""

from __future__ import annotations

import sys
from collections import defaultdict
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import App, Parameter

from trailmere.cli.common import (
    LakeOption,
    OutputOption,
    open_lake,
    printable,
    talk,
    time_text,
    write_json,
    write_pairs,
    write_table,
)

if TYPE_CHECKING:
    from trailmere.app import App as Application
    from trailmere.lake.records import StoredDeadLetter

deadletters = App(
    name="deadletters", help="What could not be taken in, and why.", help_format="plaintext", version_flags=[]
)
StoreOption = Annotated[str | None, Parameter(help="Only of this event data store.")]
ReasonOption = Annotated[str | None, Parameter(help="Only with this reason, as the list shows it.")]
SHOWN_BYTES = 4096


@deadletters.command(name="list")
def list_(
    *,
    store: StoreOption = None,
    reason: ReasonOption = None,
    state: Annotated[Literal["open", "replayed", "all"], Parameter(help="open, replayed or all.")] = "open",
    limit: Annotated[int, Parameter(help="How many at most; 0: all.")] = 100,
    output: OutputOption = "table",
    lake: LakeOption = None,
) -> None:
    """Dead letters: where each was, why it could not be taken in, and how large it is."""
    _check_reason(reason)
    with open_lake(lake) as app:
        names = {one.id: one.name for one in app.stores.list()}
        store_id = None if store is None else app.stores.get(store).id
        found = app.lake.dead_letters(store_id, state=None if state == "all" else state, reason=reason)
        letters = list(islice(found, limit + 1 if limit else None))
    cut = bool(limit) and len(letters) > limit
    rows = [_row(letter, names) for letter in (letters[:limit] if cut else letters)]
    if output == "json":
        write_json(rows)
    else:
        columns = ("id", "store", "reason", "place", "size", "uri")
        write_table(columns, [[row[column] for column in columns] for row in rows], empty="none")
    if cut:
        talk().print(f"the first {limit}; --limit 0 shows all")


def _check_reason(reason: str | None) -> None:
    from trailmere.errors import InvalidParameter
    from trailmere.events.formats import REASONS

    if reason is not None and reason not in REASONS:
        raise InvalidParameter(
            f"expected a reason of dead letters, got {reason!r}", hint=f"one of {', '.join(REASONS)}"
        )


def _row(stored: StoredDeadLetter, names: dict[str, str]) -> dict[str, Any]:
    letter = stored.letter
    return {
        "id": stored.id,
        "store": names.get(stored.store_id, stored.store_id),
        "state": stored.state,
        "reason": letter.reason,
        "message": letter.message,
        "place": letter.place,
        "ordinal": letter.ordinal,
        "uri": letter.uri,
        "delivery_id": letter.delivery_id,
        "size": letter.size,
        "sha256": letter.sha256,
        "added_at": time_text(stored.added_at),
        "replayed_at": None if stored.replayed_at is None else time_text(stored.replayed_at),
    }


@deadletters.command
def show(
    id: Annotated[int, Parameter(help="Id, as the list shows it.")],
    *,
    raw: Annotated[bool, Parameter(negative="", help="Write the exact bytes to stdout and nothing else.")] = False,
    output: OutputOption = "table",
    lake: LakeOption = None,
) -> None:
    """One dead letter: place, reason and bytes. Bytes are shown escaped, so that they cannot drive the terminal."""
    from trailmere.errors import InvalidParameter
    from trailmere.events.formats import REASONS

    with open_lake(lake) as app:
        stored = app.lake.dead_letter(id)
        row = _row(stored, {one.id: one.name for one in app.stores.list()})
    content = stored.letter.content
    if raw:
        if content is None:
            raise InvalidParameter("its bytes were too many to keep, or could not be read", hint=f"see {row['uri']}")
        sys.stdout.buffer.write(content)
        return
    row["meaning"] = REASONS.get(stored.letter.reason, "")
    if output == "json":
        write_json(row | {"content": None if content is None else content.decode("utf-8", "backslashreplace")})
        return
    write_pairs({name: value for name, value in row.items() if value is not None})
    sys.stdout.write("\n" + _shown(content, id) + "\n")


def _shown(content: bytes | None, id: int) -> str:
    if content is None:
        return "(the bytes are not kept here; they are at the place above)"
    text = printable(content[:SHOWN_BYTES].decode("utf-8", "backslashreplace"))
    rest = len(content) - SHOWN_BYTES
    return f"{text}\n... {rest:,} more bytes: trailmere deadletters show {id} --raw" if rest > 0 else text


@deadletters.command
def replay(
    ids: Annotated[
        tuple[int, ...], Parameter(help="Ids, as the list shows them. Without any: all that are open.")
    ] = (),
    *,
    store: StoreOption = None,
    reason: ReasonOption = None,
    output: OutputOption = "table",
    lake: LakeOption = None,
) -> None:
    """Try dead letters again with the present decoder and limits; what is taken in is marked replayed."""
    _check_reason(reason)
    with open_lake(lake) as app:
        results = {name: _replay(app, name, some) for name, some in _by_store(app, ids, store, reason).items()}
    if output == "json":
        write_json(results)
        return
    for name, result in results.items():
        counts = {key.replace("_", " "): result[key] for key in ("tried", "replayed", "still_dead")}
        write_pairs({"store": name} | counts | {"events kept": (result["account"] or {}).get("kept", 0)})
    if not results:
        talk().print("none to try")


def _replay(app: Application, store: str, ids: list[int]) -> dict[str, Any]:
    from trailmere.ingest.replay import replay
    from trailmere.registry.records import Operation

    done = replay(app.lake, app.lifecycle.use(store, Operation.INGEST), ids, app.ingest_limits)
    account = None if done.account is None else done.account.as_dict()
    return {"tried": done.tried, "replayed": done.replayed, "still_dead": done.still_dead, "account": account}


def _by_store(app: Application, ids: tuple[int, ...], store: str | None, reason: str | None) -> dict[str, list[int]]:
    """Open letters by the name of their store."""
    names = {one.id: one.name for one in app.stores.list()}
    store_id = None if store is None else app.stores.get(store).id
    wanted = set(ids)
    found: dict[str, list[int]] = defaultdict(list)
    for id in ids:
        app.lake.dead_letter(id)  # an id that does not exist is an error, not nothing to do
    for letter in app.lake.dead_letters(store_id, state="open", reason=reason):
        if not wanted or letter.id in wanted:
            found[names.get(letter.store_id, letter.store_id)].append(letter.id)
    return dict(found)
