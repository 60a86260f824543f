"""What CI checks besides behaviour: format, lint, types and the layers of the house."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands import ROOT

PROGRAMS = Path(sys.executable).parent


@pytest.mark.parametrize(
    "command",
    ["ruff check --no-fix", "ruff format --check", "mypy", "lint-imports --no-cache"],
)
def test_is_clean(command: str) -> None:
    program, *arguments = command.split()
    result = subprocess.run(
        [str(PROGRAMS / program), *arguments],
        capture_output=True,
        check=False,
        cwd=ROOT,
        text=True,
    )
    assert result.returncode == 0, result.stdout + result.stderr
