"""The SQL of the pages over 100,000 records with 10 versions each, as the driver sees it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from statistics import median
from time import perf_counter
from typing import Any

from sqlalchemy import Select, select, tuple_
from sqlalchemy.orm import defer

from tests.benchmarks.fill import fill
from tests.benchmarks.report import Line, ms
from tests.benchmarks.subject import Subject, subjects
from tests.benchmarks.timing import Seconds
from webapp.versioning import as_of, count_live, current

VERSIONS, SHOWN = 10, 20
MOMENT = datetime(2020, 1, 1, 5, 30, tzinfo=UTC)


def measure(server: str, quick: bool) -> Iterator[Line]:
    records = 10_000 if quick else 100_000
    with subjects(server, ["pages"]) as found:
        subject = found["pages"]
        with subject.engine.begin() as connection:
            fill(connection, subject.contender, 1, records, VERSIONS, deleted_every=100)
        subject.settle()
        for work, query, limit in _queries(subject.model, records):
            took = _seconds(subject, query, 20 if quick else 200)
            yield Line(f"SQL: {work}", "", ms(took), "", f"≤ {limit} ms", took * 1000 <= limit)


def _queries(model: Any, records: int) -> Iterator[tuple[str, Select[Any], int]]:
    """Each page's query and how many milliseconds it may take."""
    middle = f"Product {records // 2 * 7919 % 1000003}"
    by_name = model.name, model.id
    page = current(model).order_by(*by_name).limit(SHOWN)
    after = tuple_(*by_name) > tuple_(middle, 1)
    yield f"list page of {records:,} records × {VERSIONS} versions", page, 1
    yield "keyset page, from the middle on", page.where(after), 1
    yield "current of one", current(model).where(model.id == records // 2), 1
    yield "one as of a moment", as_of(model, MOMENT, records // 2), 1
    yield "page as of a moment", as_of(model, MOMENT).order_by(*by_name).limit(SHOWN), 1
    yield "last 20 of a timeline", last_versions(model, records // 2), 1
    yield "count of the living", select(count_live(model)), 10


def last_versions(model: Any, id: Any) -> Select[Any]:
    return (
        select(model)
        .options(defer(model.calc_is_current_version))
        .where(model.id == id)
        .order_by(model.version_id.desc())
        .limit(SHOWN)
    )


def _seconds(subject: Subject, query: Select[Any], rounds: int) -> Seconds:
    compiled = query.compile(subject.engine)
    parameters = compiled.construct_params()
    processors = compiled._bind_processors
    given = {
        name: processors[name](value) if name in processors else value
        for name, value in parameters.items()
    }
    positions = compiled.positiontup
    sent = tuple(given[name] for name in positions) if positions else given
    driver = subject.engine.raw_connection()
    cursor, found = driver.cursor(), []
    for _ in range(rounds + 10):
        begun = perf_counter()
        cursor.execute(str(compiled), sent)
        cursor.fetchall()
        found.append(perf_counter() - begun)
    driver.close()
    return median(found[10:])
