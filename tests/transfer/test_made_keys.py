"""Records whose ids are made of columns: their ids are the keys of a file, and its values agree."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import MetaData, Table, inspect, select
from sqlalchemy.orm import Session
from sqlalchemy.schema import DropTable

from tests.transfer.builders import line, write
from tests.transfer.conftest import Run
from tests.transfer.things.models import Locker
from webapp.extensions import db

MODEL = ("--model", "Locker")
BOTH = ("--key", "wing,number")


def locker(op: str = "create", key: str = "A/1", day: int = 1, **values: Any) -> dict[str, Any]:
    wing, _, number = key.rpartition("/")
    made = {"wing": wing.replace("~1", "/"), "number": int(number)}
    if op == "delete":
        return line(op, key, day)
    return line(op, key, day, values=(made if op == "create" else {}) | values)


@pytest.fixture
def history(tmp_path: Path) -> Path:
    return write(
        tmp_path / "lockers.jsonl",
        locker(),
        locker(key="~1B~01/2", wing="/B~1", beside_id="A/1"),
        locker("update", day=2, owner="Ann", wing="A", number=1),
        locker("update", "~1B~01/2", 3, beside_id=None),
        locker("delete", day=4),
        locker(day=5, owner="Ben"),
    )


def rows(session: Session) -> list[tuple[Any, ...]]:
    columns = (Locker.id, Locker.version_id, Locker.version_op, Locker.wing, Locker.number)
    query = select(*columns, Locker.owner).order_by(Locker.id, Locker.version_id)
    return [tuple(row) for row in session.execute(query)]


@pytest.mark.parametrize("key", [(), BOTH, ("--key", "wing, number")])
def test_a_history_is_imported(run: Run, session: Session, history: Path, key: Any) -> None:
    result = run("import", history, *MODEL, *key)
    assert result.exit_code == 0, result.output
    assert rows(session) == [
        ("A/1", 1, "create", "A", 1, None),
        ("A/1", 2, "update", "A", 1, "Ann"),
        ("A/1", 3, "delete", "A", 1, "Ann"),
        ("A/1", 4, "create", "A", 1, "Ben"),
        ("~1B~01/2", 1, "create", "/B~1", 2, None),
        ("~1B~01/2", 2, "update", "/B~1", 2, None),
    ]


@pytest.mark.parametrize("key", [(), BOTH])
def test_an_export_of_an_import_is_the_same_to_the_byte(
    run: Run, history: Path, tmp_path: Path, key: Any
) -> None:
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    assert run("import", history, *MODEL).exit_code == 0
    assert run("export", first, *MODEL, *key).exit_code == 0
    _empty()
    assert run("import", first, *MODEL, *key).exit_code == 0
    assert run("export", second, *MODEL).exit_code == 0
    assert first.read_text() == second.read_text()
    assert first.read_text().count("\n") >= 6


def _empty() -> None:
    """Leave no table behind, nor the marks that say at which revision the tables were."""
    db.drop_all()
    with db.engine.begin() as connection:
        for name in inspect(connection).get_table_names():
            connection.execute(DropTable(Table(name, MetaData())))


def test_an_import_again_does_nothing(run: Run, session: Session, history: Path) -> None:
    for _ in range(2):
        assert run("import", history, *MODEL).exit_code == 0
    assert len(rows(session)) == 6


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (locker("update", day=2, number=2), "key is 'A/1', and number in its values say otherwise"),
        (locker("update", day=2, wing="B", number=2), "and wing, number in its values"),
        (locker(key="A/2", day=2, number=3), "key is 'A/2', and number"),
        (locker(key="A/2", day=2, wing=""), "and wing"),
        (locker(key="/2", day=2), "and wing"),
        (line("create", "A", 2, values={"wing": "A", "number": 1}), "and wing, number"),
        (line("create", "A/2", 2, values={"wing": "A"}), "a create without number"),
        (locker(day=2), "already"),
        (locker("update", key="A/3", day=2), "not alive"),
    ],
)
def test_a_line_that_says_otherwise_is_named(
    run: Run, session: Session, tmp_path: Path, bad: Any, said: str
) -> None:
    result = run("import", write(tmp_path / "x.jsonl", locker(), bad), *MODEL)
    assert result.exit_code == 1 and "line 2: " in result.output
    assert said in " ".join(result.output.split())
    assert rows(session) == []


@pytest.mark.parametrize("key", ["wing", "number,wing", "owner", "wing,number,owner"])
@pytest.mark.parametrize("command", ["import", "export"])
def test_another_key_is_refused(run: Run, history: Path, command: str, key: str) -> None:
    result = run(command, history, *MODEL, "--key", key)
    assert result.exit_code == 1 and "known by wing,number together" in result.output
