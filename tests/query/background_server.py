"""A process that runs background queries until it is killed: LAKE STATEMENT..., one runner, ids on standard output."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from tests.query.background import start
from tests.query.small_lake import opened

if __name__ == "__main__":
    with opened(Path(sys.argv[1]), query_runners=1) as app:
        for statement in sys.argv[2:]:
            print(start(app, statement).id, flush=True)
        signal.pause()
