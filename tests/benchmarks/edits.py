"""One edit and its commit: at version 1, at version 10,000, and with everything switched on."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle

from tests.benchmarks.report import Line, ms, times
from tests.benchmarks.subject import subjects
from tests.benchmarks.timing import Seconds, in_turns

NAMES = ("plain", "plain indexed", "core", "full", "digested", "recipe", "continuum")
LONG = 10_000


def measure(server: str, quick: bool) -> Iterator[Line]:
    rounds = 60 if quick else 300
    records = 2 * rounds + 50
    with subjects(server, NAMES) as found:
        for name, subject in found.items():
            subject.fill(1, records)
            subject.fill(records + 1, records + 5, LONG)
            if name == "digested":
                subject.digest()
            subject.settle()
            subject.pile("short", list(range(1, records + 1)))
            subject.pile("long", list(range(records + 1, records + 6)))
        # both in the same rounds, for a busy hour would else make one of them look slow
        edits = {
            (name, pile): lambda s=s, pile=pile: s.edit(pile)
            for name, s in found.items()
            for pile in ("short", "long")
        }
        took = in_turns(edits, rounds, warm_up=20)
        loaded = {name: took[name, "short"] for name in found}
        long = {name: took[name, "long"] for name in found}
        ids = cycle(range(1, records + 1))
        fresh = in_turns(
            {name: lambda s=s: s.load_and_edit(next(ids)) for name, s in found.items()},
            rounds // 3,
            warm_up=5,
        )
        writes = found["core"].statements_of_many(records, records)
    yield _against_plain(f"one edit and commit, {writes} writing statements", loaded, 1.25)
    yield _at_length(loaded, long)
    yield _against_plain("load, edit and commit in a new session", fresh, None)
    yield Line(
        "one edit, with changes, guards and a product's indexes (both sides)",
        ms(loaded["plain indexed"]),
        ms(loaded["full"]),
        times(loaded["full"] / loaded["plain indexed"]),
    )
    yield _digested(loaded)


def _digested(took: dict[str, Seconds]) -> Line:
    ratio = took["digested"] / took["plain indexed"]
    return Line(
        "… and a digest of each version",
        ms(took["plain indexed"]),
        ms(took["digested"]),
        times(ratio),
        "≤ 1.5 ×",
        ratio <= 1.5,
    )


def _against_plain(work: str, took: dict[str, Seconds], limit: float | None) -> Line:
    plain = took["plain"]
    ratio = took["core"] / plain
    return Line(
        work,
        ms(plain),
        ms(took["core"]),
        times(ratio),
        f"≤ {limit} ×" if limit else "",
        ratio <= limit if limit else None,
        times(took["recipe"] / plain),
        times(took["continuum"] / plain),
    )


def _at_length(short: dict[str, Seconds], long: dict[str, Seconds]) -> Line:
    ratio = long["core"] / short["core"]
    return Line(
        "the same at 10,000 versions (plain: that record once more; recipe, Continuum: × plain)",
        ms(long["plain"]),
        ms(long["core"]),
        f"{times(ratio)} the line above",
        "≤ 1.1 ×",
        ratio <= 1.1,
        times(long["recipe"] / long["plain"]),
        times(long["continuum"] / long["plain"]),
    )
