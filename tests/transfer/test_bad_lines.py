"""A line that does not fit is named with its number, and nothing at all is imported."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.transfer.builders import line, write
from tests.transfer.conftest import Run
from tests.transfer.things.models import Thing
from webapp.changes import Change

GOOD = line(key="kettle", day=3)


def values(**given: Any) -> dict[str, Any]:
    return line("update", day=4, values=given)


BAD: list[tuple[dict[str, Any] | str, str]] = [
    ("{not json", "not JSON"),
    ('{"at": "2024', "not JSON"),
    ("[1, 2]", "not a JSON object"),
    ("[" * 100_000, "not JSON"),
    ("\udcff".join('{"at"'), "not JSON"),
    ({**GOOD, "note": "x"}, "unknown member 'note'"),
    ({name: value for name, value in GOOD.items() if name != "actor"}, "no member 'actor'"),
    (line("drop", day=4), "unknown op 'drop'"),
    (line([], day=4), "unknown op []"),
    (line("update", day=4, at="yesterday"), "at is 'yesterday'"),
    (line("update", day=4, at="2024-05-04T12:00:00"), "time zone"),
    (line("update", day=4, at=17), "at is 17, not text"),
    (line("update", day=2), "before that of line 1"),
    (line("update", day=4, actor=7), "actor is 7"),
    (line("update", day=4, reason=["x"]), "reason is ['x']"),
    (line("update", day=4, key=5), "key is not text"),
    (line("update", day=4, key=""), "key is not text"),
    (line("delete", day=4, values={}), "a delete with values"),
    (line("update", day=4, values=None), "values is not an object"),
    (values(colour="red"), "Thing has no column 'colour'"),
    (values(id=3), "Thing has no column 'id'"),
    (values(version_id=3), "Thing has no column 'version_id'"),
    (values(name=None), "column name is null"),
    (values(name="x" * 41), "has 41 characters and room for 40"),
    (values(name="a\0b"), "NUL"),
    (values(extra={"deep": ["\0"]}), "NUL"),
    (values(text="\ud800"), "surrogate"),
    (values(count="3"), "column count is '3', not a whole number"),
    (values(count=True), "column count is True, not a whole number"),
    (values(count=2**31), "too large for 32 bits"),
    (values(large=2**63), "too large for 64 bits"),
    (values(price="1.234"), "more than 2 decimal places"),
    (values(price="1234567.00"), "more than 6 digits"),
    (values(price="cheap"), "column price is 'cheap', not a number"),
    (values(ratio="much"), "column ratio is 'much', not a number"),
    (values(ratio=10**400), "too large"),
    ('{"at": NaN}', "no finite number"),
    (values(usable=1), "neither true nor false"),
    (values(day="2024-02-30"), "not a date"),
    (values(hour="25:00"), "not a time"),
    (values(local="2024-05-01T12:00:00Z"), "no room for"),
    (values(moment="2024-05-01T12:00:00"), "time zone"),
    (values(span="long"), "not a number of seconds"),
    (values(shade="GREY"), "not one of"),
    (values(mark="1234"), "not a UUID"),
    (values(data="?"), "not base64"),
    (line("create", day=4), "already"),
    (line("update", key="pot", day=4), "'pot', which is not alive"),
    (line("delete", key="pot", day=4), "'pot', which is not alive"),
    (line("create", key="pot", day=4, values={"name": "pan"}), "column name is 'pan'"),
]


def count(session: Session) -> tuple[int | None, int | None]:
    return (
        session.scalar(select(func.count()).select_from(Thing)),
        session.scalar(select(func.count()).select_from(Change)),
    )


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("bad", "problem"), BAD, ids=[problem for _, problem in BAD])
def test_it_is_named_and_nothing_is_imported(
    run: Run, session: Session, tmp_path: Path, bad: dict[str, Any] | str, problem: str
) -> None:
    file = tmp_path / "bad.jsonl"
    if isinstance(bad, str):
        bad = bad.replace("\n", "")
        write(file, GOOD)
        file.write_bytes(file.read_bytes() + bad.encode("utf-8", "surrogateescape") + b"\n")
    else:
        write(file, GOOD, bad)
    result = run("import", file, "--model", "Thing", "--key", "name")
    assert result.exit_code == 1
    assert "line 2: " in result.output
    assert problem in result.output
    assert count(session) == (0, 0)
