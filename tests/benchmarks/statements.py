"""One `update()` over 100,000 records, beside its own statements given to the driver by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import event, update

from tests.benchmarks.report import Line, ms, times
from tests.benchmarks.subject import Subject, subjects
from tests.benchmarks.timing import Seconds, in_turns, seconds_of

Statement = tuple[str, Any]


def measure(server: str, quick: bool) -> Iterator[Line]:
    records = 20_000 if quick else 100_000
    names = ["plain", "core", "full", "digested"]
    with subjects(server, names) as found, subjects(server, ["core", "full"]) as others:
        for subject in (*found.values(), *others.values()):
            subject.fill(1, records)
            subject.settle()
        statements = {name: _statements(found[name]) for name in others}
        work: dict[str, Callable[[], Seconds]] = {
            **{name: lambda s=s: _update(s) for name, s in found.items()},
            **{
                f"{name} by hand": lambda s=s, name=name: _by_hand(s, statements[name])
                for name, s in others.items()
            },
        }
        took = in_turns(work, 3 if quick else 5)
    hand = took["core by hand"]
    ratio = took["core"] / hand
    yield Line(
        f"`update()` of {records:,} records (plain: one UPDATE, nothing kept)",
        ms(took["plain"]),
        ms(took["core"]),
        f"{times(ratio)} the same by hand, {ms(hand)}",
        "≤ 1.2 ×",
        ratio <= 1.2,
        "no versions",
        "no versions",
    )
    count = len(statements["core"])
    yield Line("… statements", "1", str(count), "", "≤ 5", count <= 5)
    yield _digested(took)


def _digested(took: dict[str, Seconds]) -> Line:
    hand = took["full by hand"]
    ratio = took["digested"] / hand
    return Line(
        "… with changes, guards, a product's indexes (both sides), and a digest of each version",
        "",
        ms(took["digested"]),
        f"{times(ratio)} the same by hand without digests, {ms(hand)}",
        "≤ 3 ×",
        ratio <= 3,
    )


def _update(subject: Subject) -> Seconds:
    with subject.sessions() as session:

        def work() -> None:
            session.execute(update(subject.model).values(price=subject.model.price + 1))
            session.commit()

        return seconds_of(work)


def _statements(subject: Subject) -> list[Statement]:
    """What one such update sends."""
    seen: list[Statement] = []

    def note(_conn: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        if not statement.startswith("BEGIN"):
            seen.append((statement, parameters))

    event.listen(subject.engine, "before_cursor_execute", note)
    _update(subject)
    event.remove(subject.engine, "before_cursor_execute", note)
    return seen


def _by_hand(subject: Subject, statements: list[Statement]) -> Seconds:
    driver = subject.engine.raw_connection()
    cursor = driver.cursor()

    def work() -> None:
        if subject.engine.dialect.name == "sqlite":
            cursor.execute("BEGIN IMMEDIATE")
        for statement, parameters in statements:
            cursor.execute(statement, parameters)
        driver.commit()

    seconds = seconds_of(work)
    driver.close()
    return seconds
