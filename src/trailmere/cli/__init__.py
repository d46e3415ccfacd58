"""The command line: a thin door. Each command is a small module that is loaded when it is used.

``trailmere --help`` must answer at once, so nothing here or at the top of a command's module imports more than
the standard library, cyclopts, ``trailmere.errors`` and ``trailmere.settings``.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from cyclopts import App, Parameter

from trailmere import __version__

if TYPE_CHECKING:
    from trailmere.errors import TrailmereError


def _worth_saying(default: object) -> str | None:
    """A default as help shows it; that a switch is off or nothing is given goes without saying."""
    return None if default in (None, False, ()) else str(default)


app = App(
    name="trailmere",
    help="The open CloudTrail Lake. Point it at CloudTrail logs, and ask. Start with: trailmere demo",
    version=__version__,
    default_parameter=Parameter(negative_iterable=(), show_default=_worth_saying),
    help_format="plaintext",  # markdown in help costs 130 ms of imports
)

# name, where it lives, one line for --help (so that help need not load the module)
COMMANDS: tuple[tuple[str, str, str], ...] = (
    ("demo", "trailmere.cli.demo:demo", "Investigate an incident on a simulated organisation."),
    ("ingest", "trailmere.cli.ingest:ingest", "Take CloudTrail logs into an event data store."),
    ("import", "trailmere.cli.imports:imports", "Imports: logs copied from a bucket, stopped, retried."),
    ("channel", "trailmere.cli.channel:channel", "Channels: what brings events from outside of AWS."),
    ("query", "trailmere.cli.query:query", "Ask event data stores in Trino SQL."),
    ("dashboard", "trailmere.cli.dashboard:dashboard", "Dashboards: show, refresh, keep them as files."),
    ("serve", "trailmere.cli.serve:serve", "Answer AWS's clients: the CloudTrail API on a port."),
    ("insights", "trailmere.cli.insights:insights", "Find what is called, or refused, unusually often."),
    ("store", "trailmere.cli.store:store", "Create, list, change and delete event data stores."),
    ("account", "trailmere.cli.account:account", "Accounts: create, list and delete them."),
    ("user", "trailmere.cli.user:user", "Users: who may sign calls, and what they may do."),
    ("role", "trailmere.cli.role:role", "Roles: what users may become for a while."),
    ("key", "trailmere.cli.key:key", "Access keys: create, list, switch off and delete them."),
    ("results", "trailmere.cli.results:results", "Delivered query results: verify them."),
    ("policy", "trailmere.cli.policy:policy", "Policies: what one says, why a call is allowed or denied."),
    ("deadletters", "trailmere.cli.deadletters:deadletters", "What could not be taken in, and why."),
    ("maintain", "trailmere.cli.maintain:maintain", "Merge small files, remove what is past its time."),
    ("schema", "trailmere.cli.schema:schema", "Columns of event data stores; fields never seen before."),
    ("verify", "trailmere.cli.verify:verify", "Find files, rows and sums that are not what was written."),
    ("doctor", "trailmere.cli.doctor:doctor", "Check the installation and the lake, and say how to mend them."),
)

for _name, _place, _help in COMMANDS:
    app.command(_place, name=_name, help=_help)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 1 an error that is explained, 2 wrong usage, 130 interrupted."""
    from trailmere.cli.common import report_error
    from trailmere.errors import TrailmereError

    try:
        result = app(arguments, exit_on_error=False, print_error=True, result_action="return_value")
    except TrailmereError as error:
        report_error(error)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(130)
    except BrokenPipeError:
        _close_stdout()
        sys.exit(0)
    except UnicodeEncodeError:
        if (told := _not_unicode(sys.argv[1:] if arguments is None else arguments)) is None:
            raise
        report_error(told)
        sys.exit(1)
    except Exception as error:
        from cyclopts import CycloptsError

        if isinstance(error, CycloptsError):
            sys.exit(2)
        raise
    sys.exit(result if isinstance(result, int) else 0)


def _not_unicode(arguments: list[str]) -> TrailmereError | None:
    """What to say of an argument that is no text: Python keeps its bytes as halves of surrogate pairs (PEP 383)."""
    from trailmere.errors import InvalidParameter

    for one in arguments:
        if not one.isascii() and any("\ud800" <= character <= "\udfff" for character in one):
            return InvalidParameter(
                f"expected arguments in UTF-8, got {os.fsencode(one)[:80]!r}",
                hint="write it in UTF-8; only paths of files may hold other bytes",
            )
    return None


def _close_stdout() -> None:
    """The reader of a pipe has gone (``| head``): nothing more can be written, and that is no error."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
