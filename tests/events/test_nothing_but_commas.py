"""Bytes that are no record are told, however few they are."""

import pytest

from trailmere.events.formats import split


@pytest.mark.parametrize("content", [b",", b",,,", b" , ", b"\n,\n", b"[,]"])
def test_content_of_nothing_but_commas_is_one_defect(content: bytes) -> None:
    found = split(content, max_depth=256)

    assert [(defect.reason, found.records) for defect in found.defects] == [("not-json", [])]
