"""Trailmere: the open CloudTrail Lake. Point it at CloudTrail logs, and ask."""

__version__ = "0.1.0"
