"""``python -m trailmere`` is the ``trailmere`` command."""


def main() -> None:
    """Run the command line. Imported when called: the workers of ingest load this module, and need no command line."""
    from trailmere.cli import main

    main()


if __name__ == "__main__":
    main()
