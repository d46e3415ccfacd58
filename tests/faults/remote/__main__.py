"""``python -m tests.faults.remote SECONDS [SEED]``: the soak; its report on stdout, 1 where it is not clean."""

from __future__ import annotations

import sys

from tests.faults.remote.soak import soak

if __name__ == "__main__":  # workers are started anew from this module
    report = soak(float(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    print(report)
    sys.exit(not report.is_clean)
