"""Doors for tools that speak other protocols than AWS's: Trino's for clients, Iceberg's REST for engines."""
