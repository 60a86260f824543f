"""Sixteen clients save one record over HTTP: what was acknowledged is in the history, no more.

Each adds a token to a list, from the version that it read. The server is the one that the command
starts. `STORM_SECONDS` tells for how long, 3 unless told; `pytest -s` shows the figures.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from tests import accounts, commands
from tests.storm.clients import create_board, storm
from webapp import create_app, database

CLIENTS = 16
SECONDS = float(os.environ.get("STORM_SECONDS", "3"))


@pytest.fixture
def env(database_url: str, tmp_path: Path) -> dict[str, str]:
    return commands.environment(
        INSTANCE_PATH=str(tmp_path / "instance"),
        DATABASE_URL=database_url,
        APPS="tests.storm.board",
        SECRET_KEY=accounts.KEY,
    )


@pytest.fixture
def address(env: dict[str, str], database_url: str, tmp_path: Path) -> Iterator[str]:
    """The server's, with the cast's accounts in its database."""
    settings = {"DATABASE_URL": database_url, "INSTANCE_PATH": str(tmp_path / "instance")}
    app = create_app({**accounts.SETTINGS, **settings, "APPS": ("tests.storm.board",)})
    with app.app_context():
        database.create_tables()
    accounts.welcome(app)
    with app.app_context():
        database.close()
    with commands.serving("serve", "--port", "0", env=env) as (address, _):
        yield address


def history(url: str) -> list[list[str]]:
    """The list as each version holds it, oldest first, read past the program."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            rows = connection.execute(
                text("SELECT tokens, is_current_version FROM storm_board ORDER BY version_id")
            ).all()
    finally:
        engine.dispose()
    assert [bool(current) for _, current in rows] == [False] * (len(rows) - 1) + [True]
    return [_list(tokens) for tokens, _ in rows]


def _list(tokens: Any) -> list[str]:
    found = json.loads(tokens) if isinstance(tokens, str) else tokens
    return [str(each) for each in found]


def test_what_was_acknowledged_is_there_and_what_was_refused_is_not(
    address: str, database_url: str
) -> None:
    crowd = storm(address, create_board(address), CLIENTS, SECONDS)
    versions = history(database_url)
    acknowledged = {token for each in crowd for token in each.acknowledged}
    refused = {token for each in crowd for token in each.refused}
    print(f"{len(acknowledged)} acknowledged, {len(refused)} refused, {len(versions)} versions")
    assert [word for each in crowd for word in each.odd] == []
    assert set(versions[-1]) == acknowledged and acknowledged and refused
    assert all(new[:-1] == old for old, new in pairwise(versions))
    assert len(versions) == len(acknowledged) + 1
