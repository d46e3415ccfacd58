"""``trailmere results``: delivered query results, verified without a server."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from trailmere.cli.common import LakeOption, OutputOption, open_lake, printable, talk, write_json, write_table
from trailmere.errors import InvalidParameter

if TYPE_CHECKING:
    from trailmere.integrity.results import PublicKey

results = App(name="results", help="Delivered query results: verify them.")

_QUERY_ID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")


@results.command
def verify(
    folder: Path,
    *,
    keys: Annotated[
        Path | None, Parameter(help="What `aws cloudtrail list-public-keys` gave. Default: the lake's own keys.")
    ] = None,
    query_id: Annotated[str | None, Parameter(help="The query it should be. Default: as the folder is named.")] = None,
    by_aws: Annotated[
        bool, Parameter(negative="", help="AWS delivered them: there is no manifest, only hashes are proved.")
    ] = False,
    output: OutputOption = "table",
    lake: LakeOption = None,
) -> int:
    """Say whether the results in FOLDER are those that were delivered: every file, its order and its number of rows,
    the question, the account, the stores and their snapshots, and the time.

    Needs no server and no network. Exits with 0, or 1 when something is not as it was signed.
    """
    from trailmere.integrity.results import MANIFEST_FILE, described_answer
    from trailmere.integrity.results import verify as findings_of

    known = _keys_of_file(keys) if keys is not None else _keys_of_lake(lake)
    files, signed, described = _read(folder)
    wanted = query_id or (folder.resolve().name if _QUERY_ID.fullmatch(folder.resolve().name) else None)
    findings = findings_of(files, signed, described, known, query_id=wanted, with_manifest=not by_aws)
    answer = described_answer(described or b"") if not findings else {}
    if output == "json":
        write_json({"folder": str(folder), "findings": findings, "answer": answer})
    else:
        write_table(("finding",), [(finding,) for finding in findings], empty="all is as it was signed")
        if answer:
            told = f"query {answer['query_id']} of {answer['finished']}, {answer['rows']:,} rows: {answer['statement']}"
            talk().print(printable(told), markup=False, soft_wrap=True)
        elif not findings:
            talk().print(f"without {MANIFEST_FILE} nothing is proved of the question", markup=False, soft_wrap=True)
    return 1 if findings else 0


def _read(folder: Path) -> tuple[dict[str, str], bytes | None, bytes | None]:
    """The SHA-256 of each file, and the two files that are signed."""
    from trailmere.integrity.results import MANIFEST_FILE, SIGN_FILE

    try:
        hashes, special = {}, dict.fromkeys((SIGN_FILE, MANIFEST_FILE), None)
        for path in sorted(folder.iterdir()):
            if path.name in special:
                special[path.name] = path.read_bytes()
            elif path.is_file():
                with path.open("rb") as file:
                    hashes[path.name] = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InvalidParameter(f"expected a folder of delivered results, got {folder}: {error.strerror}") from None
    return hashes, special[SIGN_FILE], special[MANIFEST_FILE]


def _keys_of_lake(lake: Path | None) -> dict[str, PublicKey]:
    with open_lake(lake) as app:
        return app.signer.known()


def _keys_of_file(path: Path) -> dict[str, PublicKey]:
    """From the JSON of list-public-keys, as the AWS CLI writes it."""
    try:
        listed = json.loads(path.read_bytes())["PublicKeyList"]
        return {key["Fingerprint"]: _key(key) for key in listed}
    except OSError as error:
        raise InvalidParameter(f"--keys {path}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidParameter(
            f"--keys {path}: expected the answer of list-public-keys as JSON, got something else: {error}"
        ) from None


def _key(listed: dict[str, Any]) -> PublicKey:
    from trailmere.integrity.results import PublicKey

    der = base64.b64decode(listed["Value"], validate=True)
    return PublicKey(der, _moment(listed["ValidityStartTime"]), _moment(listed["ValidityEndTime"]))


def _moment(value: str | float) -> datetime:
    """ISO 8601, or seconds since 1970: either by the settings of the AWS CLI."""
    return datetime.fromisoformat(value) if isinstance(value, str) else datetime.fromtimestamp(value, UTC)
