"""A stand-in for AWS: an organisation whose trails are delivered as CloudTrail really writes them.

``TrailSimulator`` gives the files, ``scenarios`` the questions of the two incidents that lie in them, ``corpus`` a
large body of files for benchmarks. Everything is made here from a seed: no file is read and no network is used.
"""

from __future__ import annotations

from trailmere.simulator.records import SimulatedFile, Summary
from trailmere.simulator.trail import Habits, Period, TrailSimulator, demo_march, demo_september

__all__ = ["Habits", "Period", "SimulatedFile", "Summary", "TrailSimulator", "demo_march", "demo_september"]
