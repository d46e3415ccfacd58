"""An S3 server over HTTP, the fault proxy before it, a bucket of logs, and a judge that reads the bucket with boto3."""

from __future__ import annotations

import gzip
import json
import logging
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any
from unittest import mock

import boto3
from botocore.config import Config
from moto.server import ThreadedMotoServer

from tests.faults.remote.proxy import Call, FaultProxy
from tests.ingest.corpus import envelope, event, log_key, mark_of, packed, rows
from trailmere.sources import s3client

if TYPE_CHECKING:
    from trailmere.lake.vault import Lake

BUCKET = "log-bucket"
ATTEMPTS = 2
HASTE = {"AWS_MAX_ATTEMPTS": str(ATTEMPTS), "AWS_CONNECT_TIMEOUT": "1", "AWS_READ_TIMEOUT": "0.5"}


@dataclass(frozen=True, slots=True)
class World:
    """``client`` reaches the server directly, Trailmere through the proxy."""

    client: Any
    proxy: FaultProxy

    def put(self, key: str, body: bytes) -> str:
        self.client.put_object(Bucket=BUCKET, Key=key, Body=body)
        return key

    def put_logs(self, number: int, random: Random, *, prefix: str = "", records: int = 5) -> list[str]:
        """Log files as CloudTrail delivers them; their keys."""
        logs = ([event(random) for _ in range(records)] for _ in range(number))
        return [self.put(prefix + log_key(random), packed(envelope(log))) for log in logs]

    def keys(self, prefix: str = "") -> list[str]:
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
        return [found["Key"] for page in pages for found in page.get("Contents", [])]

    def empty(self) -> None:
        for key in self.keys():
            self.client.delete_object(Bucket=BUCKET, Key=key)

    def wanted(self, prefix: str = "") -> Counter[tuple[str, str]]:
        """Every event that lies in the bucket, once, read anew."""
        found: Counter[tuple[str, str]] = Counter()
        for key in self.keys(prefix):
            body = self.client.get_object(Bucket=BUCKET, Key=key)["Body"].read()
            if body:
                content = json.loads(gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body)
                found.update(map(mark_of, content["Records"]))
        return Counter(set(found))

    def lost_and_doubled(self, lake: Lake, store_id: str, prefix: str = "") -> tuple[int, int]:
        """How many events below the prefix are missing from the table, and how many rows too many it has of any."""
        wanted = self.wanted(prefix)
        found = Counter(mark_of(json.loads(row["eventjson"])) for row in rows(lake, store_id))
        return (wanted - found).total(), found.total() - len(found)


@contextmanager
def world(
    choose: Callable[[Call], str | None] = lambda _call: None, *, page: int = 1000, patience: Mapping[str, str] = HASTE
) -> Iterator[World]:
    """A world whose environment leads through the proxy. ``page``: keys in one answer of a listing."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    url = "http://{}:{}".format(*server.get_host_and_port())
    try:
        with FaultProxy(url, choose) as proxy, environment(proxy.url, **patience, MOTO_S3_DEFAULT_MAX_KEYS=str(page)):
            config = Config(max_pool_connections=32)
            client = boto3.client("s3", region_name="us-east-1", endpoint_url=url, config=config)
            client.create_bucket(Bucket=BUCKET)
            made = World(client, proxy)
            yield made
            made.empty()  # servers of one process share what they hold
    finally:
        server.stop()


@contextmanager
def environment(endpoint: str, **more: str) -> Iterator[None]:
    """The usual variables, which are all that Trailmere is told."""
    given = {
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": endpoint,
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    s3client.store.cache_clear()
    with mock.patch.dict(os.environ, {**kept, **given, **more}, clear=True):
        yield
    s3client.store.cache_clear()
