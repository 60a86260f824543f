"""Real histories, imported by the command, answer every question of their key."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from tests.conftest import missing
from tests.transfer import real
from tests.transfer.conftest import Run
from tests.transfer.real import KEV, SMALL, ZONES, Dataset


@pytest.fixture(params=[SMALL, ZONES, KEV], ids=lambda dataset: dataset.name)
def dataset(request: pytest.FixtureRequest) -> Dataset:
    if not real.FOLDER.is_dir():
        missing(real.HOW_TO_GET_IT)
    found: Dataset = request.param
    return found


def test_the_import_answers_every_question(run: Run, session: Session, dataset: Dataset) -> None:
    result = run("import", dataset.path, *dataset.options)
    assert result.exit_code == 0, result.output
    assert list(real.wrong(session, dataset)) == []


def test_a_second_import_changes_nothing(run: Run, session: Session, dataset: Dataset) -> None:
    run("import", dataset.path, *dataset.options)
    again = run("import", dataset.path, *dataset.options)
    assert "0 changes imported" in again.output
    assert real.Replay(session, dataset).totals() == dataset.answers["totals"]


def test_the_export_gives_the_lines_back(run: Run, dataset: Dataset, tmp_path: Path) -> None:
    """Byte for byte, but for their order within a change."""
    run("import", dataset.path, *dataset.options)
    run("export", tmp_path / "out.jsonl", *dataset.options)
    found = (tmp_path / "out.jsonl").read_text()
    if dataset is ZONES:  # whose model keeps the key in a column that the file does not have
        found = re.sub(r'"values":{"key":"[^"]*",', '"values":{', found)
    assert sorted(found.splitlines()) == sorted(dataset.path.read_text().splitlines())
