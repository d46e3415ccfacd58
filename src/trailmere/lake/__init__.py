"""The vault: the only room that writes tables. Iceberg catalog, append, ledger, event index, dead letters, scans."""
