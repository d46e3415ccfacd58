"""Insights: APIs that are called, or refused, unusually often, as events of an event data store of their own."""
