"""One edit and its commit: at version 1, at version 10,000, and with everything switched on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import cycle
from typing import Any, NamedTuple

from tests.benchmarks.report import Line, ms, times
from tests.benchmarks.subject import subjects
from tests.benchmarks.timing import Seconds, in_turns

FLOORS = {
    "core": "plain",
    "recipe": "plain",
    "continuum": "plain",
    "full": "plain indexed",
    "digested": "plain indexed",
}
NAMES = (*dict.fromkeys(FLOORS.values()), *FLOORS)
LONG = 10_000


class Beside(NamedTuple):
    """What took turns: the plain ORM and a contender."""

    plain: Seconds
    own: Seconds

    @property
    def ratio(self) -> float:
        return self.own / self.plain


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
        short, long = _edits(found, rounds)
        fresh = _fresh(found, rounds // 3, records)
        crowd = in_turns({name: lambda s=s: s.edit("short") for name, s in found.items()}, rounds)
        writes = found["core"].statements_of_many(records, records)
    yield _of_core(f"one edit and commit, {writes} writing statements", short, 1.25)
    yield _at_length(short, long)
    yield _of_core("load, edit and commit in a new session", fresh, None)
    yield _line(
        "one edit, with changes, guards and a product's indexes (both sides)", short["full"], None
    )
    yield _line("… and a digest of each version", short["digested"], 1.5)
    yield _line(
        "… while all seven contenders take turns, so that each finds the caches cold",
        Beside(crowd["plain indexed"], crowd["digested"]),
        None,
    )


def _edits(found: Mapping[str, Any], rounds: int) -> tuple[dict[str, Beside], dict[str, Beside]]:
    """Edits at version 1 and at version 10,000, by contender.

    Both in the same rounds, for a busy hour would else make one of them look slow.
    """
    short, long = {}, {}
    for name, floor in FLOORS.items():
        work = {
            (each, pile): lambda s=found[each], pile=pile: s.edit(pile)
            for each in (floor, name)
            for pile in ("short", "long")
        }
        took = in_turns(work, rounds, warm_up=20)
        short[name] = Beside(took[floor, "short"], took[name, "short"])
        long[name] = Beside(took[floor, "long"], took[name, "long"])
    return short, long


def _fresh(found: Mapping[str, Any], rounds: int, records: int) -> dict[str, Beside]:
    ids = cycle(range(1, records + 1))
    beside = {}
    for name in ("core", "recipe", "continuum"):
        work = {
            each: lambda s=found[each]: s.load_and_edit(next(ids)) for each in (FLOORS[name], name)
        }
        took = in_turns(work, rounds, warm_up=5)
        beside[name] = Beside(took[FLOORS[name]], took[name])
    return beside


def _of_core(work: str, took: Mapping[str, Beside], limit: float | None) -> Line:
    others = {name: times(took[name].ratio) for name in ("recipe", "continuum")}
    return _line(work, took["core"], limit, **others)


def _line(work: str, took: Beside, limit: float | None, **others: str) -> Line:
    return Line(
        work,
        ms(took.plain),
        ms(took.own),
        times(took.ratio),
        f"≤ {limit} ×" if limit else "",
        took.ratio <= limit if limit else None,
        **others,
    )


def _at_length(short: Mapping[str, Beside], long: Mapping[str, Beside]) -> Line:
    ratio = long["core"].own / short["core"].own
    return Line(
        "the same at 10,000 versions (plain: that record once more; recipe, Continuum: × plain)",
        ms(long["core"].plain),
        ms(long["core"].own),
        f"{times(ratio)} the line above",
        "≤ 1.1 ×",
        ratio <= 1.1,
        times(long["recipe"].ratio),
        times(long["continuum"].ratio),
    )
