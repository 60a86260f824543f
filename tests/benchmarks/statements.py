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
    with subjects(server, ["plain", "core"]) as found, subjects(server, ["core"]) as other:
        hand = other["core"]
        for subject in (*found.values(), hand):
            subject.fill(1, records)
            subject.settle()
        statements = _statements(found["core"])
        work: dict[str, Callable[[], Seconds]] = {
            "plain": lambda: _update(found["plain"]),
            "core": lambda: _update(found["core"]),
            "hand": lambda: _by_hand(hand, statements),
        }
        took = in_turns(work, 3 if quick else 5)
    ratio = took["core"] / took["hand"]
    yield Line(
        f"`update()` of {records:,} records (plain: one UPDATE, nothing kept)",
        ms(took["plain"]),
        ms(took["core"]),
        f"{times(ratio)} the same by hand, {ms(took['hand'])}",
        "≤ 1.2 ×",
        ratio <= 1.2,
        "no versions",
        "no versions",
    )
    yield Line("… statements", "1", str(len(statements)), "", "≤ 5", len(statements) <= 5)


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
