"""The integrity check over 100,000 records with 10 versions each: seconds, and memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.benchmarks.fill import fill
from tests.benchmarks.report import Line
from tests.benchmarks.subject import subjects
from tests.benchmarks.timing import seconds_of
from webapp.versioning import check_model, complete_digests

VERSIONS = 10
CHANGES = (
    "INSERT INTO pages_change (id, at, actor, reason)"
    " SELECT change_id, version_from, 'Alice', 'New price list' FROM pages_product"
)


def measure(server: str, quick: bool) -> Iterator[Line]:
    records = 10_000 if quick else 100_000
    with subjects(server, ["pages"]) as found:
        subject = found["pages"]
        with subject.engine.begin() as connection:
            fill(connection, subject.contender, 1, records, VERSIONS)
            connection.execute(text(CHANGES))
        subject.settle()
        with subject.sessions() as session:
            made = seconds_of(lambda: _complete(session, subject.model))
        subject.settle()
        before = _reset_peak()
        with subject.sessions() as session:
            checks = []
            took = seconds_of(lambda: checks.append(check_model(session, subject.model)))
        grown = _peak() - before
    (check,) = checks
    assert (check.versions, check.faults, check.undigested) == (records * VERSIONS, 0, 0)
    yield Line(f"a digest for each of {records * VERSIONS:,} older versions", "", f"{made:.1f} s")
    work = f"integrity check of {records * VERSIONS:,} versions, digests too"
    yield Line(work, "", f"{took:.1f} s", "", "≤ 60 s", took <= 60)
    yield Line(
        "… memory more than before, of this process",
        "",
        f"{grown:.0f} MiB",
        "",
        "≤ 200 MiB",
        grown <= 200,
    )


def _complete(session: Session, model: type[Any]) -> None:
    complete_digests(session, model)
    session.commit()


def _reset_peak() -> float:
    """Let the process's peak begin anew; returns what it holds now, in MiB (Linux alone)."""
    Path("/proc/self/clear_refs").write_text("5")
    return _status("VmRSS")


def _peak() -> float:
    return _status("VmHWM")


def _status(name: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:")) / 1024
