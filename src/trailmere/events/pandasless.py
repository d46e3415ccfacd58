"""Keeping pandas out of processes that are ours alone.

Where it is installed pyarrow loads it, for a quarter of a second, to learn that what it is given is no data frame. None
of ours ever is.
"""

from __future__ import annotations

import sys


class _Refusal:
    """A finder of modules that finds none, and lets nobody else look for pandas."""

    @staticmethod
    def find_spec(name: str, _path: object = None, _target: object = None) -> None:
        if name == "pandas":
            raise ModuleNotFoundError("Trailmere does not load pandas", name=name)


def refuse_pandas() -> None:
    """From now on ``import pandas`` fails in this process, as if it were not installed."""
    sys.meta_path.insert(0, _Refusal)
