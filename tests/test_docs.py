"""The documentation says what the code says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from trailmere import errors
from trailmere.cli import COMMANDS

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages as the generator writes them now, in a process of its own."""
    folder = tmp_path_factory.mktemp("reference")
    subprocess.run([sys.executable, str(ROOT / "docs" / "generate.py"), str(folder)], check=True)
    return folder


@pytest.mark.parametrize(
    "page",
    [
        "commands.md",
        "columns.md",
        "settings.md",
        "errors.md",
        "dead-letter-reasons.md",
        "policies.md",
        "outcomes.md",
    ],
)
def test_a_generated_page_is_what_the_code_says_today(page: str, generated: Path) -> None:
    committed = (ROOT / "docs" / "reference" / page).read_text(encoding="utf-8")

    assert committed == (generated / page).read_text(encoding="utf-8"), "run: python docs/generate.py"


def test_every_error_stands_in_the_drawing_at_the_top_of_its_module() -> None:
    drawn = set(re.findall(r"[|`]-- (\w+)", errors.__doc__ or "")) | {"TrailmereError"}
    declared = {
        name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, Exception)
    }

    assert declared == drawn


@pytest.mark.parametrize("command", [name for name, _place, _help in COMMANDS])
def test_every_command_has_a_paragraph_in_the_reference(command: str) -> None:
    text = (ROOT / "docs" / "reference" / "commands.md").read_text(encoding="utf-8")

    assert f"## trailmere {command}" in text


def test_every_relative_link_of_a_page_leads_somewhere() -> None:
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]

    assert broken == []


def test_the_architecture_page_names_every_module_once_and_no_other() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").partition("## The rooms")[2]
    named: list[tuple[str, str]] = []
    room = ""
    for first, modules in re.findall(r"^\| ?(`\w+`)? ?\| (`.*?) \|", page, re.MULTILINE):
        room = first.strip("`") or room
        named += [(room, module) for module in re.findall(r"`(\w+)`", modules)]
    rooms = {room for room, _module in named}
    there = [
        (path.parent.name, path.stem)
        for path in (ROOT / "src" / "trailmere").glob("*/*")
        if path.parent.name in rooms and not path.name.startswith("__")
    ]

    assert sorted(named) == sorted(there)


def test_decisions_are_numbered_without_a_gap_and_say_their_number() -> None:
    pages = sorted((ROOT / "docs" / "decisions").glob("*.md"))

    numbers = [int(page.name[:4]) for page in pages]
    titles = [page.read_text(encoding="utf-8").split(".", 1)[0] for page in pages]

    assert numbers == list(range(1, len(pages) + 1))
    assert titles == [f"# {number}" for number in numbers]
