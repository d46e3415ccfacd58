"""Small control-plane records: event data stores and their states. SQLite by default, PostgreSQL by setting."""
