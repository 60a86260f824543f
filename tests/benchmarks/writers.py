"""Eight processes edit the same ten records: what is lost, what fails, how fast it goes."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from random import Random
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm.exc import StaleDataError

from tests.benchmarks.databases import empty_database
from tests.benchmarks.report import Line, times
from tests.benchmarks.subject import Subject
from webapp.versioning import VersionConflict

WRITERS, RECORDS, PATIENCE = 8, 10, 500


class Outcome(NamedTuple):
    """What a crowd of writers left behind."""

    lost: int
    failed: int
    a_second: float


def measure(server: str, quick: bool) -> Iterator[Line]:
    edits, crowds = (50, 3) if quick else (200, 5)
    names = ("plain", "core", "recipe", "continuum")
    outcomes: dict[str, list[Outcome]] = {name: [] for name in names}
    for number in range(crowds):  # in turns: what else the machine does meets all of them alike
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            outcomes[name].append(_crowd(server, name, edits))
    found = {name: _middle(crowds) for name, crowds in outcomes.items()}
    pairs = zip(outcomes["core"], outcomes["plain"], strict=True)
    share = median(core.a_second / plain.a_second for core, plain in pairs)
    lost, failed = found["core"].lost, found["core"].failed
    yield Line(
        f"{WRITERS} writers × {edits} edits on {RECORDS} records, with retry",
        _shown(found["plain"]),
        _shown(found["core"]),
        f"{times(share)} plain's rate",
        "0 lost, 0 failed, ≥ 0.6 ×",
        lost == 0 and failed == 0 and share >= 0.6,
        _shown(found["recipe"]),
        _shown(found["continuum"]),
    )


def _shown(found: Outcome) -> str:
    return f"{found.a_second:.0f}/s, {found.lost} lost, {found.failed} failed"


def _middle(outcomes: list[Outcome]) -> Outcome:
    """The median speed of some crowds, with the worst of their losses."""
    worst = max(o.lost for o in outcomes), max(o.failed for o in outcomes)
    return Outcome(*worst, median(o.a_second for o in outcomes))


def _crowd(server: str, name: str, edits: int) -> Outcome:
    context = multiprocessing.get_context("spawn")
    with empty_database(server) as url:
        # in a process of its own too: SQLAlchemy-Continuum listens to all sessions of a process
        _run(context, _prepare, name, url)
        barrier, answers = context.Barrier(WRITERS), context.SimpleQueue()
        crowd = [
            context.Process(target=_write, args=(name, url, edits, number, barrier, answers))
            for number in range(WRITERS)
        ]
        for writer in crowd:
            writer.start()
        told = [answers.get() for _ in crowd]
        for writer in crowd:
            writer.join()
        _run(context, _count, name, url, answers)
        arrived = answers.get()
    done = sum(done for done, _, _ in told)
    seconds = max(end for _, _, end in told) - min(begun for _, begun, _ in told)
    return Outcome(done - arrived, WRITERS * edits - done, done / seconds)


def _run(context: Any, target: Any, *arguments: Any) -> None:
    process = context.Process(target=target, args=arguments)
    process.start()
    process.join()


def _prepare(name: str, url: str) -> None:
    subject = Subject(name, url)
    subject.create()
    subject.fill(1, RECORDS + WRITERS)
    with subject.sessions() as session:
        for record in session.scalars(select(subject.model)):
            record.stock = 0
        session.commit()
    subject.close()


def _write(name: str, url: str, edits: int, number: int, barrier: Any, answers: Any) -> None:
    subject, random, done = Subject(name, url), Random(number), 0
    # mapped and compiled before the start, as a server at work is: an edit of a record of its own
    _edit_with_retry(subject, RECORDS + 1 + number)
    barrier.wait()
    begun = perf_counter()
    for _ in range(edits):
        done += _edit_with_retry(subject, random.randint(1, RECORDS))
    answers.put((done, begun, perf_counter()))
    subject.close()


def _edit_with_retry(subject: Subject, id: int) -> bool:
    """Read, add one, write: what a form does, and does again when somebody else was first."""
    for _ in range(PATIENCE):
        try:
            with subject.sessions() as session:
                subject.load_to_edit(session, id).stock += 1
                session.commit()
                return True
        except (VersionConflict, StaleDataError, DBAPIError):
            continue
    return False


def _count(name: str, url: str, answers: Any) -> None:
    subject = Subject(name, url)
    with subject.sessions() as session:
        edited = select(func.sum(subject.model.stock)).where(subject.model.id <= RECORDS)
        query = subject.current(edited)
        answers.put(int(session.scalar(query) or 0))
    subject.close()
