"""The start commands, as real processes: they serve, they start twice, they stop."""

from __future__ import annotations

import re
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.commands import PATIENCE, PROGRAM, ROOT, environment, get, run, serving

# The README's own example.
EXAMPLE = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)[0]


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return environment(INSTANCE_PATH=str(tmp_path / "instance"), PORT="0")


def count(tmp_path: Path, table: str) -> int:
    with closing(sqlite3.connect(tmp_path / "instance" / "app.sqlite")) as connection:
        number: int = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        return number


def test_demo_makes_the_database_with_data_and_serves_it(
    env: dict[str, str], tmp_path: Path
) -> None:
    with serving("demo", env=env) as (address, _):
        assert address.startswith("http://127.0.0.1:")
        assert get(address + "health") == (200, "ok\n")
        status, page = get(address)
        assert status == 200
        assert "</html>" in page
    assert count(tmp_path, "change") > 100


def test_starting_twice_is_harmless(env: dict[str, str], tmp_path: Path) -> None:
    changes = []
    for _ in range(2):
        with serving("demo", env=env):
            changes.append(count(tmp_path, "change"))
    assert changes[0] == changes[1] > 0


def test_two_first_starts_at_once_are_harmless(env: dict[str, str]) -> None:
    with serving("serve", env=env) as (one, _), serving("serve", env=env) as (two, _):
        assert get(one + "health") == get(two + "health") == (200, "ok\n")


def test_serve_brings_no_demo_data(env: dict[str, str], tmp_path: Path) -> None:
    with serving("serve", env=env):
        assert count(tmp_path, "change") == 0


def test_init_db_makes_the_tables_and_may_be_repeated(env: dict[str, str], tmp_path: Path) -> None:
    for _ in range(2):
        result = run("init-db", env=env)
        assert (result.returncode, result.stderr) == (0, "")
    assert count(tmp_path, "change") == 0


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_the_server_quietly(env: dict[str, str], sign: signal.Signals) -> None:
    with serving("serve", env=env) as (_, process):
        process.send_signal(sign)
        assert process.wait(PATIENCE) == 0
        assert process.stdout is not None
        assert "Traceback" not in process.stdout.read()


def test_serves_over_postgresql(env: dict[str, str], postgresql_url: str) -> None:
    env["VERSIONED_ADMIN_DATABASE_URL"] = postgresql_url
    with serving("demo", env=env) as (address, _):
        assert get(address)[0] == 200


def test_many_processes_make_the_tables_at_once(env: dict[str, str], database_url: str) -> None:
    env["VERSIONED_ADMIN_DATABASE_URL"] = database_url
    racers = [
        subprocess.Popen(
            [*PROGRAM, "init-db"], env=env, cwd=ROOT, stderr=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    assert [racer.communicate(timeout=PATIENCE)[1] for racer in racers] == [""] * 4


def test_serves_models_of_ones_own_from_the_current_folder(
    env: dict[str, str], tmp_path: Path
) -> None:
    package = tmp_path / "shop"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "models.py").write_text(EXAMPLE)
    env["VERSIONED_ADMIN_APPS"] = "shop"
    program = [sys.executable, "-c", "from webapp.__main__ import main; main()"]
    with serving("serve", env=env, program=program, cwd=tmp_path) as (address, _):
        assert get(address)[0] == 200
    assert count(tmp_path, "product") == 0
