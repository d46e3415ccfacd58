"""Whose signature is believed, and whose is not: each rule of Signature Version 4, and of ours, by itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.access.arrivals import NOW, SERVICES, Wish, signed
from tests.access.world import some_identities
from tests.registry.helpers import ACCOUNT, Clock
from trailmere.access.directory import purpose
from trailmere.access.sigv4 import Authenticator, SignedRequest
from trailmere.errors import AuthenticationFailed
from trailmere.registry import identities as records
from trailmere.registry.database import open_database, sqlite_url
from trailmere.registry.identities import AccessKey, changing
from trailmere.registry.secretbox import SecretBox

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from trailmere.access.identities import Identities, NewKey

BODY = b'{"MaxResults": 5}'
HEADERS = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "CloudTrail_20131101.ListQueries"}
UNKNOWN, WRONG, INCOMPLETE, MISSING = (
    "UnrecognizedClientException",
    "InvalidSignatureException",
    "IncompleteSignatureException",
    "MissingAuthenticationTokenException",
)


@dataclass
class World:
    """A user with a key, and somebody who checks what is signed with it."""

    identities: Identities
    key: NewKey
    clock: Clock
    authenticator: Authenticator

    def wish(self, **changes: Any) -> Wish:
        base = Wish(self.key.access_key_id, self.key.secret_access_key, headers=HEADERS, body=BODY)
        return replace(base, **changes)

    def refusal(self, request: SignedRequest) -> str:
        with pytest.raises(AuthenticationFailed) as caught:
            self.authenticator.authenticate(request, SERVICES)
        return caught.value.code


def a_world(folder: Path) -> World:
    clock = Clock()
    clock.now = NOW
    identities = some_identities(folder, clock)
    key = identities.create_key(identities.create_user(ACCOUNT, "ana"))
    return World(identities, key, clock, Authenticator(identities, clock=clock))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """One for all tests that change nothing in it."""
    return a_world(tmp_path_factory.mktemp("world"))


@pytest.fixture
def own_world(tmp_path: Path) -> World:
    """One for a test that does."""
    return a_world(tmp_path)


def with_header(request: SignedRequest, name: str, value: str) -> SignedRequest:
    """The value of a header replaced, or the header added."""
    others = tuple(pair for pair in request.headers if pair[0].lower() != name.lower())
    return replace(request, headers=(*others, (name, value)))


def in_header(request: SignedRequest, name: str, old: str, new: str) -> SignedRequest:
    value = dict(request.headers)[name]
    assert old in value
    return with_header(request, name, value.replace(old, new))


@pytest.mark.parametrize("expires", [None, 60])
def test_who_signed_is_told_with_region_service_and_time(world: World, expires: int | None) -> None:
    wish = world.wish(expires=expires, service="cloudtrail-data", region="us-gov-west-1", body=b"")

    signer = world.authenticator.authenticate(signed(wish), SERVICES)

    assert (signer.identity.name, signer.identity.access_key_id) == ("ana", world.key.access_key_id)
    assert (signer.service, signer.region, signer.signed_at) == ("cloudtrail-data", "us-gov-west-1", NOW)


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/a/b",
        "/a/",
        "/a%20b",
        "/a%2Fb",
        "/%E3%81%82",
        "/a~b-c_d.e",
        "/a:b@c,d;e=f",
        "/?a=1&a=0&b",
        "/?a=&b=%20",
        "/?=1",
    ],
)
def test_paths_and_queries_are_signed_as_they_are_sent(world: World, target: str) -> None:
    assert world.authenticator.authenticate(signed(world.wish(target=target)), SERVICES)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8080", "[::1]:8080", "cloudtrail.eu-west-1.amazonaws.com"])
def test_the_host_is_signed_with_its_port(world: World, host: str) -> None:
    request = signed(world.wish(host=host))

    assert world.authenticator.authenticate(request, SERVICES)
    assert world.refusal(with_header(request, "Host", "evil.example:8080")) == WRONG


def test_names_of_headers_may_come_in_any_letter_case(world: World) -> None:
    request = signed(world.wish())

    shouted = replace(request, headers=tuple((name.upper(), value) for name, value in request.headers))

    assert world.authenticator.authenticate(shouted, SERVICES)


@pytest.mark.parametrize("value", ["  two   blanks ", "a\tb", "", "ümlaut 日本", "a,b", '"quoted  text"'])
def test_values_of_headers_are_signed_with_their_blanks_folded(world: World, value: str) -> None:
    request = signed(world.wish(headers={**HEADERS, "X-Amz-Note": value}))

    assert world.authenticator.authenticate(request, SERVICES)


@pytest.mark.parametrize("space", ["\u00a0", "\u3000", "\u2028", "\x85"])
def test_white_space_that_only_unicode_knows_is_refused(world: World, space: str) -> None:
    request = signed(world.wish(headers={**HEADERS, "X-Amz-Note": "a b"}))

    changed = with_header(request, "X-Amz-Note", f"a{space}b".encode().decode("latin-1"))

    assert world.refusal(changed) == WRONG


def test_bytes_that_are_not_utf_8_are_refused_in_signed_headers(world: World) -> None:
    request = signed(world.wish(headers={**HEADERS, "X-Amz-Note": "a"}))

    assert world.refusal(with_header(request, "X-Amz-Note", "\xff")) == WRONG


def test_headers_that_proxies_add_need_no_signature(world: World) -> None:
    request = signed(world.wish())

    passed_on = replace(request, headers=(*request.headers, ("X-Forwarded-For", "::1"), ("X-Amzn-Trace-Id", "Root=1")))

    assert world.authenticator.authenticate(passed_on, SERVICES)


def test_the_content_type_need_not_be_signed(world: World) -> None:
    request = signed(world.wish(headers={"X-Amz-Target": "t"}))

    assert world.authenticator.authenticate(with_header(request, "Content-Type", "application/json"), SERVICES)


def test_the_hash_of_the_body_need_not_be_signed_and_must_be_right(world: World) -> None:
    request = signed(world.wish(body=b""))
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    assert world.authenticator.authenticate(with_header(request, "X-Amz-Content-Sha256", empty), SERVICES)
    assert world.refusal(with_header(request, "X-Amz-Content-Sha256", empty.upper())) == WRONG


@pytest.mark.parametrize(
    "claimed",
    ["UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"],
)
@pytest.mark.parametrize("expires", [None, 60])
def test_a_body_that_is_not_signed_is_refused_though_the_signature_is_right(
    world: World, claimed: str, expires: int | None
) -> None:
    wish = world.wish(headers={**HEADERS, "X-Amz-Content-SHA256": claimed}, expires=expires, body=b"")

    assert world.refusal(replace(signed(wish), body=BODY)) == INCOMPLETE


# A change to a request that was rightly signed -> AWS's code
REFUSED: dict[str, tuple[str, Callable[[SignedRequest], SignedRequest]]] = {
    "no signature": (MISSING, lambda r: replace(r, headers=tuple(h for h in r.headers if h[0] != "Authorization"))),
    "another scheme": (MISSING, lambda r: with_header(r, "Authorization", "Basic YTpi")),
    "an empty header": (MISSING, lambda r: with_header(r, "Authorization", "")),
    "asymmetric": (INCOMPLETE, lambda r: in_header(r, "Authorization", "AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256")),
    "no credential": (INCOMPLETE, lambda r: in_header(r, "Authorization", "Credential=", "Kredential=")),
    "no signed headers": (INCOMPLETE, lambda r: in_header(r, "Authorization", "SignedHeaders=", "X=")),
    "a parameter twice": (
        INCOMPLETE,
        lambda r: in_header(r, "Authorization", "Credential=", "Signature=a, Credential="),
    ),
    "one more parameter": (INCOMPLETE, lambda r: in_header(r, "Authorization", ", Sig", ", Extra=1, Sig")),
    "five parts of scope": (INCOMPLETE, lambda r: in_header(r, "Authorization", "/aws4_request", "/x/aws4_request")),
    "another terminator": (INCOMPLETE, lambda r: in_header(r, "Authorization", "aws4_request", "aws5_request")),
    "another key": (UNKNOWN, lambda r: in_header(r, "Authorization", "=AKIA", "=AKIB")),
    "another region": (WRONG, lambda r: in_header(r, "Authorization", "eu-west-1", "eu-west-2")),
    "our other service": (WRONG, lambda r: in_header(r, "Authorization", "/cloudtrail/", "/cloudtrail-data/")),
    "a service of others": (WRONG, lambda r: in_header(r, "Authorization", "/cloudtrail/", "/s3/")),
    "another day": (WRONG, lambda r: in_header(r, "Authorization", "/20260301/", "/20260302/")),
    "another digit": (WRONG, lambda r: with_header(r, "Authorization", _other_digit(r))),
    "a digit more": (INCOMPLETE, lambda r: in_header(r, "Authorization", "Signature=", "Signature=0")),
    "upper-case digits": (INCOMPLETE, lambda r: with_header(r, "Authorization", _upper_signature(r))),
    "headers unsorted": (INCOMPLETE, lambda r: in_header(r, "Authorization", "content-type;host", "host;content-type")),
    "a header less": (WRONG, lambda r: in_header(r, "Authorization", "content-type;host", "host")),
    "host unsigned": (WRONG, lambda r: in_header(r, "Authorization", "content-type;host;", "content-type;")),
    "date unsigned": (WRONG, lambda r: in_header(r, "Authorization", ";x-amz-date", "")),
    "target unsigned": (WRONG, lambda r: in_header(r, "Authorization", ";x-amz-target", "")),
    "a header that is not there": (WRONG, lambda r: in_header(r, "Authorization", ";x-amz-date", ";via;x-amz-date")),
    "two Authorization": (
        INCOMPLETE,
        lambda r: replace(r, headers=(*r.headers, ("authorization", "AWS4-HMAC-SHA256"))),
    ),
    "the target twice": (INCOMPLETE, lambda r: replace(r, headers=(*r.headers, ("x-amz-target", "t")))),
    "the host twice": (INCOMPLETE, lambda r: replace(r, headers=(("Host", "evil.example"), *r.headers))),
    "another target": (WRONG, lambda r: with_header(r, "X-Amz-Target", "CloudTrail_20131101.StartQuery")),
    "another type": (WRONG, lambda r: with_header(r, "Content-Type", "text/plain")),
    "an unsigned x-amz header": (WRONG, lambda r: with_header(r, "X-Amz-Source", "1")),
    "a token": (WRONG, lambda r: with_header(r, "X-Amz-Security-Token", "token")),
    "another method": (WRONG, lambda r: replace(r, method="GET")),
    "small letters": (WRONG, lambda r: replace(r, method="post")),
    "another path": (WRONG, lambda r: replace(r, path="/x")),
    "a doubled slash": (WRONG, lambda r: replace(r, path="//")),
    "a dot": (WRONG, lambda r: replace(r, path="/./")),
    "two dots": (WRONG, lambda r: replace(r, path="/x/../")),
    "no path": (WRONG, lambda r: replace(r, path="")),
    "a whole address": (WRONG, lambda r: replace(r, path="http://localhost:8080/")),
    "a hash in the path": (WRONG, lambda r: replace(r, path="/#x")),
    "a tab in the path": (WRONG, lambda r: replace(r, path="/\t")),
    "a question mark in the path": (WRONG, lambda r: replace(r, path="/?")),
    "a query": (WRONG, lambda r: replace(r, query="a=1")),
    "a hash in the query": (WRONG, lambda r: replace(r, query="#x")),
    "another body": (WRONG, lambda r: replace(r, body=b'{"MaxResults": 6}')),
    "no body": (WRONG, lambda r: replace(r, body=b"")),
    "a signature in the query": (INCOMPLETE, lambda r: replace(r, query="X-Amz-Signature=" + "0" * 64)),
    "a credential in the query": (INCOMPLETE, lambda r: replace(r, query="x-amz-credential=x")),
    "a date that is none": (INCOMPLETE, lambda r: with_header(r, "X-Amz-Date", "20260231T123015Z")),
    "an extended date": (INCOMPLETE, lambda r: with_header(r, "X-Amz-Date", "2026-03-01T12:30:15Z")),
    "no date": (INCOMPLETE, lambda r: replace(r, headers=tuple(h for h in r.headers if h[0] != "X-Amz-Date"))),
    "another second": (WRONG, lambda r: with_header(r, "X-Amz-Date", "20260301T123016Z")),
}


def _other_digit(request: SignedRequest) -> str:
    given = dict(request.headers)["Authorization"]
    return given[:-1] + ("0" if given[-1] != "0" else "1")


def _upper_signature(request: SignedRequest) -> str:
    start, equals, signature = dict(request.headers)["Authorization"].rpartition("=")
    return f"{start}{equals}{signature.upper()}"


@pytest.mark.parametrize("case", REFUSED)
def test_a_request_that_was_changed_is_refused_with_awss_code(world: World, case: str) -> None:
    code, change = REFUSED[case]
    request = signed(world.wish())
    assert world.authenticator.authenticate(request, SERVICES)

    assert world.refusal(change(request)) == code


# A change to the query of a request that was rightly presigned: old, new -> AWS's code
PRESIGNED: dict[str, tuple[str, str, str]] = {
    "a parameter of ours twice": (INCOMPLETE, "X-Amz-Expires=60", "X-Amz-Expires=60&X-Amz-Expires=60"),
    "a name in other letters": (INCOMPLETE, "X-Amz-Date=", "x-amz-date="),
    "an encoded name": (INCOMPLETE, "X-Amz-Expires=", "X%2DAmz-Expires="),
    "one missing": (INCOMPLETE, "X-Amz-Expires=60&", ""),
    "longer": (WRONG, "X-Amz-Expires=60", "X-Amz-Expires=61"),
    "too long": (INCOMPLETE, "X-Amz-Expires=60", "X-Amz-Expires=604801"),
    "no time": (INCOMPLETE, "X-Amz-Expires=60", "X-Amz-Expires=0"),
    "no number": (INCOMPLETE, "X-Amz-Expires=60", "X-Amz-Expires=+60"),
    "asymmetric": (INCOMPLETE, "AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"),
    "another value": (WRONG, "a=1", "a=2"),
    "one more value": (WRONG, "a=1", "a=1&b=1"),
    "an empty pair": (WRONG, "a=1", "a=1&"),
    "a value encoded": (WRONG, "a=1", "a=%31"),
    "a hash at the end": (WRONG, "X-Amz-Signature=", "b=#&X-Amz-Signature="),
    "no signature": (INCOMPLETE, "X-Amz-Signature=", "X-Amz-Sig="),
    "a digit encoded": (INCOMPLETE, "X-Amz-Signature=", "X-Amz-Signature=%30"),
    "a token": (UNKNOWN, "X-Amz-Date=", "X-Amz-Security-Token=t&X-Amz-Date="),
}


@pytest.mark.parametrize("case", PRESIGNED)
def test_a_presigned_request_that_was_changed_is_refused(world: World, case: str) -> None:
    code, old, new = PRESIGNED[case]
    request = signed(world.wish(target="/?a=1", body=b"", expires=60))
    assert world.authenticator.authenticate(request, SERVICES)

    assert old in request.query
    assert world.refusal(replace(request, query=request.query.replace(old, new))) == code


def test_a_presigned_request_with_an_authorization_header_is_refused(world: World) -> None:
    request = signed(world.wish(body=b"", expires=60))
    authorization = dict(signed(world.wish(body=b"")).headers)["Authorization"]

    assert world.refusal(with_header(request, "Authorization", authorization)) == INCOMPLETE


def test_a_presigned_request_signs_its_body(world: World) -> None:
    request = signed(world.wish(body=b"", expires=60))

    assert world.refusal(replace(request, body=BODY)) == WRONG


@pytest.mark.parametrize("seconds", [-300, -299, 0, 299, 300])
def test_a_time_is_accepted_five_minutes_both_ways(world: World, seconds: int) -> None:
    wish = world.wish(when=NOW + timedelta(seconds=seconds))

    assert world.authenticator.authenticate(signed(wish), SERVICES)


@pytest.mark.parametrize(
    ("seconds", "says"),
    [
        (-301, "Signature expired: 20260301T122514Z is now earlier than 20260301T122515Z (20260301T123015Z - 5 min.)"),
        (
            301,
            "Signature not yet current: 20260301T123516Z is still later than "
            "20260301T123515Z (20260301T123015Z + 5 min.)",
        ),
    ],
)
def test_a_time_beyond_is_refused_in_awss_words(world: World, seconds: int, says: str) -> None:
    with pytest.raises(AuthenticationFailed) as caught:
        world.authenticator.authenticate(signed(world.wish(when=NOW + timedelta(seconds=seconds))), SERVICES)

    assert (caught.value.code, str(caught.value)) == (WRONG, says)


def test_a_presigned_request_is_good_until_it_expires_and_not_a_second_longer(own_world: World) -> None:
    request = signed(own_world.wish(body=b"", expires=604_800))

    own_world.clock.now = NOW + timedelta(seconds=604_799)
    assert own_world.authenticator.authenticate(request, SERVICES)
    own_world.clock.now = NOW + timedelta(seconds=604_800)
    assert own_world.refusal(request) == WRONG


def test_a_presigned_request_from_the_future_is_refused(world: World) -> None:
    assert world.refusal(signed(world.wish(body=b"", expires=60, when=NOW + timedelta(seconds=301)))) == WRONG


@pytest.mark.parametrize("date", ["Sun, 01 Mar 2026 12:30:15 GMT", "20260301T123015Z"])
def test_a_date_header_stands_in_for_x_amz_date_where_it_is_signed(world: World, date: str) -> None:
    request = signed(world.wish(headers={"Date": "now", **HEADERS}))
    assert "X-Amz-Date" not in dict(request.headers)

    assert world.authenticator.authenticate(request, SERVICES)
    assert world.refusal(in_header(request, "Authorization", "date;", "")) == WRONG
    for no_date in ("yesterday", "", "Fri, 31 Dec 9999 23:59:59 -2359", "Sun, 01 Mar 2026 12:30:15 +9900"):
        assert world.refusal(with_header(request, "Date", no_date)) == INCOMPLETE


def test_no_x_amz_date_can_be_slipped_in_beside_a_signed_date(world: World) -> None:
    request = signed(world.wish(headers={"Date": "now", **HEADERS}))

    assert world.refusal(with_header(request, "X-Amz-Date", "20260301T123015Z")) == WRONG


def test_a_day_changes_with_the_clock_of_the_signer(own_world: World) -> None:
    midnight = datetime(2026, 3, 2, tzinfo=UTC)
    own_world.clock.now = midnight + timedelta(seconds=10)

    assert own_world.authenticator.authenticate(signed(own_world.wish(when=midnight - timedelta(seconds=10))), SERVICES)


def test_a_wrong_secret_an_unknown_key_and_a_key_that_is_off_are_refused_in_awss_words(own_world: World) -> None:
    request = signed(own_world.wish())
    says: dict[str, str] = {}
    attempts = {
        "wrong secret": signed(own_world.wish(secret="x" * 40)),
        "unknown key": signed(own_world.wish(access_key_id="AKIAIOSFODNN7EXAMPLE")),
    }

    for case, attempt in attempts.items():
        with pytest.raises(AuthenticationFailed) as caught:
            own_world.authenticator.authenticate(attempt, SERVICES)
        says[case] = f"{caught.value.code}: {caught.value}"
    own_world.identities.set_key_active(own_world.key.access_key_id, False)
    with pytest.raises(AuthenticationFailed) as caught:
        own_world.authenticator.authenticate(request, SERVICES)

    assert says["wrong secret"].startswith(
        "InvalidSignatureException: The request signature we calculated does not match"
    )
    assert says["unknown key"] == "UnrecognizedClientException: The security token included in the request is invalid."
    assert f"{caught.value.code}: {caught.value}" == says["unknown key"]


def test_a_key_that_was_used_is_refused_as_soon_as_its_user_is_disabled(own_world: World) -> None:
    request = signed(own_world.wish())
    own_world.authenticator.authenticate(request, SERVICES)

    own_world.identities.set_user_enabled(ACCOUNT, "ana", False)

    assert own_world.refusal(request) == UNKNOWN


def test_a_request_can_be_sent_again_within_its_window(world: World) -> None:
    request = signed(world.wish())

    assert world.authenticator.authenticate(request, SERVICES) == world.authenticator.authenticate(request, SERVICES)


VECTORS = "sigv4-testsuite/raw/aws4_testsuite"


@pytest.fixture
def example(tmp_path: Path) -> Authenticator:
    """Whoever knows the key of AWS's test suite, at its time."""
    clock = Clock()
    clock.now = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
    identities = some_identities(tmp_path, clock)
    user = identities.create_user(ACCOUNT, "example")
    sealed = SecretBox.open(tmp_path / "keys").seal(b"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", purpose("AKIDEXAMPLE"))
    with changing(open_database(sqlite_url(tmp_path))) as connection:
        records.add(connection, AccessKey("AKIDEXAMPLE", user.id, clock.now, True, sealed))
    return Authenticator(identities, clock=clock)


def read_vector(path: Path) -> SignedRequest:
    """A signed request of AWS's test suite, headers that come several times put into one."""
    head, _, body = path.read_text().partition("\n\n")
    first, *lines = head.split("\n")
    headers: dict[str, str] = {}
    for name, _, value in (line.partition(":") for line in lines):
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    method, _, rest = first.partition(" ")
    place, _, query = rest.rpartition(" ")[0].partition("?")
    return SignedRequest(method, place, query, tuple(headers.items()), body.encode())


@pytest.mark.shared_data
def test_the_requests_of_awss_own_test_suite_are_accepted(shared_data: Path, example: Authenticator) -> None:
    vectors = sorted((shared_data / VECTORS).glob("*/*.sreq"))

    signers = [example.authenticate(read_vector(path), frozenset({"service"})) for path in vectors]

    assert [one.identity.name for one in signers] == ["example"] * 8


@pytest.mark.shared_data
def test_the_same_requests_are_refused_when_a_header_comes_several_times(
    shared_data: Path, example: Authenticator
) -> None:
    request = read_vector(shared_data / VECTORS / "get-header-value-order" / "get-header-value-order.sreq")
    apart = [(name, one) for name, value in request.headers if name == "My-Header1" for one in value.split(",")]
    others = [pair for pair in request.headers if pair[0] != "My-Header1"]

    with pytest.raises(AuthenticationFailed, match="once, got it 4 times"):
        example.authenticate(replace(request, headers=(*others, *apart)), frozenset({"service"}))
