"""Answers delivered as CloudTrail Lake does: gzipped CSV files under a prefix, a sign file, and a manifest of our own.

Source: AWS CloudTrail user guide, "Download your CloudTrail Lake saved query results". A file begins with a comment
that tells the time and the statement, then the names of the columns; lines end in CR LF, cells are those of
GetQueryResults. Where files are put is ``query.destinations``; what is signed is ``integrity.results``.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import logging
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from trailmere.errors import DestinationNotFound, DestinationRefused, TrailmereError
from trailmere.integrity import results
from trailmere.lake.disk import make_folder, remove_folder
from trailmere.query.encoding import texts
from trailmere.registry.query_records import DeliveryStatus, Query

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from trailmere.query.destinations import Destinations
    from trailmere.query.kept import KeptAnswers
    from trailmere.query.signer import Signer

FOLDER = "delivery"
logger = logging.getLogger(__name__)

# what was wrong with a place -> DeliveryStatus: of a file, of a file that signs
STATUSES: tuple[tuple[type[TrailmereError], DeliveryStatus, DeliveryStatus], ...] = (
    (DestinationNotFound, DeliveryStatus.RESOURCE_NOT_FOUND, DeliveryStatus.RESOURCE_NOT_FOUND),
    (DestinationRefused, DeliveryStatus.ACCESS_DENIED, DeliveryStatus.ACCESS_DENIED_SIGNING_FILE),
    (TrailmereError, DeliveryStatus.FAILED, DeliveryStatus.FAILED_SIGNING_FILE),
)


def key_prefix(prefix: str, account_id: str, finished: datetime, query_id: str) -> str:
    """Where the files of a query lie beneath a prefix, with a slash at the end."""
    before = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
    return f"{before}AWSLogs/{account_id}/CloudTrail-Lake/Query/{finished:%Y/%m/%d}/{query_id}/"


class Courier:
    """Delivers answers. Doing it again writes the same bytes to the same places."""

    def __init__(self, answers: KeptAnswers, signer: Signer, destinations: Destinations, file_bytes: int) -> None:
        """``file_bytes``: a compressed file that has reached this size is followed by another one."""
        self._answers = answers
        self._signer = signer
        self._destinations = destinations
        self._file_bytes = file_bytes

    def check(self, uri: str) -> None:
        """Raises DestinationError where nothing can be delivered to ``uri``."""
        self._destinations.open(uri).check()

    def deliver(self, query: Query) -> DeliveryStatus:
        """Deliver the answer of a finished query; what became of it. Never raises: what is wrong is logged."""
        folder = self._answers.folder_of(query.id) / FOLDER
        try:
            remove_folder(folder)
            make_folder(folder)
            return self._deliver(query, folder)
        except (TrailmereError, OSError) as error:
            logger.warning("the answer of query %s was not delivered: %s", query.id, error)
            return _status(error, signs=False)
        except Exception:
            logger.exception("the answer of query %s was not delivered by a fault of Trailmere", query.id)
            return DeliveryStatus.UNKNOWN
        finally:
            remove_folder(folder)

    def _deliver(self, query: Query, folder: Path) -> DeliveryStatus:
        assert query.delivery_uri is not None
        assert query.answer is not None
        assert query.finished is not None
        destination = self._destinations.open(query.delivery_uri)
        names = tuple(self._answers.schema(query.id, query.answer).names)
        files = list(self._write(query, names, folder))
        prefix = key_prefix(destination.prefix, query.account_id, query.finished, query.id)
        for file in files:
            destination.put(prefix + file.name, folder / file.name)
        try:
            self._sign(query, names, files, folder)
            for name in (results.MANIFEST_FILE, results.SIGN_FILE):  # the sign file last: it says that all is there
                destination.put(prefix + name, folder / name)
        except (TrailmereError, OSError) as error:
            logger.warning("the answer of query %s was delivered without its signature: %s", query.id, error)
            return _status(error, signs=True)
        return DeliveryStatus.SUCCESS

    def _write(self, query: Query, names: Sequence[str], folder: Path) -> Iterator[results.ResultFile]:
        assert query.answer is not None
        batches = iter(self._answers.batches(query.id, query.answer))
        batch = next(batches, None)
        number = 0
        while batch is not None or number == 0:
            number += 1
            path = folder / f"result_{number}.csv.gz"
            with _CsvFile(path, _comment(query), names) as file:
                while batch is not None and (file.rows == 0 or file.size() < self._file_bytes):
                    file.write(texts(batch))
                    batch = next(batches, None)
            yield results.ResultFile(path.name, _sha256(path), file.rows)

    def _sign(self, query: Query, names: Sequence[str], files: Sequence[results.ResultFile], folder: Path) -> None:
        assert query.finished is not None
        answer = _described(query, names, files)
        key = self._signer.key()
        (folder / results.MANIFEST_FILE).write_bytes(results.manifest(answer, key))
        (folder / results.SIGN_FILE).write_bytes(results.sign_file(answer, query.finished, key))


class _CsvFile:
    """One gzipped file. The same rows give the same bytes: gzip's header holds no name and no time."""

    def __init__(self, path: Path, comment: str, names: Sequence[str]) -> None:
        self._raw = path.open("wb")
        self._gzip = gzip.GzipFile(filename="", fileobj=self._raw, mode="wb", mtime=0)
        self._text = io.TextIOWrapper(self._gzip, encoding="utf-8", newline="")
        self._text.write(comment + "\r\n")
        self._csv = csv.writer(self._text, lineterminator="\r\n")
        self._csv.writerow(names)
        self.rows = 0

    def write(self, rows: Iterable[Sequence[str]]) -> None:
        """More rows."""
        for row in rows:
            self._csv.writerow(row)
            self.rows += 1

    def size(self) -> int:
        """Compressed bytes so far, about."""
        self._text.flush()
        return self._raw.tell()

    def __enter__(self) -> _CsvFile:
        return self

    def __exit__(self, *_: object) -> None:
        self._text.close()
        self._raw.close()


def _comment(query: Query) -> str:
    assert query.finished is not None
    statement = " ".join(query.statement.split())
    return f"# Execution Time: {query.finished:%Y-%m-%dT%H:%M:%S.%fZ} Query Statement: {statement}"


def _described(query: Query, names: Sequence[str], files: Sequence[results.ResultFile]) -> results.Answer:
    assert query.finished is not None
    assert query.answer is not None
    stores = (
        results.StoreRead(
            read.store_arn,
            None if read.snapshot_id is None else str(read.snapshot_id),
            None if read.snapshot_time is None else read.snapshot_time.isoformat(),
        )
        for read in query.snapshots
    )
    return results.Answer(
        query_id=query.id,
        statement=query.statement,
        account_id=query.account_id,
        region=query.region,
        asked_by=query.asked_by,
        created=query.created.isoformat(),
        finished=query.finished.isoformat(),
        stores=tuple(stores),
        columns=tuple(names),
        rows=query.answer.rows,
        files=tuple(files),
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _status(error: Exception, *, signs: bool) -> DeliveryStatus:
    for kind, of_file, of_sign in STATUSES:
        if isinstance(error, kind):
            return of_sign if signs else of_file
    return DeliveryStatus.FAILED_SIGNING_FILE if signs else DeliveryStatus.FAILED
