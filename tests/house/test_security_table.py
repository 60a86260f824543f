"""The table of security requirements names tests that there are, and says where there is none."""

from __future__ import annotations

import re

import pytest

from tests.commands import ROOT

TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
PART = TEXT[TEXT.index("## Security requirements") : TEXT.index("## Reporting")]
ROWS = re.findall(r"^\| (\d+\.\d+\.\d+) \| (.+) \| (.*?) ?\|$", PART, re.MULTILINE)
WITHOUT = ("*not met*: ", "*not tested*: ")


def numbers() -> list[tuple[int, ...]]:
    return [tuple(map(int, number.split("."))) for number, _, _ in ROWS]


def test_every_line_of_the_table_is_read() -> None:
    lines = [line for line in PART.splitlines() if line.startswith("| ")]
    heads = [line for line in lines if line == "| number | what is kept | shown by |"]
    assert len(lines) == len(ROWS) + len(heads)


def test_the_numbers_are_in_order_and_none_is_there_twice() -> None:
    assert numbers() == sorted(set(numbers()))


def test_each_number_stands_under_its_chapter() -> None:
    for chapter in re.split(r"^### V", PART, flags=re.MULTILINE)[1:]:
        found = re.findall(r"^\| (\d+)\.", chapter, re.MULTILINE)
        assert found and set(found) == {chapter.split()[0]}


@pytest.mark.parametrize(("number", "kept", "shown"), ROWS, ids=[row[0] for row in ROWS])
def test_a_requirement_names_what_shows_it(number: str, kept: str, shown: str) -> None:
    files = re.findall(r"`([^`]+)`", shown)
    assert shown == ", ".join(f"`{name}`" for name in files)
    assert bool(files) != kept.startswith(WITHOUT)
    for name in files:
        path = ROOT / name
        assert path.is_file()
        assert name.endswith(".md") or "def test_" in path.read_text(encoding="utf-8")
