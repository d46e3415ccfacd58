"""Writes the case folders of the seed's nineteen queries: ``python -m tests.walks.write_cases``.

The rows come from the incidents' scripts (``trailmere.simulator.scenarios``). Run it when a script changes, and read
the difference: a test holds the folders to the scripts.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

from trailmere.simulator.scenarios import QUESTIONS, Question

CASES = Path(__file__).parent / "cases"


def folder(question: Question) -> Path:
    """``cases/q1_1`` for question 1.1."""
    return CASES / f"q{question.number.replace('.', '_')}"


def rows_csv(question: Question) -> str:
    """The expected rows with a header line; None is an empty cell."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(question.columns)
    writer.writerows(question.rows())
    return stream.getvalue()


def files(question: Question) -> dict[str, str]:
    """Name and content of each file of a case."""
    return {
        "question.sql": question.sql + "\n",
        "rows.csv": rows_csv(question),
        "story.md": f"{question.title} {question.meaning}\n",
    }


def main() -> None:
    """Write all folders."""
    for question in QUESTIONS.values():
        folder(question).mkdir(parents=True, exist_ok=True)
        for name, content in files(question).items():
            (folder(question) / name).write_text(content)


if __name__ == "__main__":
    main()
