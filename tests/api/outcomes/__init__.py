"""Every operation of the API and every outcome that its service model declares, as data.

``valid`` are calls that succeed, in the order of one story; ``refused`` those that end with a declared error;
``unreached`` the errors that nothing can cause here, and why. ``table`` puts them side by side, also for
docs/reference/outcomes.md; ``worlds`` are the servers that the calls are made to. A new operation is more data.
"""
