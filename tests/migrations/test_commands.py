"""The commands, as real processes: the example, and an app of one's own that grows a column."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.commands import PATIENCE, PROGRAM, ROOT, environment, run

MODELS = """
from sqlalchemy.orm import Mapped
from webapp.extensions import db
from webapp.versioning import Versioned


class Boat(Versioned, db.Model):
    name: Mapped[str]
"""
Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def env(tmp_path: Path, database_url: str) -> dict[str, str]:
    """An app of one's own, over each engine."""
    (tmp_path / "harbour").mkdir()
    (tmp_path / "harbour" / "models.py").write_text(MODELS, encoding="utf-8")
    settings = {"INSTANCE_PATH": str(tmp_path / "instance"), "APPS": "harbour", "PORT": "0"}
    return environment(**settings, DATABASE_URL=database_url) | {"PYTHONPATH": f"{tmp_path}:{ROOT}"}


@pytest.fixture
def command(env: dict[str, str]) -> Command:
    def call(*words: str) -> subprocess.CompletedProcess[str]:
        return run(*words, env=env)

    return call


def lengthen(tmp_path: Path) -> None:
    models = MODELS + "    length: Mapped[int | None]\n"
    (tmp_path / "harbour" / "models.py").write_text(models, encoding="utf-8")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_app_of_ones_own_grows_a_column(command: Command, tmp_path: Path) -> None:
    first = command("database", "revision", "--app", "harbour", "-m", "The tables of the harbour")
    assert "harbour_0001_the_tables_of_the_harbour.py. Read it" in first.stdout
    assert "\nharbour: harbour_0001, The tables" in command("database", "upgrade").stdout

    lengthen(tmp_path)
    found = command("database", "check")
    assert found.returncode == 3
    assert "The column boat.length is missing." in found.stdout

    command("database", "revision", "--app", "harbour", "-m", "Measure the boats")
    for start in ("serve", "demo"):
        behind = command(start)
        assert (behind.returncode, behind.stdout, behind.stderr.count("\n")) == (1, "", 1)
        assert "The database is behind" in behind.stderr
        assert behind.stderr.endswith("run: versioned-admin database upgrade\n")

    upgraded = command("database", "upgrade")
    assert (upgraded.returncode, upgraded.stderr) == (0, "")
    assert upgraded.stdout.startswith("harbour: harbour_0002, Measure the boats.\nThe database ")
    checked = command("database", "check")
    assert (checked.returncode, checked.stderr) == (0, "")
    assert "is what the models say" in checked.stdout
    listed = command("database", "history").stdout
    assert "  harbour_0002  Measure the boats.  <- the database\n" in listed


def test_several_upgrades_at_once_do_what_one_does(env: dict[str, str]) -> None:
    env.pop("VERSIONED_ADMIN_APPS")  # the example
    racers = [
        subprocess.Popen(
            [*PROGRAM, "database", "upgrade"],
            env=env,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    told = [racer.communicate(timeout=PATIENCE) for racer in racers]
    assert [error for _, error in told] == [""] * 2
    assert sorted(said.count("catalog_0001") for said, _ in told) == [0, 1]
    assert run("database", "check", env=env).returncode == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_app_that_is_not_loaded_is_named(command: Command) -> None:
    told = command("database", "revision", "--app", "garden", "-m", "Sow")
    assert told.returncode == 1
    assert told.stderr.startswith("Error: garden is not loaded")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", ["upgrade", "check"])
def test_a_database_that_is_not_there_is_told_in_one_line(
    command: Command, env: dict[str, str], name: str
) -> None:
    env["VERSIONED_ADMIN_DATABASE_URL"] = "sqlite:////nowhere/app.sqlite"
    told = command("database", name)
    assert (told.returncode, told.stdout, told.stderr.count("\n")) == (1, "", 1)
    assert "/nowhere/app.sqlite" in told.stderr
