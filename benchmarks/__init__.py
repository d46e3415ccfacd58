"""Ingest and query, side by side with peers, in one run: ``python -m benchmarks.run``. Not part of the package."""
