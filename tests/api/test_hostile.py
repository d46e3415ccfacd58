"""Requests that no client of AWS would send: each is answered with an error that says what is wrong, or cut off."""

from __future__ import annotations

import json
import socket
import threading
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.serving import Serving, serve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trailmere.api.call import Call

LIMIT = 100_000
LIST = "ListEventDataStores"
NEVER = 3600


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """One server for all: nothing here changes anything."""
    serving = serve(tmp_path_factory.mktemp("hostile") / "lake", serve_body_bytes=LIMIT)
    yield serving
    serving.close()


@pytest.fixture
def impatient(tmp_path: Any) -> Iterator[Serving]:
    """A server that waits for nobody."""
    serving = serve(tmp_path / "lake", serve_client_seconds=0.2, serve_idle_seconds=1)
    yield serving
    serving.close()


def read_all(connection: socket.socket) -> bytes:
    """What comes until the other side closes."""
    parts = []
    try:
        while part := connection.recv(65536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "expected a JSON document"),
        (b"[]", "expected an object, got a list"),
        (b"null", "expected an object, got null"),
        (b'{"MaxResults": 1, "MaxResults": 2}', "a name occurs twice"),
        (b'{"MaxResults": NaN}', "NaN is no JSON"),
        (b'{"NextToken": "\\ud800"}', "half of a surrogate pair"),
        (b'{"NextToken": "\\u0000abc"}', "U+0000"),
        (b'{"NextToken": "\xff"}', "no UTF-8"),
        (b'{"MaxResults": ' + b"9" * 5000 + b"}", "expected a JSON document"),
        (b'{"MaxResults": 1e999}', "expected a whole number"),
        (b"[" * 50_000, "nested too deeply"),
        (b'{"x": ' * 10_000, "nested too deeply"),
    ],
)
def test_a_body_that_is_no_input_is_refused(shared: Serving, body: bytes, words: str) -> None:
    answer = shared.call(LIST, body)

    error = json.loads(answer.body)
    assert (answer.status, error["__type"]) == (400, "SerializationException")
    assert words in error["message"]
    assert answer.headers["x-amzn-errortype"] == "SerializationException"


def test_an_empty_body_is_an_empty_input(shared: Serving) -> None:
    answer = shared.call(LIST, b"")

    assert (answer.status, json.loads(answer.body)) == (200, {"EventDataStores": []})


def test_members_that_nobody_knows_are_ignored(shared: Serving) -> None:
    answer = shared.call(LIST, b'{"Color": {"deep": [[[1]]]}}')

    assert answer.status == 200


@pytest.mark.parametrize("media_type", ["text/plain", "application/xml", "multipart/form-data", None])
def test_another_content_type_is_refused(shared: Serving, media_type: str | None) -> None:
    answer = shared.call(LIST, headers={"Content-Type": media_type})

    assert (answer.status, json.loads(answer.body)["__type"]) == (415, "UnsupportedMediaTypeException")


@pytest.mark.parametrize(
    "addressed",
    [
        {"operation": "NoSuchOperation"},
        {"operation": ""},
        {"operation": LIST, "path": "/other"},
        {"operation": LIST, "method": "GET"},
        {"operation": LIST, "method": "PUT"},
        {"operation": LIST, "headers": {"X-Amz-Target": None}},
    ],
)
def test_what_is_addressed_to_no_operation_is_unknown(shared: Serving, addressed: dict[str, Any]) -> None:
    answer = shared.call(**addressed)

    assert (answer.status, json.loads(answer.body)["__type"]) == (404, "UnknownOperationException")


@pytest.mark.parametrize("path", ["/", "/other", "/PutAuditEvents", "/healthy"])
def test_who_has_not_signed_is_told_nothing_else(shared: Serving, path: str) -> None:
    answer = shared.send("POST", path, b"{}", {"Content-Type": "application/json"})

    assert json.loads(answer.body)["__type"] == "MissingAuthenticationTokenException"


def test_a_body_that_is_too_large_is_refused(shared: Serving) -> None:
    answer = shared.call(LIST, b" " * (LIMIT + 1))

    assert (answer.status, json.loads(answer.body)["__type"]) == (413, "RequestEntityTooLargeException")
    assert answer.headers["connection"] == "close"


def test_a_body_in_chunks_has_the_same_limit(shared: Serving) -> None:
    chunk = b"%x\r\n%s\r\n" % (LIMIT // 2, b" " * (LIMIT // 2))
    with shared.connect() as connection:
        connection.sendall(
            b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk * 3 + b"0\r\n\r\n"
        )
        answer = read_all(connection)

    assert answer.startswith(b"HTTP/1.1 413 ")


def test_headers_have_a_limit(shared: Serving) -> None:
    with shared.connect() as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 40_000 + b"\r\n\r\n")
        answer = read_all(connection)

    assert answer.startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    "request_line",
    [b"POST /\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\r\n\r\n", b"POST / HTTP/1.1\r\nHost: x\r\nBad Header: y\r\n\r\n"],
)
def test_what_is_not_http_is_refused(shared: Serving, request_line: bytes) -> None:
    with shared.connect() as connection:
        connection.sendall(request_line)
        answer = read_all(connection)

    assert answer.startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"POST / HT",
        b"POST / HTTP/1.1\r\nHost: x\r\n",
        b"GET /health HTTP/1.1\r\nHost: x\r\n\r\nGET /hea",
    ],
)
def test_a_client_whose_headers_do_not_come_is_cut_off(impatient: Serving, begun: bytes) -> None:
    with impatient.connect() as connection:
        connection.sendall(begun)
        answer = read_all(connection)

    assert answer.count(b"HTTP/1.1 ") == begun.count(b"/health ")


def test_a_client_whose_body_does_not_come_is_told_so(impatient: Serving) -> None:
    with impatient.connect() as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{")
        answer = read_all(connection)

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"RequestTimeoutException" in answer


def test_a_client_that_does_not_read_its_answer_is_cut_off(tmp_path: Any) -> None:
    size, answering = 30_000_000, threading.Event()

    def long(_call: Call) -> dict[str, str]:
        answering.set()
        return {"NextToken": "x" * size}

    functions = {("cloudtrail", LIST): long}
    serving = serve(tmp_path / "lake", functions=functions, serve_client_seconds=0.2, serve_shutdown_seconds=NEVER)
    lines = [b"POST / HTTP/1.1", *(f"{name}: {value}".encode() for name, value in serving.signed(LIST).items())]
    with serving.connect() as connection:
        connection.sendall(b"\r\n".join([*lines, b"Content-Length: 2", b"", b"{}"]))
        assert answering.wait(60)
        serving.close()  # returns when nobody is answered any more
        answer = read_all(connection)

    assert len(answer) < size
