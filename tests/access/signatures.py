"""Random requests that botocore signed must all be accepted, and none after a single change to it.

``python -m tests.access.signatures 100000 1000000 SEED`` makes so many of both: progress and every violation (a refusal
of the first kind, an acceptance of the second) on stderr, with the seed that repeats it, then an account of one line;
it ends with 1 if there was a violation. Changes that the protocol does not see (the order of parameters, blanks next to
blanks, headers that nobody signs) are not made.
"""

from __future__ import annotations

import random
import string
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

from tests.access.arrivals import NOW, SERVICES, Wish, signed
from tests.access.world import ALLOW_ALL, TRUST_ACCOUNT, some_identities
from tests.registry.helpers import ACCOUNT, Clock
from trailmere.access.sigv4 import Authenticator, SignedRequest
from trailmere.errors import AuthenticationFailed

MUTATIONS_OF_ONE = 10
REPORTED_EVERY = 1_000
LETTERS = string.ascii_letters + string.digits
TEXT = LETTERS + " -_.~!*'();:@&=+$,/?#[]%äß日本€😀"
VALUE = LETTERS + ' \t,;:=/"()@?äß日€'


@dataclass(frozen=True)
class Server:
    """Who checks, at which time, and the credentials that are good there: key, secret, token."""

    authenticator: Authenticator
    clock: Clock
    credentials: tuple[tuple[str, str, str | None], ...]

    def accepts(self, request: SignedRequest) -> bool:
        try:
            self.authenticator.authenticate(request, SERVICES)
        except AuthenticationFailed:
            return False
        return True


def a_server(folder: Path) -> Server:
    """Two users and a session."""
    clock = Clock()
    clock.now = NOW
    identities = some_identities(folder, clock)
    keys = [identities.create_key(identities.create_user(ACCOUNT, name)) for name in ("ana", "ben")]
    identities.create_role(ACCOUNT, "auditor", TRUST_ACCOUNT)
    identities.put_policy(identities.user(ACCOUNT, "ana"), "all", ALLOW_ALL)
    ana = identities.secret_of(keys[0].access_key_id, None)
    assert ana is not None
    session = identities.assume_role(ana[1], f"arn:aws:iam::{ACCOUNT}:role/auditor", "review")
    users = [(key.access_key_id, key.secret_access_key, None) for key in keys]
    sessions = [(session.access_key_id, session.secret_access_key, session.session_token)]
    return Server(Authenticator(identities, clock=clock), clock, (*users, *sessions))


def a_wish(rng: random.Random, server: Server) -> Wish:
    """Something to sign."""
    key, secret, token = rng.choice(server.credentials)
    presigned = rng.random() < 0.3
    return Wish(
        key,
        secret,
        method=rng.choice(["POST", "GET", "PUT", "DELETE", "PATCH"]),
        host=rng.choice(["localhost", "127.0.0.1:4510", "[::1]:4510", "cloudtrail.us-east-1.amazonaws.com"]),
        target=_target(rng),
        headers=_headers(rng),
        body=b"" if presigned else rng.randbytes(rng.choice([0, 1, 30, 300])),
        token=token,
        service=rng.choice(sorted(SERVICES)),
        region=rng.choice(["us-east-1", "eu-central-1", "us-gov-west-1", "cn-north-1"]),
        when=NOW + timedelta(seconds=rng.randint(-240, 240)),
        expires=rng.randint(300, 604_800) if presigned else None,
    )


def _text(rng: random.Random, characters: str, least: int, most: int) -> str:
    return "".join(rng.choices(characters, k=rng.randint(least, most)))


def _target(rng: random.Random) -> str:
    segments = [quote(_text(rng, TEXT, 1, 8), safe="~") for _ in range(rng.randrange(4))]
    path = "".join(f"/{segment}" for segment in segments if segment.strip(".")) + rng.choice(["", "/"])
    pairs = [f"{quote(_text(rng, TEXT, 1, 5))}={quote(_text(rng, TEXT, 0, 5))}" for _ in range(rng.randrange(4))]
    if pairs:
        pairs += rng.choices(pairs, k=rng.randrange(2))  # a parameter that is repeated
    return f"{path or '/'}?{'&'.join(pairs)}" if pairs else path or "/"


def _headers(rng: random.Random) -> dict[str, str]:
    headers = {"Content-Type": "application/x-amz-json-1.1"} if rng.random() < 0.8 else {}
    for number in range(rng.randrange(5)):
        name = f"{rng.choice(['X-Amz-', 'x-', ''])}{_text(rng, LETTERS, 1, 9)}-{number}"
        headers[name] = _text(rng, VALUE, 0, 12)
    if rng.random() < 0.2:
        headers["Date"] = "now"
    return headers


Mutation = Callable[[random.Random, SignedRequest], "SignedRequest | None"]  # None: there is nothing to change


def _flipped(rng: random.Random, text: str) -> str:
    """One bit of one character changed, as ISO 8859-1 writes it."""
    content = bytearray(text, "latin-1")
    content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    return content.decode("latin-1")


def _signed_headers(request: SignedRequest) -> set[str]:
    said = dict(request.headers).get("Authorization", request.query.replace("%3B", ";").replace("&", ","))
    return set(said.partition("SignedHeaders=")[2].partition(",")[0].split(";")) | {"authorization"}


def _with(request: SignedRequest, place: int, *pairs: tuple[str, str]) -> SignedRequest:
    """The header at ``place`` replaced by these."""
    return replace(request, headers=(*request.headers[:place], *pairs, *request.headers[place + 1 :]))


def _one_that_is_signed(rng: random.Random, request: SignedRequest) -> int:
    signed_names = _signed_headers(request)
    return rng.choice([n for n, (name, _) in enumerate(request.headers) if name.lower() in signed_names])


def a_bit_of_a_header(rng: random.Random, request: SignedRequest) -> SignedRequest | None:
    place = _one_that_is_signed(rng, request)
    name, value = request.headers[place]
    return _with(request, place, (name, _flipped(rng, value))) if value.strip() else None


def a_header_gone(rng: random.Random, request: SignedRequest) -> SignedRequest | None:
    return _with(request, _one_that_is_signed(rng, request))


def a_header_twice(rng: random.Random, request: SignedRequest) -> SignedRequest | None:
    place = _one_that_is_signed(rng, request)
    pair = request.headers[place]
    return _with(request, place, pair, (pair[0], rng.choice(["", "x", pair[1]])))


def a_header_renamed(rng: random.Random, request: SignedRequest) -> SignedRequest | None:
    place = _one_that_is_signed(rng, request)
    name, value = request.headers[place]
    return _with(request, place, (f"{name}x", value))


def an_unsigned_header(rng: random.Random, request: SignedRequest) -> SignedRequest | None:
    name = rng.choice(["X-Amz-Target", "x-amz-source", "X-AMZ-Security-Token", "X-Amz-Date", "Host", "Authorization"])
    return replace(request, headers=(*request.headers, (name, _text(rng, LETTERS, 0, 12))))


def an_unsigned_body(rng: random.Random, request: SignedRequest) -> SignedRequest | None:
    claims = ("UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "0" * 64)
    return replace(request, headers=(*request.headers, ("X-Amz-Content-Sha256", rng.choice(claims))))


def a_bit_of_the_body(rng: random.Random, request: SignedRequest) -> SignedRequest | None:
    return (
        replace(request, body=_flipped(rng, request.body.decode("latin-1")).encode("latin-1")) if request.body else None
    )


def a_byte_more(rng: random.Random, request: SignedRequest) -> SignedRequest | None:
    place = rng.randint(0, len(request.body))
    return replace(request, body=request.body[:place] + rng.randbytes(1) + request.body[place:])


def a_byte_less(rng: random.Random, request: SignedRequest) -> SignedRequest | None:
    place = rng.randrange(len(request.body) or 1)
    return replace(request, body=request.body[:place] + request.body[place + 1 :]) if request.body else None


def a_bit_of_the_path(rng: random.Random, request: SignedRequest) -> SignedRequest | None:
    return replace(request, path=_flipped(rng, request.path))


def a_path_that_leads_to_the_same(rng: random.Random, request: SignedRequest) -> SignedRequest | None:
    return replace(request, path=rng.choice(["/", "/.", "/x/..", "/%2e"]) + request.path)


def a_bit_of_the_query(rng: random.Random, request: SignedRequest) -> SignedRequest | None:
    return replace(request, query=_flipped(rng, request.query)) if request.query else None


def a_parameter_more(rng: random.Random, request: SignedRequest) -> SignedRequest | None:
    more = rng.choice(["", "a", "a=1", "#", "X-Amz-Expires=9", "x-amz-signature=0", "X-Amz-Security-Token=t"])
    return (
        replace(request, query=f"{request.query}&{more}" if request.query else more) if more or request.query else None
    )


def a_parameter_less(rng: random.Random, request: SignedRequest) -> SignedRequest | None:
    pairs = request.query.split("&")
    pairs.pop(rng.randrange(len(pairs)))
    return replace(request, query="&".join(pairs)) if request.query else None


def another_method(rng: random.Random, request: SignedRequest) -> SignedRequest | None:
    others = {"POST", "GET", "PUT", "DELETE", "HEAD", "post", "Get", ""} - {request.method}
    return replace(request, method=rng.choice(sorted(others)))


def a_character_of_the_claim(rng: random.Random, request: SignedRequest) -> SignedRequest | None:
    """Of key, scope, signed headers or signature, in whichever form: another letter or digit in its place."""
    for place, (name, value) in enumerate(request.headers):
        if name == "Authorization":
            return _with(request, place, (name, _other_character(rng, value)))
    return replace(request, query=_other_character(rng, request.query))


def _other_character(rng: random.Random, text: str) -> str:
    place = rng.choice([n for n, one in enumerate(text) if one in LETTERS])
    other = rng.choice(LETTERS.replace(text[place], ""))
    return text[:place] + other + text[place + 1 :]


MUTATIONS: tuple[Mutation, ...] = (
    a_bit_of_a_header,
    a_header_gone,
    a_header_twice,
    a_header_renamed,
    an_unsigned_header,
    an_unsigned_body,
    a_bit_of_the_body,
    a_byte_more,
    a_byte_less,
    a_bit_of_the_path,
    a_path_that_leads_to_the_same,
    a_bit_of_the_query,
    a_parameter_more,
    a_parameter_less,
    another_method,
    a_character_of_the_claim,
)


def mutated(rng: random.Random, request: SignedRequest) -> tuple[str, SignedRequest]:
    """The request with a single change, and what that was."""
    while True:
        mutation = rng.choice(MUTATIONS)
        changed = mutation(rng, request)
        if changed is not None and changed != request:
            return mutation.__name__, changed


def clocks_beyond(wish: Wish) -> Iterator[timedelta]:
    """How far from NOW the server's clock must be to refuse what was asked for."""
    yield wish.when - NOW - timedelta(minutes=5, seconds=1)
    yield wish.when - NOW + timedelta(minutes=5, seconds=1 if wish.expires is None else wish.expires)


def judge(server: Server, seed: int, mutations: int) -> Counter[str]:
    """One request accepted, ``mutations`` changes to it refused; how many of which. Raises AssertionError."""
    rng = random.Random(seed)
    wish = a_wish(rng, server)
    request = signed(wish)
    assert server.accepts(request), f"seed {seed}: refused, and rightly signed: {request}"
    counts = Counter({"accepted": 1})
    for number in range(mutations):
        if number < 2:
            name, changed = "a clock beyond", request
            server.clock.now = NOW + list(clocks_beyond(wish))[number]
        else:
            name, changed = mutated(rng, request)
        believed = server.accepts(changed)
        server.clock.now = NOW
        assert not believed, f"seed {seed}: accepted after {name}: {changed} from {request}"
        counts[name] += 1
    return counts


def form_of(wish: Wish) -> str:
    """Which of the forms of the protocol a request has."""
    return f"{'in the header' if wish.expires is None else 'presigned'}{', with a token' if wish.token else ''}"


@dataclass
class Tally:
    """What came of a run so far."""

    counts: Counter[str] = field(default_factory=Counter)
    forms: Counter[str] = field(default_factory=Counter)
    violations: int = 0
    started: float = field(default_factory=time.process_time)

    @property
    def accepted(self) -> int:
        return self.counts["accepted"]

    @property
    def refused(self) -> int:
        return self.counts.total() - self.accepted

    def add(self, server: Server, seed: int, mutations: int) -> None:
        """Judge one more request."""
        try:
            self.counts += judge(server, seed, mutations)
        except AssertionError as violation:
            self.violations += 1
            print(f"\nVIOLATION {violation}", file=sys.stderr)
        self.forms[form_of(a_wish(random.Random(seed), server))] += 1

    def account(self) -> str:
        forms = "; ".join(f"{count:,} {form}" for form, count in sorted(self.forms.items()))
        return (
            f"{self.accepted:,} accepted ({forms}), {self.refused:,} refused after a single change, "
            f"{self.violations} violations; {time.process_time() - self.started:.0f} s of processor time, with signing"
        )


def main(accepted: int, refused: int, seed: int) -> int:
    tally = Tally()
    with tempfile.TemporaryDirectory() as folder:
        server = a_server(Path(folder))
        each = max(MUTATIONS_OF_ONE, -(-refused // max(1, accepted)))
        for number in range(max(accepted, -(-refused // each))):
            tally.add(server, seed + number, min(each, max(0, refused - number * each)))
            if number % REPORTED_EVERY == 0:
                print(f"\r{tally.account()}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    for name, count in tally.counts.most_common():
        print(f"{count:>9,}  {name}", file=sys.stderr)
    print(tally.account())
    return int(tally.violations > 0)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:4])))
