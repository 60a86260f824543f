"""The fixtures that all tests stand on."""

from __future__ import annotations

import pytest
from sqlalchemy import NullPool, create_engine, inspect, text

from tests.conftest import missing


def test_each_test_gets_an_empty_database(database_url: str) -> None:
    engine = create_engine(database_url, poolclass=NullPool)
    assert inspect(engine).get_table_names() == []
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE note (id INTEGER)"))
    assert inspect(engine).get_table_names() == ["note"]


def test_a_missing_tool_skips_at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="install it"):
        missing("Chromium is missing: install it.")


def test_a_missing_tool_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="install it"):
        missing("Chromium is missing: install it.")
