"""Kept answers: every row by its number, nothing that is not complete, nothing that was changed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from trailmere.errors import LakeDamaged, LakeError
from trailmere.query.kept import BATCH_ROWS, KeptAnswers

if TYPE_CHECKING:
    from trailmere.registry.query_records import KeptAnswer

SCHEMA = pa.schema([("n", pa.int64()), ("n", pa.string()), ("gone", pa.month_day_nano_interval())])


def keep(answers: KeptAnswers, *sizes: int, attempt: int = 1) -> KeptAnswer:
    writer, first = answers.writer("q", attempt, SCHEMA), 0
    for size in sizes:
        numbers = range(first, first + size)
        columns = [pa.array(numbers, pa.int64()), pa.array(map(str, numbers)), pa.nulls(size, SCHEMA.types[2])]
        writer.add(pa.RecordBatch.from_arrays(columns, schema=SCHEMA))
        first += size
    return writer.close()


@pytest.mark.parametrize("sizes", [(), (1,), (BATCH_ROWS,), (7, 2 * BATCH_ROWS, 0, 777, 12)])
def test_rows_are_read_from_any_number_on(tmp_path: Path, sizes: tuple[int, ...]) -> None:
    answers = KeptAnswers(tmp_path)
    answer = keep(answers, *sizes)

    total = sum(sizes)
    for first in {0, 1, total // 2, max(0, total - 1), total}:
        read = [n for batch in answers.batches("q", answer, first) for n in batch.column(0).to_pylist()]
        assert read == list(range(first, total))
    assert answer.rows == total
    assert answers.schema("q", answer).names == ["n", "n", "gone"]


def test_an_answer_that_was_given_up_leaves_nothing(tmp_path: Path) -> None:
    answers = KeptAnswers(tmp_path)
    writer = answers.writer("q", 1, SCHEMA)

    writer.discard()

    assert list((tmp_path / "q").iterdir()) == []


def test_every_changed_byte_of_an_answer_is_noticed(tmp_path: Path) -> None:
    answer = keep(KeptAnswers(tmp_path), 20)
    path = tmp_path / "q" / answer.file
    content = path.read_bytes()

    for place in range(0, len(content), 97):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with pytest.raises(LakeDamaged, match="SHA-256"):
            next(KeptAnswers(tmp_path).batches("q", answer))


def test_an_answer_that_is_gone_is_told_as_damage(tmp_path: Path) -> None:
    answers = KeptAnswers(tmp_path)
    answer = keep(answers, 1)

    with pytest.raises(LakeDamaged):
        list(answers.batches("q", replace(answer, file="rows-9.arrow")))


def test_a_removed_answer_leaves_no_folder(tmp_path: Path) -> None:
    answers = KeptAnswers(tmp_path)
    keep(answers, 1)

    answers.remove("q")
    answers.remove("q")

    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_told_as_an_error_of_the_lake(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(LakeError, match="cannot write"):
        KeptAnswers(tmp_path / "file").writer("q", 1, SCHEMA)
