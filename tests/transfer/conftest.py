"""An application over the test models, and the command line in front of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy.orm import Session

from tests.shared import app_for
from webapp.cli import commands
from webapp.extensions import db

Run = Callable[..., Result]


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> dict[str, object]:
    return {
        "TESTING": True,
        "DATABASE_URL": database_url,
        "INSTANCE_PATH": str(tmp_path / "instance"),
        "APPS": ("tests.transfer.datasets", "tests.transfer.things"),
    }


@pytest.fixture
def app(request: pytest.FixtureRequest, settings: dict[str, object]) -> Iterator[Flask]:
    with app_for(request, settings) as app, app.app_context():
        yield app


@pytest.fixture
def session(app: Flask) -> Iterator[Session]:
    """A plain session for reading what an import wrote."""
    with Session(db.engine) as session:
        yield session


@pytest.fixture
def run(app: Flask) -> Run:
    """Run a `history` command over the test's database."""

    def run(*arguments: object) -> Result:
        words = ["history", *map(str, arguments)]
        return CliRunner().invoke(commands, words, obj=lambda: app)

    return run
