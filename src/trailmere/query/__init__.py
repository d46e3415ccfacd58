"""The way out: Trino SQL in, a checked statement, an engine in a cage, a result set."""
