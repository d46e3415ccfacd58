"""Records into files, and files into the bucket: names, gzip, late files, redeliveries, digests, Config.

Source of the layout: CloudTrail user guide, "Finding your CloudTrail log files" and "CloudTrail digest file structure".
gzip is written without a time, so that the same seed gives the same bytes.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

import deflate

from trailmere.events.layout import LogKey, format_key, log_name
from trailmere.simulator.noise import INSIGHT, MANAGEMENT_AND_DATA, NETWORK_ACTIVITY
from trailmere.simulator.organisation import BUCKET, HOME_REGION, ORGANISATION_ID, TRAIL_NAME
from trailmere.simulator.records import SimulatedFile, compact, envelope
from trailmere.simulator.values import file_token, hexadecimal

if TYPE_CHECKING:
    from trailmere.simulator.noise import Record

SECOND_TRAIL_PREFIX = "security-trail/"
_FAST = 1  # CloudTrail's own files are about as dense


def gzip(content: bytes) -> bytes:
    """``content`` as one gzip member without a time stamp."""
    return bytes(deflate.gzip_compress(content, _FAST))


def log_key(account: str, region: str, due: datetime, token: str, *, kind: str, prefix: str = "") -> str:
    """The key of a delivered file of ``kind`` (a folder). ``due`` is UTC; the name holds it to the minute."""
    name = log_name(account, kind, region, due, token)
    return format_key(LogKey(prefix, ORGANISATION_ID, account, kind, region, due.date(), name))


def log_file(
    random: Random,
    records: list[Record],
    due: datetime,
    *,
    prefix: str = "",
    new: bool = True,
    hashed: bool = False,
) -> SimulatedFile:
    """A file of ``records`` (one account, Region and folder, not empty). ``new``: no earlier file held these events."""
    account, region, kind = records[0].account, records[0].region, records[0].kind
    content = envelope([record.text for record in records])
    return SimulatedFile(
        key=log_key(account, region, due, file_token(random), kind=kind, prefix=prefix),
        content=gzip(content),
        events=len(records),
        due=due,
        account=account,
        region=region,
        kind="insight" if kind == INSIGHT else "log",
        content_bytes=len(content),
        sha256_content=hashlib.sha256(content).hexdigest() if hashed else "",
        distinct=dict(Counter((record.account, record.day) for record in records)) if new else {},
    )


def again(random: Random, file: SimulatedFile, due: datetime) -> SimulatedFile:
    """The same bytes under another name, as a retried delivery leaves them."""
    kind = NETWORK_ACTIVITY if f"/{NETWORK_ACTIVITY}/" in file.key else MANAGEMENT_AND_DATA
    key = log_key(file.account, file.region, due, file_token(random), kind=kind)
    return replace(file, key=key, due=due, redelivery=True, distinct={})


class Digests:
    """Collects the files of an hour and gives the digest of each account and Region that had any.

    The signature that AWS keeps in the object's metadata is not made; hashes and the chain are true.
    """

    def __init__(self) -> None:
        self._files: dict[tuple[str, str], list[dict[str, str]]] = {}
        self._previous: dict[tuple[str, str], tuple[str, str]] = {}

    def add(self, file: SimulatedFile) -> None:
        """Note a delivered log file."""
        days = [day for _account, day in file.distinct] or [f"{file.due:%Y-%m-%d}"]
        entry = {
            "s3Bucket": BUCKET,
            "s3Object": file.key,
            "hashValue": file.sha256_content,
            "hashAlgorithm": "SHA-256",
            "newestEventTime": f"{file.due:%Y-%m-%dT%H:%M:%SZ}",
            "oldestEventTime": f"{min(days)}T00:00:00Z",
        }
        self._files.setdefault((file.account, file.region), []).append(entry)

    def close_hour(self, end: datetime) -> list[SimulatedFile]:
        """The digests of the hour that ends at ``end`` (UTC)."""
        made = [self._digest(place, files, end) for place, files in sorted(self._files.items())]
        self._files = {}
        return made

    def _digest(self, place: tuple[str, str], files: list[dict[str, str]], end: datetime) -> SimulatedFile:
        account, region = place
        name = f"{account}_CloudTrail-Digest_{region}_{TRAIL_NAME}_{HOME_REGION}_{end:%Y%m%dT%H%M%S}Z.json.gz"
        key = f"AWSLogs/{ORGANISATION_ID}/{account}/CloudTrail-Digest/{region}/{end:%Y/%m/%d}/{name}"
        before = self._previous.get(place)
        content = compact(
            {
                "awsAccountId": account,
                "digestStartTime": f"{end - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}",
                "digestEndTime": f"{end:%Y-%m-%dT%H:%M:%SZ}",
                "digestS3Bucket": BUCKET,
                "digestS3Object": key,
                "digestPublicKeyFingerprint": "0" * 32,
                "digestSignatureAlgorithm": "SHA256withRSA",
                "newestEventTime": max(file["newestEventTime"] for file in files),
                "oldestEventTime": min(file["oldestEventTime"] for file in files),
                "previousDigestS3Bucket": BUCKET if before else None,
                "previousDigestS3Object": before[0] if before else None,
                "previousDigestHashValue": before[1] if before else None,
                "previousDigestHashAlgorithm": "SHA-256" if before else None,
                "previousDigestSignature": None,
                "logFiles": files,
            }
        ).encode()
        self._previous[place] = (key, hashlib.sha256(content).hexdigest())
        return SimulatedFile(key, gzip(content), 0, end, account, region, "digest", content_bytes=len(content))


def config_file(random: Random, account: str, region: str, due: datetime) -> SimulatedFile:
    """A configuration history of AWS Config, which shares the bucket in many organisations."""
    name = (
        f"{account}_Config_{region}_ConfigHistory_AWS::S3::Bucket_{due:%Y%m%dT%H%M%SZ}_{due:%Y%m%dT%H%M%SZ}_1.json.gz"
    )
    key = f"AWSLogs/{ORGANISATION_ID}/{account}/Config/{region}/{due.year}/{due.month}/{due.day}/ConfigHistory/{name}"
    content = compact(
        {
            "fileVersion": "1.0",
            "configurationItems": [
                {
                    "configurationItemVersion": "1.3",
                    "configurationItemCaptureTime": f"{due:%Y-%m-%dT%H:%M:%S.000Z}",
                    "configurationStateId": random.randrange(10**12, 10**13),
                    "awsAccountId": account,
                    "configurationItemStatus": "OK",
                    "resourceType": "AWS::S3::Bucket",
                    "resourceId": f"example-{hexadecimal(random, 8)}",
                    "awsRegion": region,
                }
            ],
        }
    ).encode()
    return SimulatedFile(key, gzip(content), 0, due, account, region, "config", content_bytes=len(content))
