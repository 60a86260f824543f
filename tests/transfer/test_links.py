"""Links travel in a history as lists of ids, to records that must be there already."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.admin.tagged.models import Book, Mark, Topic
from tests.transfer.builders import line, write
from tests.transfer.conftest import Run
from webapp.changes import Change
from webapp.versioning import change, current, enable_versioning, links_at

MODEL = ("--model", "Book", "--key", "title")


@pytest.fixture
def settings(settings: dict[str, object]) -> dict[str, object]:
    return settings | {"APPS": ("tests.admin.tagged",)}


@pytest.fixture
def session(session: Session) -> Session:
    enable_versioning(session, change_model=Change)
    return session


@pytest.fixture
def topics(session: Session) -> None:
    """Topics 1 to 3, of which 3 is deleted."""
    session.add_all(Topic(name=name) for name in ("Sand", "Spice", "Worms"))
    session.commit()
    session.delete(session.scalars(current(Topic).where(Topic.id == 3)).one())
    session.commit()


def book(op: str = "create", day: int = 1, **values: Any) -> dict[str, Any]:
    return line(op, "Dunes", day, values={"title": "Dunes", **values} if op == "create" else values)


def linked(session: Session, name: str = "topics") -> list[tuple[Any, ...]]:
    numbers = select(func.max(Book.version_id)).where(Book.id == 1)
    versions = [(1, each + 1) for each in range(session.scalar(numbers) or 0)]
    found = links_at(session, Book, versions)
    return [found[each][name] for each in versions]


def test_they_come_in_with_their_versions(
    run: Run, session: Session, topics: None, tmp_path: Path
) -> None:
    file = write(
        tmp_path / "h.jsonl",
        book(topics=[2, 1]),
        book("update", 2, topics=[2]),
        book("update", 3, title="Dune"),
        line("update", "Dune", 4, values={"topics": []}),
    )
    assert run("import", file, *MODEL).output == "4 lines read: 4 changes imported.\n"
    assert linked(session) == [(1, 2), (2,), (2,), ()]


def test_those_of_a_record_that_is_there_are_replaced(
    run: Run, session: Session, topics: None, tmp_path: Path
) -> None:
    session.add(Book(title="Dunes", topics=list(session.scalars(current(Topic)))))
    session.commit()
    later = "2999-01-01T00:00:00Z"
    file = write(tmp_path / "h.jsonl", book("update", topics=[1]) | {"at": later})
    assert run("import", file, *MODEL).exit_code == 0
    assert linked(session) == [(1, 2), (1,)]


def test_a_line_with_the_links_that_are_there_makes_no_version(
    run: Run, session: Session, topics: None, tmp_path: Path
) -> None:
    file = write(tmp_path / "h.jsonl", book(topics=[1, 2]), book("update", 2, topics=[2, 1]))
    assert run("import", file, *MODEL).exit_code == 0
    assert linked(session) == [(1, 2)]


@pytest.mark.parametrize("id", [3, 4])
def test_what_they_lead_to_must_be_alive_and_the_line_is_named(
    run: Run, session: Session, topics: None, tmp_path: Path, id: int
) -> None:
    file = write(tmp_path / "h.jsonl", book(topics=[1]), book("update", 2, topics=[1, id]))
    for check in ((), ("--check",)):
        result = run("import", file, *MODEL, *check)
        assert result.exit_code == 1
        assert (
            f"line 2: topics links to Topic {id}, which is deleted or not there." in result.output
        )
    assert session.scalar(select(func.count()).select_from(Book)) == 0


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (1, "topics is 1, not a list"),
        (None, "topics is None, not a list"),
        ({"1": 2}, "not a list"),
        (["x"], "topics: an id in it"),
        ([1, None], "topics: an id in it"),
        ([1.5], "topics: an id in it"),
        ([1, 1], "topics names a record twice"),
        ([2**70], "topics: an id in it"),
    ],
)
def test_what_is_no_list_of_ids_is_a_bad_line(
    run: Run, session: Session, topics: None, tmp_path: Path, given: Any, told: str
) -> None:
    result = run("import", write(tmp_path / "h.jsonl", book(topics=given)), *MODEL)
    assert result.exit_code == 1 and "line 1: " in result.output and told in result.output


def test_a_history_with_them_comes_back_to_the_byte(
    run: Run, session: Session, topics: None, tmp_path: Path
) -> None:
    with change(session, actor="Alice", reason="New"):
        marks = [Mark(id="a, b"), Mark(id="c")]
        dunes = Book(title="Dunes", topics=list(session.scalars(current(Topic))), marks=marks)
        session.add_all([dunes, Book(title="Empty")])
        session.commit()
    dunes.topics.pop()
    session.commit()
    dunes.title = "Dune"
    session.commit()
    session.delete(dunes)
    session.commit()
    first, second = tmp_path / "1.jsonl", tmp_path / "2.jsonl"
    assert run("export", first, *MODEL).exit_code == 0
    told = [json.loads(each)["values"] for each in first.read_text().splitlines()]
    assert [each and (each["topics"], each["marks"]) for each in told] == [
        ([1, 2], ["a, b", "c"]),
        ([], []),
        ([1], ["a, b", "c"]),
        ([1], ["a, b", "c"]),
        None,
    ]
    text = first.read_text().replace("Dune", "Arrakis").replace("Empty", "Void")
    shifted = tmp_path / "shifted.jsonl"
    shifted.write_text(text)
    assert run("import", shifted, *MODEL).exit_code == 0
    assert run("export", second, *MODEL).exit_code == 0
    again = [
        each for each in second.read_text().splitlines() if "Arrakis" in each or "Void" in each
    ]
    assert again == shifted.read_text().splitlines()
