"""``python -m trailmere`` is the ``trailmere`` command.

What holds for the whole process, and those that it starts, is set here before anything is imported. The command line is
imported when it is called: where this module is that of an installed script, workers of ingest load it too.
"""

import os

from trailmere.events.pandasless import refuse_pandas

for _name, _value in (
    ("OPENBLAS_NUM_THREADS", "1"),  # numpy's threads for linear algebra, of which there is none: 50 ms to start them
    ("PYDANTIC_DISABLE_PLUGINS", "__all__"),  # looking for plug-ins in all installed packages takes 20 ms
):
    os.environ.setdefault(_name, _value)

refuse_pandas()


def main() -> None:
    """Run the command line."""
    from trailmere.cli import main

    main()


if __name__ == "__main__":
    main()
