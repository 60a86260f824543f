"""References in an imported history: free within a change, to the living between changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.transfer.builders import line, write
from tests.transfer.conftest import Run
from tests.transfer.things.models import Branch

MODEL = ("--model", "Branch")


def branch(id: int, parent: int | None, op: str = "create", day: int = 1) -> dict[str, Any]:
    values = None if op == "delete" else {"name": f"B{id}", "parent_id": parent}
    return line(op, key=str(id), day=day, values=values)


def stored(session: Session) -> list[tuple[int, str, int | None]]:
    query = select(Branch).order_by(Branch.version_from, Branch.id)
    return [(row.id, str(row.version_op), row.parent_id) for row in session.scalars(query)]


def test_within_a_change_a_line_may_refer_to_a_later_one(
    run: Run, session: Session, tmp_path: Path
) -> None:
    file = write(tmp_path / "h.jsonl", branch(2, 1), branch(1, None), branch(4, 3), branch(3, 4))
    assert run("import", file, *MODEL).exit_code == 0
    expected = [(1, None), (2, 1), (3, 4), (4, 3)]
    assert stored(session) == [(id, "create", parent) for id, parent in expected]


def test_within_a_change_what_is_referred_to_may_be_deleted_first(
    run: Run, session: Session, tmp_path: Path
) -> None:
    gone = [branch(1, None, "delete", day=2), branch(2, None, "delete", day=2)]
    file = write(tmp_path / "h.jsonl", branch(1, None), branch(2, 1), *gone)
    assert run("import", file, *MODEL).exit_code == 0
    assert [(id, op) for id, op, _ in stored(session)][2:] == [(1, "delete"), (2, "delete")]


@pytest.mark.parametrize("parent", [1, 99])
def test_a_reference_to_what_a_later_change_makes_is_refused_with_its_lines(
    run: Run, session: Session, tmp_path: Path, parent: int
) -> None:
    file = write(
        tmp_path / "h.jsonl", branch(3, None), branch(2, parent, day=2), branch(1, 3, day=3)
    )
    result = run("import", file, *MODEL)
    assert result.exit_code == 1
    assert "lines 2 to 2, one change, were refused" in result.output
    assert f"Branch {parent}" in result.output
    assert stored(session) == [(3, "create", None)]
