"""Many edited records in one commit: time, memory, writing executions."""

from __future__ import annotations

from collections.abc import Iterator

from tests.benchmarks.report import Line, ms, times
from tests.benchmarks.subject import subjects
from tests.benchmarks.timing import in_turns


def measure(server: str, quick: bool) -> Iterator[Line]:
    yield from _batch(server, 1_000, 1.4, 5 if quick else 15)
    yield from _batch(server, 10_000, 1.25, 3 if quick else 9)


def _batch(server: str, size: int, limit: float, rounds: int) -> Iterator[Line]:
    names = ["plain", "plain indexed", "core", "full", "digested"]
    others = ["recipe", "continuum"] if size <= 1_000 else []
    with subjects(server, [*names, *others]) as found:
        for subject in found.values():
            subject.fill(1, size)
            subject.settle()
        work = {name: lambda s=s: s.edit_many(1, size) for name, s in found.items()}
        took = in_turns({name: work[name] for name in names}, rounds)
        if others:
            took |= in_turns({name: work[name] for name in others}, 3)
        memory = {name: found[name].memory_of_many(1, size) for name in names}
        writes = found["core"].statements_of_many(1, size)
    plain, ratio, peak = took["plain"], took["core"] / took["plain"], memory["core"]
    yield Line(
        f"{size:,} edited records in one commit",
        ms(plain),
        ms(took["core"]),
        times(ratio),
        f"≤ {limit} ×",
        ratio <= limit,
        *(times(took[name] / plain) for name in others),
    )
    yield Line("… writing executions", "1", str(writes), "", "≤ 2", writes <= 2)
    share = peak / memory["plain"]
    yield Line(
        "… peak memory of flush and commit",
        f"{memory['plain'] / 1e6:.2f} MB",
        f"{peak / 1e6:.2f} MB",
        times(share),
        "≤ 1.0 ×",
        share <= 1.0,
    )
    yield Line(
        "… with changes, guards and a product's indexes (both sides)",
        ms(took["plain indexed"]),
        ms(took["full"]),
        times(took["full"] / took["plain indexed"]),
    )
    yield Line(
        "… and a digest of each version",
        ms(took["plain indexed"]),
        ms(took["digested"]),
        times(took["digested"] / took["plain indexed"]),
    )
