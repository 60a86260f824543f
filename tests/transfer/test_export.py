"""The export's file: complete or not there, readable, and one that an import takes."""

from __future__ import annotations

import datetime as dt
import gzip
import json
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from tests.transfer.conftest import Run
from tests.transfer.things.models import Thing
from webapp.changes import Change
from webapp.versioning import change, enable_versioning

NOON = dt.datetime(2024, 5, 1, 12, tzinfo=dt.UTC)


@pytest.fixture
def session(session: Session) -> Session:
    enable_versioning(session, change_model=Change)
    return session


def add(session: Session, at: dt.datetime = NOON, **values: object) -> Thing:
    thing = Thing(**values)
    with change(session, actor="Alice", at=at):
        session.add(thing)
        session.commit()
    return thing


def test_to_the_standard_output(run: Run, session: Session) -> None:
    add(session, name="kettle", count=2)
    line = json.loads(run("export", "-", "--model", "Thing").stdout)
    assert (line["at"], line["actor"], line["op"]) == ("2024-05-01T12:00:00Z", "Alice", "create")
    assert (line["key"], line["values"]["name"], line["values"]["count"]) == ("1", "kettle", 2)


def test_equal_histories_pack_alike(run: Run, session: Session, tmp_path: Path) -> None:
    add(session, name="kettle")
    files = [tmp_path / "a.jsonl.gz", tmp_path / "b.jsonl.gz"]
    for file in files:
        assert run("export", file, "--model", "Thing").exit_code == 0
    assert files[0].read_bytes() == files[1].read_bytes()
    assert gzip.decompress(files[0].read_bytes()).count(b"\n") == 1


def test_a_key_that_two_records_share_is_refused_and_no_file_is_left(
    run: Run, session: Session, tmp_path: Path
) -> None:
    add(session, name="kettle", count=5)
    add(session, name="pot", count=5)
    result = run("export", tmp_path / "out.jsonl", "--model", "Thing", "--key", "count")
    assert result.exit_code == 1
    assert "cannot be told by count" in result.output
    assert list(tmp_path.glob("out*")) == []


def test_a_record_without_a_key_is_refused(run: Run, session: Session) -> None:
    add(session, name="kettle")
    result = run("export", "-", "--model", "Thing", "--key", "text")
    assert "Thing 1 has no text" in result.output


def test_a_place_that_cannot_be_written_is_told(run: Run, session: Session, tmp_path: Path) -> None:
    result = run("export", tmp_path / "none" / "out.jsonl", "--model", "Thing")
    assert result.exit_code == 1
    assert "cannot be written (No such file or directory)" in result.output


def test_a_change_that_was_overtaken_comes_after_the_one_that_overtook_it(
    run: Run, session: Session, tmp_path: Path
) -> None:
    """Its version is dated like the other's; the larger number was the later one."""
    later = NOON + dt.timedelta(hours=1)
    thing = add(session, name="kettle")
    with change(session, actor="Bob", at=later):
        thing.count = 1
        session.commit()
    with change(session, actor="Carol", at=NOON):
        thing.count = 2
        session.commit()
    out = tmp_path / "out.jsonl"
    run("export", out, "--model", "Thing")
    counts = [json.loads(line)["values"]["count"] for line in out.read_text().splitlines()]
    assert counts == [0, 1, 2]
