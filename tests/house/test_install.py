"""The README's start command, word for word, in a fresh copy; and an install that is not editable.

Needs a package index, as the command does.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.commands import ROOT, environment, get, serving
from tests.house.test_readme import shell_lines

NEEDED = ["pyproject.toml", "constraints.txt", "README.md", "LICENSE", "webapp", "templates"]


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the package is made of, as a clone has it."""
    folder = tmp_path_factory.mktemp("newcomer") / "clone"
    folder.mkdir()
    for name in [*NEEDED, "static"]:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    return folder


@pytest.fixture(scope="module")
def served(clone: Path) -> Path:
    """The clone when the README's line made all that it makes, and served the start page."""
    line = next(line for line in shell_lines() if line.endswith("versioned-admin demo"))
    program = ["bash", "-c", line.replace("&& .venv/bin/versioned", "&& exec .venv/bin/versioned")]
    with serving(program=program, env=environment_of_a_newcomer(), cwd=clone, patience=240) as (
        address,
        _,
    ):
        check_pages(address)
    return clone


def environment_of_a_newcomer() -> dict[str, str]:
    env = environment(PORT="0")
    for name in ("PYTHONPATH", "VIRTUAL_ENV", "PYTHONHOME"):
        env.pop(name, None)
    return env


def check_pages(address: str) -> None:
    """The start page comes with its styles: templates and static files are both there."""
    status, page = get(address)
    assert status == 200
    styles = re.findall(r'href="(/static/[^"]+\.css)', page)
    assert styles
    assert all(get(address.rstrip("/") + style)[0] == 200 for style in styles)


def test_the_readmes_line_makes_everything_and_serves_it(served: Path) -> None:
    assert (served / "instance" / "app.sqlite").is_file()
    assert (served / "instance" / "secret_key").stat().st_mode & 0o777 == 0o600


def test_an_installed_package_needs_no_clone(served: Path, tmp_path: Path) -> None:
    """In a copy of the README's environment, where it takes the place of what can be edited."""
    copy, folder, env = tmp_path / ".venv", tmp_path / "elsewhere", environment_of_a_newcomer()
    shutil.copytree(served / ".venv", copy, symlinks=True)
    folder.mkdir()

    def run(*program: str | Path) -> str:
        return subprocess.run(
            program, capture_output=True, check=True, cwd=folder, env=env, text=True
        ).stdout

    python, program = copy / "bin/python", str(copy / "bin/versioned-admin")
    run(python, "-m", "pip", "install", "--no-deps", "--force-reinstall", served)
    away = served.rename(tmp_path / "away")
    try:
        with serving("demo", program=[program], env=env, cwd=folder) as (address, _):
            check_pages(address)
        listed = run(program, "database", "history")
    finally:
        away.rename(served)
    assert (folder / "instance" / "app.sqlite").is_file()
    assert listed.count("<- the database") == 2, "the revisions are not in the package"
