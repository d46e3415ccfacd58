"""Dashboards: questions that are asked together, again and again, and shown as tables and charts.

Their answers are kept queries (``trailmere.query.jobs``); drawing them is for the doors.
"""
