"""Source folders for the fault runs, from a seed: every kind of file of ``tests.ingest.corpus``, and some more."""

from __future__ import annotations

import shutil
from pathlib import Path
from random import Random

from tests.ingest.corpus import KINDS, envelope, event, make, packed

FOLDERS = ("first", "both")
LARGE_BYTES = 70_000  # a dead letter that has a file of its own


def write_logs(place: Path, seed: int) -> dict[str, Path]:
    """The folders by name. ``both`` holds ``first`` as it was, renamed files of it, and new ones."""
    dice = Random(seed)
    folders = {name: place / name for name in FOLDERS}
    make(folders["first"], seed, dice.sample(KINDS, len(KINDS)))
    (folders["first"] / "large.json").write_bytes(dice.randbytes(LARGE_BYTES).replace(b"\n", b" "))
    deep = event(dice, requestParameters={"a": {"b": {"c": [{"d": dice.randrange(9)}]}}})
    (folders["first"] / "deep.json.gz").write_bytes(packed(envelope([deep, event(dice)])))
    shutil.copytree(folders["first"], folders["both"])
    logs = [path for path in sorted(folders["both"].rglob("*.json.gz")) if "CloudTrail-Digest" not in path.parts]
    for number, path in enumerate(logs[::3]):
        path.rename(path.with_name(f"renamed-{number}.json.gz"))
    make(folders["both"] / "new", seed + 1, dice.sample(KINDS, len(KINDS)))
    return folders
