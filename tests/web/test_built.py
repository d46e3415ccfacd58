"""The built scripts and styles are those of the sources beside them: whoever changes one builds anew (make web)."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WEB, STATIC = ROOT / "web", ROOT / "src" / "trailmere" / "web" / "static"
NO_SOURCES = "the sources of the scripts are not beside the tests"


def sources() -> dict[str, str]:
    """The hash of each file that the build reads, and of how it is built."""
    names = [f"src/{one.name}" for one in (WEB / "src").iterdir() if one.is_file()]
    return {
        name: hashlib.sha256((WEB / name).read_bytes()).hexdigest()
        for name in (*names, "build.mjs", "package-lock.json")
    }


@pytest.mark.skipif(not WEB.is_dir(), reason=NO_SOURCES)
def test_what_is_served_was_built_from_the_sources_of_today() -> None:
    built = json.loads((STATIC / "sources.json").read_text())

    assert built == sources()


@pytest.mark.skipif(not WEB.is_dir(), reason=NO_SOURCES)
def test_every_package_that_is_served_has_its_licence_told() -> None:
    notices = (STATIC / "notices.txt").read_text("utf-8")
    packages = json.loads((WEB / "package.json").read_text())["dependencies"]

    assert [name for name, version in packages.items() if f"{name} {version}, " not in notices] == []


def test_built_scripts_load_nothing_and_evaluate_nothing() -> None:
    scripts = {one.name: one.read_text("utf-8") for one in STATIC.glob("*.js")}
    wrong = [
        f"{name}: {text}"
        for name, content in scripts.items()
        for text in ("sourceMappingURL", "importScripts(", "document.write(")
        if text in content
    ]

    assert scripts
    assert wrong == []
