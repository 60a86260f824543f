"""What was measured, as a Markdown table."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version

from tests.benchmarks.timing import Seconds

HEADINGS = ("work", "plain ORM", "ours", "compared", "to reach", "", "recipe", "Continuum")


@dataclass(frozen=True)
class Line:
    """One line of the table. `met` is None where nothing was promised."""

    work: str
    plain: str = ""
    ours: str = ""
    compared: str = ""
    to_reach: str = ""
    met: bool | None = None
    recipe: str = ""
    continuum: str = ""

    def cells(self) -> Sequence[str]:
        verdict = {None: "", True: "✓", False: "**✗**"}[self.met]
        return (
            self.work,
            self.plain,
            self.ours,
            self.compared,
            self.to_reach,
            verdict,
            self.recipe,
            self.continuum,
        )


def table(lines: Iterable[Line]) -> str:
    rows = [HEADINGS, ["---"] * len(HEADINGS), *(line.cells() for line in lines)]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def ms(seconds: Seconds) -> str:
    return f"{seconds * 1000:.{2 if seconds < 0.1 else 0}f} ms"


def times(ratio: float) -> str:
    return f"{ratio:.2f} ×" if ratio < 10 else f"{ratio:.0f} ×"


def surroundings(servers: dict[str, str]) -> str:
    """When, on what and with what it was measured."""
    packages = ("SQLAlchemy", "SQLAlchemy-Continuum", "psycopg", "Flask-Admin")
    versions = [f"Python {platform.python_version()}"]
    versions += [f"{name} {version(name)}" for name in packages]
    versions += [f"{name} {number}" for name, number in servers.items()]
    moment = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"Measured {moment} on {os.cpu_count()} cores. {', '.join(versions)}."
