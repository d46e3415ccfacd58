"""The console: pages for people, over the same calls that clients of the API make.

How it is built: docs/decisions/0020-the-console.md.
"""
