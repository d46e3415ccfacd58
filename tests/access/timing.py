"""Does the time of a refusal tell whether an access key is there? ``python -m tests.access.timing SAMPLES``.

Refusals of an unknown key, of a key that is switched off and of a wrong signature are timed in random order, and
compared by Welch's t after the slowest tenth of each was left out (what else runs on the machine). Beyond 4.5 they can
be told apart (Reparaz, Balasch, Verbauwhede: "Dude, is my code constant time?", 2017).
"""

from __future__ import annotations

import math
import random
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from tests.access.arrivals import NOW, SERVICES, Wish, signed
from tests.access.world import some_identities
from tests.registry.helpers import ACCOUNT, Clock
from trailmere.access.sigv4 import Authenticator, SignedRequest
from trailmere.errors import AuthenticationFailed

BOUND = 4.5
KEPT = 0.9
VARIANTS = 64  # requests of each kind, so that no single one is learnt by the processor's caches


def requests(folder: Path) -> tuple[Authenticator, dict[str, list[SignedRequest]]]:
    """Who checks, and what is refused, by its reason."""
    clock = Clock()
    clock.now = NOW
    identities = some_identities(folder, clock)
    keys = {name: identities.create_key(identities.create_user(ACCOUNT, name)) for name in ("ana", "ben")}
    identities.set_key_active(keys["ben"].access_key_id, False)
    bad = Wish(keys["ana"].access_key_id, "x" * 40, headers={"X-Amz-Target": "CloudTrail_20131101.ListQueries"})
    ids = {
        "wrong signature": [keys["ana"].access_key_id] * VARIANTS,
        "switched off": [keys["ben"].access_key_id] * VARIANTS,
        "unknown key": [f"AKIA{number:016}" for number in range(VARIANTS)],
        "wrong signature again": [keys["ana"].access_key_id] * VARIANTS,
    }
    made = {
        kind: [signed(replace(bad, access_key_id=id, body=b"%016d" % n)) for n, id in enumerate(each)]
        for kind, each in ids.items()
    }
    return Authenticator(identities, clock=clock), made


def measure(samples: int, rng: random.Random) -> dict[str, list[int]]:
    """Nanoseconds of each refusal, by kind."""
    with tempfile.TemporaryDirectory() as folder:
        authenticator, made = requests(Path(folder))
        times: dict[str, list[int]] = {kind: [] for kind in made}
        order = [kind for kind in made for _ in range(samples)]
        rng.shuffle(order)
        for kind in order:
            request = rng.choice(made[kind])
            started = time.perf_counter_ns()
            try:
                authenticator.authenticate(request, SERVICES)
            except AuthenticationFailed:
                times[kind].append(time.perf_counter_ns() - started)
    return times


def welch(one: list[int], other: list[int]) -> float:
    """Welch's t of two samples, each without its slowest part."""
    kept = [sorted(times)[: int(len(times) * KEPT)] for times in (one, other)]
    means = [statistics.fmean(times) for times in kept]
    errors = [statistics.variance(times, mean) / len(times) for times, mean in zip(kept, means, strict=True)]
    return (means[0] - means[1]) / math.sqrt(sum(errors))


def main(samples: int) -> int:
    times = measure(samples, random.Random())
    first = times["wrong signature"]
    worst = 0.0
    for kind, measured in times.items():
        t = 0.0 if measured is first else welch(measured, first)
        worst = max(worst, abs(t))
        print(f"{kind:<22} median {statistics.median(measured) / 1000:8.2f} us   t {t:6.2f}")
    print(f"cannot be told apart (|t| < {BOUND})" if worst < BOUND else f"can be told apart (|t| >= {BOUND})")
    return int(worst >= BOUND)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
