"""Bytes a version takes, with its indexes."""

from __future__ import annotations

from collections.abc import Iterator

from tests.benchmarks.report import Line, times
from tests.benchmarks.subject import subjects

RECORDS, VERSIONS = 20_000, 10


def measure(server: str, quick: bool) -> Iterator[Line]:
    records = 2_000 if quick else RECORDS
    size: dict[str, float] = {}
    for name in ("plain indexed", "full", "pages", "recipe", "continuum"):
        with subjects(server, [name]) as found:
            empty = found[name].bytes()
            found[name].fill(1, records, VERSIONS)
            found[name].settle()
            rows = records if name == "plain indexed" else records * VERSIONS
            size[name] = (found[name].bytes() - empty) / rows
    ratio = size["full"] / size["recipe"]
    yield Line(
        f"bytes a version, {records:,} records × {VERSIONS} (plain: a record)",
        f"{size['plain indexed']:.0f}",
        f"{size['full']:.0f}",
        f"{times(ratio)} the recipe's",
        "≤ 1.3 ×",
        ratio <= 1.3,
        f"{size['recipe']:.0f}",
        f"{size['continuum']:.0f}",
    )
    yield Line("… an as-of index more, where asked for", "", f"{size['pages'] - size['full']:.0f}")
