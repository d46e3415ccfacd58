"""Write docs/reference/ from the code: what is declared once is documented from its declaration.

Run as ``python docs/generate.py [FOLDER]``; a test fails when the committed pages are not what this writes.
"""

from __future__ import annotations

import dataclasses
import inspect
import sys
from pathlib import Path

REFERENCE = Path(__file__).parent / "reference"
NOTE = "<!-- Written by docs/generate.py; edit the code, not this page. -->\n\n"


def columns_page() -> str:
    """Every column of every store category."""
    from trailmere.events.columns import COLUMNS, FAMILIES

    parts = [
        "# Columns of event data stores\n\n",
        "A store holds one family of events. Names are case-insensitive in SQL. *Hidden* columns can be named and ",
        "are not in `SELECT *`. Members of rows are reached with dots: ",
        "`userIdentity.sessionContext.sessionIssuer.arn`. A map holds the top-level members of a JSON object, in ",
        "their original case: scalars as plain text, objects and arrays as compact JSON text.\n",
    ]
    for family, columns in COLUMNS.items():
        categories = ", ".join(category for category, of in FAMILIES.items() if of == family)
        parts.append(f"\n## {categories}\n\n| column | type | since | meaning |\n|---|---|---|---|\n")
        for column in columns:
            marks = [mark for mark, holds in (("hidden", column.hidden), ("computed", column.computed)) if holds]
            note = f" *{', '.join(marks)}*" if marks else ""
            name = column.key or column.name
            parts.append(f"| `{name}`{note} | `{column.type}` | {column.since or ''} | {column.meaning} |\n")
    return "".join(parts)


def settings_page() -> str:
    """Every setting."""
    from trailmere.settings import Settings
    from trailmere.sources.s3client import VARIABLES

    parts = [
        "# Settings\n\n",
        "Each is an environment variable; some are options of commands too, which win. Sizes are bytes, times ",
        "seconds.\n\n",
        "| variable | default | meaning |\n|---|---|---|\n",
    ]
    for setting in dataclasses.fields(Settings):
        default = "" if setting.default is dataclasses.MISSING else setting.default
        shown = "the user's data directory" if setting.name == "lake" else (default if default is not None else "")
        parts.append(f"| `TRAILMERE_{setting.name.upper()}` | {shown} | {setting.metadata['means']} |\n")
    parts.append("\n## S3\n\nThe usual variables of AWS; a role of the instance or container where there are none.\n\n")
    parts.append("| variable | meaning |\n|---|---|\n")
    parts += [f"| `{name}` | {meaning} |\n" for name, meaning in VARIABLES.items()]
    return "".join(parts)


def errors_page() -> str:
    """The error tree as drawn in its module, and every error's sentence."""
    from trailmere import errors

    drawing = inspect.cleandoc(errors.__doc__ or "").split("\n\n")[2]
    parts = ["# Errors\n\n```\n", drawing, "\n```\n\n| error | meaning |\n|---|---|\n"]
    for name, value in vars(errors).items():
        if inspect.isclass(value) and issubclass(value, errors.TrailmereError):
            meaning = inspect.cleandoc(value.__doc__ or "").split("\n\n")[0].replace("\n", " ")
            parts.append(f"| `{name}` | {meaning} |\n")
    return "".join(parts)


def dead_letters_page() -> str:
    """Every reason for which something is a dead letter."""
    from trailmere.events.formats import REASONS

    parts = ["# Reasons of dead letters\n\n| reason | meaning |\n|---|---|\n"]
    parts += [f"| `{reason}` | {meaning} |\n" for reason, meaning in REASONS.items()]
    return "".join(parts)


def policies_page() -> str:
    """What may be named in a policy: actions, condition keys, operators."""
    from trailmere.access.actions import COVERED_BY, actions
    from trailmere.access.condition_keys import KEYS, KeyType
    from trailmere.access.conditions import OPERATORS

    parts = ["# What policies may name\n\nHow they decide is told in [access](../access.md).\n\n## Actions\n\n"]
    parts.append("| action | resources |\n|---|---|\n")
    parts += [f"| `{name}` | {', '.join(kinds) or '`*` only'} |\n" for name, kinds in actions().items()]
    parts += [f"| `{name}` | as `{other}`, which is the action to name |\n" for name, other in COVERED_BY.items()]
    parts.append(
        "\n## Condition keys\n\nNames count without their case. What ends in `/` is followed by a tag's key.\n\n"
    )
    parts.append("| key | value | tells |\n|---|---|---|\n")
    for key in KEYS.values():
        value = f"several times {key.type}" if key.multivalued else key.type
        parts.append(f"| `{key.name}` | {value} | {key.noun} |\n")
    parts.append("\n## Condition operators\n\n| operator | compares |\n|---|---|\n")
    for operator in OPERATORS.values():
        types = "any key" if operator.types >= set(KeyType) else ", ".join(t for t in KeyType if t in operator.types)
        parts.append(f"| `{operator.name}` | {types} |\n")
    return "".join(parts)


def commands_page() -> str:
    """Every command with its options, as ``--help`` has them."""
    from trailmere.cli import app

    return str(app.generate_docs(output_format="markdown")) + "\n"


def outcomes_page() -> str:
    """Every operation with what the tests try it with: the table that they go by."""
    sys.path.insert(0, str(REFERENCE.parents[1]))
    from tests.api.outcomes.table import page

    return page()


PAGES = {
    "commands.md": commands_page,
    "columns.md": columns_page,
    "settings.md": settings_page,
    "errors.md": errors_page,
    "dead-letter-reasons.md": dead_letters_page,
    "policies.md": policies_page,
    "outcomes.md": outcomes_page,
}


def write(folder: Path) -> None:
    """Every generated page into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (folder / name).write_text(NOTE + page(), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else REFERENCE)
