"""What an operator can mend gets one clear line on stderr, not a traceback."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands import environment, run


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return environment(INSTANCE_PATH=str(tmp_path / "instance"), PORT="0")


@pytest.fixture
def busy_port() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield str(server.getsockname()[1])


def refused(command: str, *options: str, env: dict[str, str]) -> str:
    """The one line that the command ended with."""
    result = run(command, *options, env=env)
    lines = result.stderr.splitlines()
    assert result.returncode == 1
    assert result.stdout == ""
    assert len(lines) == 1
    assert lines[0].startswith("Error: ")
    return lines[0]


@pytest.mark.parametrize("command", ["demo", "serve"])
def test_a_busy_port(env: dict[str, str], busy_port: str, tmp_path: Path, command: str) -> None:
    line = refused(command, "--port", busy_port, env=env)
    assert f"127.0.0.1:{busy_port}" in line
    assert "--port" in line
    assert not (tmp_path / "instance" / "app.sqlite").exists()


def test_an_address_that_is_not_this_machines(env: dict[str, str]) -> None:
    assert "--host" in refused("serve", "--host", "192.0.2.1", env=env)


def test_an_instance_folder_that_cannot_be_made(env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "instance").write_text("a file stands where the folder should be")
    line = refused("demo", env=env)
    assert str(tmp_path / "instance") in line
    assert "VERSIONED_ADMIN_INSTANCE_PATH" in line


def test_an_instance_folder_that_may_not_be_written(env: dict[str, str]) -> None:
    env["VERSIONED_ADMIN_INSTANCE_PATH"] = "/sys/instance"  # where root may not write either
    assert "permissions" in refused("demo", env=env)


def test_a_postgresql_server_that_is_not_there(env: dict[str, str]) -> None:
    env["VERSIONED_ADMIN_DATABASE_URL"] = (
        "postgresql://alice:hush@127.0.0.1:1/shop?sslpassword=hush"
    )
    line = refused("demo", env=env)
    assert "127.0.0.1:1/shop" in line
    assert "hush" not in line
    assert "VERSIONED_ADMIN_DATABASE_URL" in line


def test_a_sqlite_file_in_a_folder_that_is_not_there(env: dict[str, str]) -> None:
    env["VERSIONED_ADMIN_DATABASE_URL"] = "sqlite:////nowhere/app.sqlite"
    assert "/nowhere/app.sqlite" in refused("init-db", env=env)


def test_a_file_that_is_no_database(env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "instance").mkdir()
    (tmp_path / "instance" / "app.sqlite").write_text("minutes of the meeting " * 100)
    assert "not a database" in refused("demo", env=env)


@pytest.mark.parametrize("url", ["shop", "postgresql://[bad", "oracle://alice:hush@db/shop"])
def test_a_database_url_that_cannot_work(env: dict[str, str], url: str) -> None:
    env["VERSIONED_ADMIN_DATABASE_URL"] = url
    line = refused("serve", env=env)
    assert "VERSIONED_ADMIN_DATABASE_URL" in line
    assert "hush" not in line


@pytest.mark.parametrize("key", ["", "change-me"])
def test_production_without_a_key_of_its_own(env: dict[str, str], key: str) -> None:
    env |= {"VERSIONED_ADMIN_ENV": "production", "VERSIONED_ADMIN_SECRET_KEY": key}
    assert "VERSIONED_ADMIN_SECRET_KEY" in refused("serve", env=env)


def test_an_app_that_is_not_installed(env: dict[str, str]) -> None:
    env["VERSIONED_ADMIN_APPS"] = "webapp.catalog,shop"
    assert "'shop'" in refused("serve", env=env)
