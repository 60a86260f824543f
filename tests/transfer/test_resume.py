"""An import that was cut short goes on where it stopped, and nothing is doubled."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests import commands
from tests.commands import environment
from tests.conftest import missing
from tests.transfer import real
from tests.transfer.builders import line, write
from tests.transfer.conftest import Run
from tests.transfer.real import SMALL
from tests.transfer.things.models import Thing
from webapp.changes import Change
from webapp.transfer import TransferError, import_history
from webapp.versioning import enable_versioning

#: Imports the file in an application of its own, and kills itself on the way.
KILLED = """
import os, signal, sys
from sqlalchemy.orm import Session
from tests.transfer.real import SMALL
from webapp import create_app, transfer
from webapp.changes import Change
from webapp.extensions import db
from webapp.versioning import enable_versioning

def progress(doing, done, total):
    if doing == "imported" and done == int(sys.argv[1]):
        os.kill(os.getpid(), signal.SIGKILL)

with create_app().app_context(), Session(db.engine) as session:
    enable_versioning(session, change_model=Change)
    options = {"key": SMALL.key, "change_model": Change, "progress": progress}
    transfer.import_history(session, SMALL.model, SMALL.path, **options)
"""
MODEL = ("--model", "Thing", "--key", "name")


def count(session: Session, model: type[Any] = Thing) -> int:
    """Rows of the model; lets go of SQLite's lock at once."""
    found = session.scalar(select(func.count()).select_from(model)) or 0
    session.rollback()
    return found


def test_a_file_that_has_grown_goes_on(run: Run, session: Session, tmp_path: Path) -> None:
    first, second = line(), line("update", day=2, values={"count": 1})
    run("import", write(tmp_path / "h.jsonl", first), *MODEL)
    result = run("import", write(tmp_path / "h.jsonl", first, second), *MODEL)
    assert result.output == "2 lines read: 1 changes imported, 1 lines were there already.\n"
    assert count(session) == 2


def test_a_file_with_another_past_is_not_taken_for_it(
    run: Run, session: Session, tmp_path: Path
) -> None:
    run("import", write(tmp_path / "h.jsonl", line()), *MODEL)
    other = write(tmp_path / "h.jsonl", line(reason="Otherwise"))
    assert "line 1: a living record has the key 'kettle'" in run("import", other, *MODEL).output
    assert count(session) == 1


def test_mending_a_refused_line_goes_on(run: Run, session: Session, tmp_path: Path) -> None:
    one, two = line(key="1"), line(key="2", day=2, values={"name": "1"})
    bad = write(tmp_path / "h.jsonl", {**one, "values": {"name": "1"}}, two)
    assert run("import", bad, "--model", "Thing").exit_code == 1
    good = write(bad, {**one, "values": {"name": "1"}}, {**two, "values": {"name": "2"}})
    result = run("import", good, "--model", "Thing")
    assert "1 changes imported, 1 lines were there already" in result.output
    assert count(session) == 2


@pytest.mark.parametrize("last", [250, 1_500, 3_200])
def test_a_killed_import_goes_on(
    run: Run, session: Session, database_url: str, tmp_path: Path, last: int
) -> None:
    """Killed by the system when it had taken up that line, in the middle of a change or not."""
    if not real.FOLDER.is_dir():
        missing(real.HOW_TO_GET_IT)
    env = environment(
        DATABASE_URL=database_url,
        INSTANCE_PATH=str(tmp_path / "instance"),
        APPS="tests.transfer.datasets",
    )
    killed = commands.run(str(last), env=env, program=(sys.executable, "-c", KILLED))
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    done = count(session, Change)
    result = run("import", SMALL.path, *SMALL.options)
    assert f"{173 - done} changes imported" in result.output, result.output
    assert list(real.wrong(session, SMALL)) == []


@pytest.mark.parametrize("then", ["", "reason"], ids=["cut off", "rewritten"])
def test_a_file_that_changes_under_the_import_is_noticed(
    app: Flask, session: Session, tmp_path: Path, then: str
) -> None:
    file = write(tmp_path / "h.jsonl", line(key="cup"), line(key="pot", day=2))
    enable_versioning(session, change_model=Change)

    def progress(doing: str, done: int, total: int) -> None:
        if doing == "checked" and done == 2:
            kept = [line(key="cup")] + ([line(key="pot", day=2, reason=then)] if then else [])
            write(tmp_path / "other", *kept).replace(file)

    with pytest.raises(TransferError, match=r"lines 2 to 2, .* the file was changed"):
        import_history(session, Thing, file, key="name", change_model=Change, progress=progress)
    assert count(session) == 1
