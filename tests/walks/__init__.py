"""Whole walks: from delivered bytes to the answer, through the doors that a user has."""
