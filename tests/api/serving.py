"""A server of the AWS door over a lake, in this process, and clients of it: real HTTP, real signatures."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from trailmere.api.dispatch import Dispatcher
from trailmere.api.listener import Listener, Patience, address_of, bind
from trailmere.api.operations import OPERATIONS, Function
from trailmere.api.server import AwsDoor, ServeLimits
from trailmere.app import App, build
from trailmere.settings import load

if TYPE_CHECKING:
    from trailmere.access.identities import NewKey

REGION = "us-east-1"
ACCOUNT = "123456789012"
JSON_TYPE = "application/x-amz-json-1.1"
TARGET = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Serving:
    """A running server. ``administrator`` is the first key; ``journal`` has the event of every call."""

    app: App
    url: str
    administrator: NewKey
    journal: list[bytes]
    listener: Listener
    dispatcher: Dispatcher
    door: AwsDoor
    thread: threading.Thread = field(repr=False)

    def client(self, service: str = "cloudtrail", *, key: Any = None, region: str = REGION, **config: Any) -> Any:
        """A boto3 client that has nothing but the endpoint and a key; ``config`` as botocore's."""
        key = key or self.administrator
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=region,
            aws_access_key_id=key.access_key_id,
            aws_secret_access_key=key.secret_access_key,
            aws_session_token=getattr(key, "session_token", None),
            config=Config(retries={"total_max_attempts": 1}, **config),
        )

    def send(self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer:
        """A request as it is, signed by nobody."""
        place = urlsplit(self.url)
        connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)
        try:
            connection.request(method, path, body, dict(headers or {}))
            answer = connection.getresponse()
            return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def call(
        self, operation: str, body: bytes = b"{}", *, method: str = "POST", path: str = "/", **more: Any
    ) -> Answer:
        """A request signed by the administrator, whatever its body may be; ``more`` as of ``signed``."""
        return self.send(method, path, body, self.signed(operation, body, method=method, path=path, **more))

    def signed(
        self,
        operation: str,
        body: bytes = b"{}",
        *,
        method: str = "POST",
        path: str = "/",
        service: str = "cloudtrail",
        headers: Mapping[str, str | None] | None = None,
    ) -> dict[str, str]:
        """The headers of a call with the administrator's signature; of those given, None is not sent."""
        given = {"Content-Type": JSON_TYPE, "X-Amz-Target": f"{TARGET}.{operation}", **(headers or {})}
        request = AWSRequest(method, f"{self.url}{path}", {k: v for k, v in given.items() if v is not None}, body)
        request.headers["Host"] = urlsplit(self.url).netloc
        key = self.administrator
        SigV4Auth(Credentials(key.access_key_id, key.secret_access_key), service, REGION).add_auth(request)
        return dict(request.headers.items())

    def connect(self) -> socket.socket:
        """A connection on which nothing was sent yet."""
        place = urlsplit(self.url)
        return socket.create_connection((place.hostname or "", place.port or 0), timeout=60)

    def close(self) -> None:
        """End the server, then the application."""
        self.listener.stop()
        self.thread.join()
        self.door.close()
        self.app.close()


def serve(
    lake: Path,
    *,
    functions: Mapping[tuple[str, str], Function] = OPERATIONS,
    ready: Callable[[], object] | None = None,
    sink: Callable[[bytes], object] | None = None,
    audited: bool = False,
    **settings: Any,
) -> Serving:
    """A server over the lake in a folder, on a port of its own; it accepts when this returns.

    Events of calls go to a list, or to ``sink``; where it is ``audited``, to the lake, as they do elsewhere.
    """
    app = build(load({}, lake=lake, account_id=ACCOUNT, region=REGION, **settings))
    journal: list[bytes] = []
    dispatcher = Dispatcher(app, functions=functions, sink=None if audited else sink or journal.append)
    door = AwsDoor(dispatcher, ready or app.stores.names, ServeLimits.of(app.settings))
    bound = bind("127.0.0.1", 0)
    started = threading.Event()
    listener = Listener(door.application(), bound, Patience.of(app.settings), tell=started.set)
    administrator = app.identities.first_administrator()
    assert administrator is not None
    thread = threading.Thread(target=listener.listen, name="server", daemon=True)
    thread.start()
    started.wait()
    return Serving(app, address_of(bound, secure=False), administrator, journal, listener, dispatcher, door, thread)
