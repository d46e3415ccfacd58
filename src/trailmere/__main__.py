"""``python -m trailmere`` is the ``trailmere`` command."""

from trailmere.cli import main

if __name__ == "__main__":
    main()
