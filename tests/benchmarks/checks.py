"""The integrity check over 100,000 records with 10 versions each: seconds, and memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.orm import Session

from tests.benchmarks.fill import fill
from tests.benchmarks.report import Line
from tests.benchmarks.subject import subjects
from tests.benchmarks.timing import seconds_of
from webapp.versioning import check_model

VERSIONS = 10


def measure(server: str, quick: bool) -> Iterator[Line]:
    records = 10_000 if quick else 100_000
    with subjects(server, ["pages"]) as found:
        subject = found["pages"]
        with subject.engine.begin() as connection:
            fill(connection, subject.contender, 1, records, VERSIONS)
        subject.settle()
        before = _reset_peak()
        with Session(subject.engine) as session:
            checks = []
            took = seconds_of(lambda: checks.append(check_model(session, subject.model)))
        grown = _peak() - before
    (check,) = checks
    assert (check.versions, check.faults) == (records * VERSIONS, 0)
    work = f"integrity check of {records * VERSIONS:,} versions"
    yield Line(work, "", f"{took:.1f} s", "", "≤ 60 s", took <= 60)
    yield Line(
        "… memory more than before, of this process",
        "",
        f"{grown:.0f} MiB",
        "",
        "≤ 200 MiB",
        grown <= 200,
    )


def _reset_peak() -> float:
    """Let the process's peak begin anew; returns what it holds now, in MiB (Linux alone)."""
    Path("/proc/self/clear_refs").write_text("5")
    return _status("VmRSS")


def _peak() -> float:
    return _status("VmHWM")


def _status(name: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:")) / 1024
