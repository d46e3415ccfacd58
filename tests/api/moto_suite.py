"""moto's own tests of CloudTrail, against our server: ``python -m tests.api.moto_suite [SDIST]``.

The tests come in moto's source distribution: of the version that is installed, fetched with pip where no file is named.
They create buckets and topics too, at the one address that they know; a relay gives calls of CloudTrail to us, signed
anew with a key of ours because moto's are made up, and all others to moto. What fails has to be what ``DIFFERENT``
says, and nothing else.
"""

from __future__ import annotations

import http.client
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import threading
import xml.etree.ElementTree as ElementTree
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.api.serving import ACCOUNT, Serving, serve

FILES = ("test_cloudtrail.py", "test_cloudtrail_eventselectors.py", "test_cloudtrail_tags.py")
SCOPE = re.compile(r"Credential=[^/]+/\d+/([a-z0-9-]+)/cloudtrail/aws4_request")
# what they call a log group and a role -> an ARN, which is all that we ask
MADE_UP = {
    b'"cwllga"': b'"arn:aws:logs:us-east-1:123456789012:log-group:cwllga:*"',
    b'"cwlra"': b'"arn:aws:iam::123456789012:role/cwlra"',
}

# test -> what is different on purpose
DIFFERENT: dict[str, str] = {
    "test_create_trail_with_nonexisting_topic": "no SNS server is asked whether a topic is there",
    "test_update_trail_full": "a change is held against the same rules as a new trail",
    "test_get_trail_status_after_starting": "nothing is delivered by a record, so there is no LatestDeliveryTime",
    "test_get_trail_status_after_starting_and_stopping": "the same",
    "test_get_event_selectors_empty": "a new trail has the selectors that AWS documents",
    "test_put_event_selectors_advanced": "a call has selectors of one kind, as AWS documents",
    "test_get_event_selectors_multiple": "an advanced selector needs eventCategory, as AWS documents",
    "test_put_insight_selectors[False]": "Insights are computed of event data stores",
    "test_put_insight_selectors[True]": "the same",
    "test_get_insight_selectors": "the same",
}


def sdist(folder: Path) -> Path:
    """moto's source distribution, fetched into ``folder``."""
    fetched = ["pip", "download", "-q", "--no-deps", "--no-binary", "moto", "-d", str(folder)]
    subprocess.run([sys.executable, "-m", *fetched, f"moto=={version('moto')}"], check=True)
    return next(folder.glob("moto-*.tar.gz"))


def unpack(archive: Path, folder: Path) -> list[Path]:
    """The files of tests, as a package in ``folder``."""
    package = folder / "of_moto"
    package.mkdir()
    (package / "__init__.py").touch()
    with tarfile.open(archive) as tar:
        for member in tar:
            name = Path(member.name)
            if name.parent.name == "test_cloudtrail" and name.name in FILES and (file := tar.extractfile(member)):
                text = file.read()
                for made_up, arn in MADE_UP.items():
                    text = text.replace(made_up, arn)
                (package / name.name).write_bytes(text)
    return sorted(package.glob("test_*.py"))


class Relay(BaseHTTPRequestHandler):
    """Calls of CloudTrail to ``serving``, others to ``moto``; a reset to both."""

    serving: ClassVar[Serving]
    moto: ClassVar[str]

    def answer(self) -> None:
        """Pass on the request, and what came back."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        scope = SCOPE.search(self.headers.get("Authorization", ""))
        if self.path == "/moto-api/reset":
            forget_trails(self.serving)
        if scope is None:
            host, headers = self.moto, dict(self.headers.items())
        else:
            host, headers = urlsplit(self.serving.url).netloc, self._signed(body, scope[1])
        connection = http.client.HTTPConnection(host, timeout=60)
        connection.request(self.command, self.path, body, headers)
        answer = connection.getresponse()
        told = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("content-length", "connection", "date", "server", "transfer-encoding"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)
        connection.close()

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = answer  # noqa: N815 - names of http.server

    def _signed(self, body: bytes, region: str) -> dict[str, str]:
        kept = {name: self.headers[name] for name in ("Content-Type", "X-Amz-Target")}
        request = AWSRequest("POST", f"{self.serving.url}/", kept, body)
        key = self.serving.administrator
        SigV4Auth(Credentials(key.access_key_id, key.secret_access_key), "cloudtrail", region).add_auth(request)
        return dict(request.headers.items())

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def forget_trails(serving: Serving) -> None:
    """No trails any more: moto's tests begin with none."""
    regions = ("us-east-1", "eu-west-1", "eu-west-3", "ap-southeast-2", "us-east-2")
    for trail in {one.arn: one for region in regions for one in serving.app.trails.seen(ACCOUNT, region)}.values():
        serving.app.trails.delete(trail, trail.region)


def run(archive: Path | None = None) -> tuple[set[str], int]:
    """The names of the tests that fail, and how many ran."""
    from moto.server import ThreadedMotoServer

    with tempfile.TemporaryDirectory() as named:
        folder = Path(named)
        files = unpack(archive or sdist(folder), folder)
        moto = ThreadedMotoServer(port=0, verbose=False)
        moto.start()
        Relay.moto = ":".join(map(str, moto.get_host_and_port()))
        os.environ |= {
            "AWS_ENDPOINT_URL_S3": f"http://{Relay.moto}",
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
        }
        Relay.serving = serve(folder / "lake")
        Relay.serving.app.organization.declare(ACCOUNT)
        relay = ThreadingHTTPServer(("127.0.0.1", 0), Relay)
        threading.Thread(target=relay.serve_forever, daemon=True).start()
        report = folder / "report.xml"
        environment = {
            **os.environ,
            "TEST_SERVER_MODE": "true",
            "TEST_SERVER_MODE_ENDPOINT": f"http://127.0.0.1:{relay.server_port}",
        }
        command = ["pytest", "-q", "-p", "no:cacheprovider", "--rootdir", named, f"--junitxml={report}"]
        subprocess.run([sys.executable, "-m", *command, *map(str, files)], env=environment, cwd=folder, check=False)
        relay.shutdown()
        Relay.serving.close()
        moto.stop()
        cases = list(ElementTree.parse(report).getroot().iter("testcase"))
    failed = {case.get("name", "") for case in cases if case.find("failure") is not None}
    return failed, len(cases)


def main() -> int:
    """0 where what fails is what has to."""
    failed, count = run(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
    sys.stdout.write(f"{count - len(failed)} of {count} pass; different on purpose: {len(DIFFERENT)}\n")
    for name in sorted(failed ^ DIFFERENT.keys()):
        sys.stdout.write(f"unexpected: {name} {'failed' if name in failed else 'passed'}\n")
    return int(failed != DIFFERENT.keys())


if __name__ == "__main__":
    sys.exit(main())
