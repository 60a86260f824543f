"""Two sessions at the same record at the same moment, on PostgreSQL: one waits for the other.

The first writes and does not commit; the second comes in a thread, and the first goes on only once
the server says that the second waits.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, text, update
from sqlalchemy.exc import IntegrityError, OperationalError, PendingRollbackError
from sqlalchemy.orm import Session

from tests.versioning.storm.thing import (
    Change,
    Thing,
    by_record,
    check_table,
    make_engine,
    make_tables,
    onlooker,
)
from webapp.versioning import VersionConflict, current, enable_versioning, restore

ISOLATION = ["READ COMMITTED", "REPEATABLE READ"]


@dataclass
class Race:
    """A database with twenty records, and sessions to race on it."""

    url: str
    engine: Engine
    pool: ThreadPoolExecutor

    def session(self) -> Session:
        session = Session(self.engine)
        enable_versioning(session, change_model=Change)
        return session

    def one(self, session: Session, id: int = 1) -> Any:
        return session.scalars(current(Thing).where(Thing.id == id)).one()

    def start(self, session: Session, work: Callable[[], Any]) -> Future[Any]:
        """The work in a thread; returns when the session waits for a lock, or is done."""
        pid = self.pid(session)
        running = self.pool.submit(work)
        self.wait(running, pid)
        return running

    def pid(self, session: Session) -> int:
        """The server's process that serves the session."""
        with session.no_autoflush:
            return session.scalars(select(func.pg_backend_pid())).one()

    def wait(self, running: Future[Any], pid: int) -> None:
        """Until the work waits for another's lock, or is done."""
        waits = text("SELECT cardinality(pg_blocking_pids(:pid))")
        with onlooker(self.url) as connection:
            while not running.done() and not connection.scalar(waits, {"pid": pid}):
                time.sleep(0.001)

    def versions(self, id: int = 1) -> list[Any]:
        with onlooker(self.url) as connection:
            return by_record(check_table(connection))[id]


@contextmanager
def race_on(url: str, isolation: str) -> Iterator[Race]:
    make_tables(url)
    engine = make_engine(url, isolation_level=isolation)
    with ThreadPoolExecutor() as pool:
        race = Race(url, engine, pool)
        with race.session() as session:
            session.add_all(Thing(name="old") for _ in range(20))
            session.commit()
        yield race
    engine.dispose()


@pytest.fixture(params=ISOLATION)
def race(request: pytest.FixtureRequest, postgresql_url: str) -> Iterator[Race]:
    with race_on(postgresql_url, request.param) as race:
        yield race


@pytest.fixture
def committed_race(postgresql_url: str) -> Iterator[Race]:
    """Under READ COMMITTED alone, where whoever waited goes on with what was committed since."""
    with race_on(postgresql_url, "READ COMMITTED") as race:
        yield race


def edit(thing: Any, session: Session) -> None:
    thing.name = "edited"
    session.flush()


def remove(thing: Any, session: Session) -> None:
    session.delete(thing)
    session.flush()


def sweep(thing: Any, session: Session) -> None:
    session.execute(update(Thing).where(Thing.id == thing.id).values(name="swept"))


@pytest.mark.parametrize("first", [edit, remove, sweep])
@pytest.mark.parametrize("second", [edit, remove, sweep])
def test_the_second_of_two_writers_is_told(
    race: Race, first: Callable[..., None], second: Callable[..., None]
) -> None:
    with race.session() as a, race.session() as b:
        ours, theirs = race.one(a), race.one(b)
        first(ours, a)
        waiting = race.start(b, lambda: second(theirs, b))
        a.commit()
        with pytest.raises((VersionConflict, OperationalError)):
            waiting.result()
        b.rollback()
        assert len(race.versions()) == 2
        b.add(Thing(name="usable"))
        b.commit()


@pytest.mark.parametrize("by_savepoint", [True, False])
def test_a_refused_statement_lets_nothing_of_its_transaction_vanish_unnoticed(
    committed_race: Race, by_savepoint: bool
) -> None:
    """As after a failed flush: until somebody rolls back, nothing goes on."""
    race = committed_race
    with race.session() as a, race.session() as b:
        ours, theirs = race.one(a), race.one(b)
        b.add(Thing(id=500, name="first"))
        b.flush()
        savepoint = b.begin_nested() if by_savepoint else b
        edit(ours, a)
        waiting = race.start(b, lambda: sweep(theirs, b))
        a.commit()
        with pytest.raises(VersionConflict):
            waiting.result()
        with pytest.raises(PendingRollbackError):
            b.scalar(select(Thing.id))
        savepoint.rollback()
        b.commit()
        with onlooker(race.url) as connection:
            assert (500 in by_record(check_table(connection))) == by_savepoint


@pytest.mark.parametrize("second", [edit, remove, sweep])
def test_the_second_goes_on_when_the_first_goes_back(
    race: Race, second: Callable[..., None]
) -> None:
    with race.session() as a, race.session() as b:
        ours, theirs = race.one(a), race.one(b)
        ours.name = "taken back"
        a.flush()
        waiting = race.start(b, lambda: second(theirs, b))
        a.rollback()
        waiting.result()
        b.commit()
        assert [row["name"] for row in race.versions()] == ["old", KEPT[second.__name__]]


KEPT = {"edit": "edited", "remove": "old", "sweep": "swept"}


@pytest.mark.parametrize("at_once", [True, False])
def test_batches_in_opposite_order_have_one_winner(race: Race, at_once: bool) -> None:
    """Whether each writes all of it in one flush, or they meet in the middle."""
    half_way = threading.Barrier(2)

    def batch(name: str, order: int) -> str | None:
        with race.session() as session:
            things = list(session.scalars(current(Thing).order_by(Thing.id * order)))
            half_way.wait()
            try:
                for n, thing in enumerate(things):
                    thing.name = name
                    if not at_once:
                        session.flush()
                        if n == 9:
                            half_way.wait()
                session.commit()
            except (VersionConflict, OperationalError):
                session.rollback()
                return None
            return name

    for round in range(1, 6 if at_once else 2):
        running = [race.pool.submit(batch, f"{who}{round}", who) for who in (1, -1)]
        winners = {job.result() for job in running} - {None}
        assert len(winners) == 1
        with onlooker(race.url) as connection:
            rows = check_table(connection)
        newest = [row for row in rows if row["is_current_version"]]
        assert {row["name"] for row in newest} == winners
        assert {row["version_id"] for row in newest} == {round + 1}


def test_two_sessions_re_add_one_id(race: Race) -> None:
    with race.session() as a, race.session() as b:
        a.delete(race.one(a))
        a.commit()
        a.add(Thing(id=1, name="first"))
        a.flush()
        b.add(Thing(id=1, name="second"))
        waiting = race.start(b, b.flush)
        a.commit()
        with pytest.raises((VersionConflict, OperationalError)):
            waiting.result()
        assert [row["name"] for row in race.versions()] == ["old", "old", "first"]


def test_what_replaces_a_stale_record_is_told(committed_race: Race) -> None:
    """Deleted and added again in one flush, from a version that somebody has superseded."""
    race = committed_race
    with race.session() as a, race.session() as b:
        stale = race.one(a)
        edit(race.one(b), b)
        b.commit()
        a.delete(stale)
        a.add(Thing(id=1, name="again"))
        with pytest.raises(VersionConflict):
            a.flush()
        a.rollback()
        assert [row["name"] for row in race.versions()] == ["old", "edited"]


def test_two_sessions_restore_one_record(race: Race) -> None:
    with race.session() as a, race.session() as b:
        a.delete(race.one(a))
        a.commit()
        restore(a, Thing, 1, 1)
        a.flush()
        restore(b, Thing, 1, 1)
        waiting = race.start(b, b.flush)
        a.commit()
        with pytest.raises((VersionConflict, OperationalError)):
            waiting.result()
        assert len(race.versions()) == 3


def test_two_sessions_create_one_id(race: Race) -> None:
    with race.session() as a, race.session() as b:
        a.add(Thing(id=500, name="first"))
        a.flush()
        b.add(Thing(id=500, name="second"))
        waiting = race.start(b, b.flush)
        a.commit()
        with pytest.raises((IntegrityError, OperationalError)):
            waiting.result()
        assert [row["name"] for row in race.versions(500)] == ["first"]


# -- counters, which are written in place: each count counts


def count_by_statement(session: Session) -> Any:
    return session.execute(update(Thing).where(Thing.id == 1).values(views=Thing.views + 1))


def count_by_object(session: Session) -> None:
    session.get_one(Thing, (1, 1)).views = Thing.views + 1
    session.flush()


@pytest.mark.parametrize("second", [count_by_statement, count_by_object])
@pytest.mark.parametrize("first", [count_by_statement, count_by_object])
def test_two_counts_at_once_are_two(
    committed_race: Race, first: Callable[..., Any], second: Callable[..., Any]
) -> None:
    race = committed_race
    with race.session() as a, race.session() as b:
        race.one(b)
        first(a)
        waiting = race.start(b, lambda: second(b))
        a.commit()
        waiting.result()
        b.commit()
        assert [row["views"] for row in race.versions()] == [2]


def test_a_count_while_the_record_gets_a_new_version_counts(committed_race: Race) -> None:
    race = committed_race
    with race.session() as a, race.session() as b:
        edit(race.one(a), a)
        waiting = race.start(b, lambda: count_by_statement(b))
        a.commit()
        assert waiting.result().rowcount == 1
        b.commit()
        assert [row["views"] for row in race.versions()] == [0, 1]


def test_a_count_from_a_stale_object_writes_nothing_else(committed_race: Race) -> None:
    """Not even a deferred column that was set to what it was when the object was read."""
    race = committed_race
    with race.session() as a, race.session() as b:
        theirs = race.one(b)
        ours = race.one(a)
        ours.note = "new"
        a.commit()
        theirs.note, theirs.views = None, Thing.views + 1
        b.commit()
        assert [row["note"] for row in race.versions()] == [None, "new"]
        assert [row["views"] for row in race.versions()] == [0, 1]


def test_a_count_while_the_record_is_deleted_counts_nothing(committed_race: Race) -> None:
    race = committed_race
    with race.session() as a, race.session() as b:
        remove(race.one(a), a)
        waiting = race.start(b, lambda: count_by_statement(b))
        a.commit()
        assert waiting.result().rowcount == 0
        b.commit()
        assert [row["views"] for row in race.versions()] == [0, 0]


@pytest.mark.parametrize("by_statement", [True, False])
def test_an_edit_and_count_keeps_a_count_that_came_between(
    committed_race: Race, by_statement: bool
) -> None:
    race = committed_race

    def both(session: Session, thing: Any) -> None:
        if by_statement:
            values = {Thing.name: "new", Thing.views: Thing.views + 1}
            session.execute(update(Thing).where(Thing.id == 1).values(values))
        else:
            thing.name, thing.views = "new", Thing.views + 1
            session.flush()

    with race.session() as a, race.session() as b:
        theirs = race.one(b)
        count_by_statement(a)
        waiting = race.start(b, lambda: both(b, theirs))
        a.commit()
        waiting.result()
        b.commit()
        assert [(row["name"], row["views"]) for row in race.versions()] == [("old", 1), ("new", 2)]


# -- ids


def test_ids_are_never_allotted_twice_after_some_were_given_by_hand(race: Race) -> None:
    """Two find the sequence behind, and a third draws from it while they mend it in turn."""
    with race.session() as gate, race.session() as first, race.session() as second:
        first.add(Thing(id=100))
        first.commit()
        gate.execute(select(func.pg_advisory_xact_lock(func.hashtext("versioning thing"))))
        pids = [race.pid(session) for session in (first, second)]
        for session in (first, second):
            session.add(Thing(name="behind"))
        jobs = [race.start(session, session.flush) for session in (first, second)]
        gate.commit()
        while not any(job.done() for job in jobs):
            time.sleep(0.001)
        order = [0, 1] if jobs[0].done() else [1, 0]
        with race.session() as third:
            third.add(Thing(name="ahead"))
            third.flush()
            (first, second)[order[0]].commit()
            race.wait(jobs[order[1]], pids[order[1]])
            third.commit()
        jobs[order[1]].result()
        (first, second)[order[1]].commit()
    with onlooker(race.url) as connection:
        assert len(by_record(check_table(connection))) == 20 + 1 + 3


def test_ids_of_one_flush_do_not_meet(database_url: str) -> None:
    make_tables(database_url)
    engine = make_engine(database_url)
    with Session(engine) as session:
        enable_versioning(session, change_model=Change)
        session.add_all([Thing(id=2), Thing(), Thing(), Thing(id=5), Thing(id=5000), Thing()])
        session.commit()
    engine.dispose()
    with onlooker(database_url) as connection:
        assert len(by_record(check_table(connection))) == 6


def test_many_create_at_once(database_url: str) -> None:
    make_tables(database_url)
    engine = make_engine(database_url, pool_size=8)

    def create(who: int) -> None:
        for n in range(20):
            with Session(engine) as session:
                enable_versioning(session, change_model=Change)
                session.add_all(Thing(name=f"{who}.{n}.{k}") for k in range(3))
                session.commit()

    with Session(engine) as session:
        enable_versioning(session, change_model=Change)
        session.add_all([Thing(id=50, name="by hand"), Thing(id=1000, name="by hand")])
        session.commit()
    with ThreadPoolExecutor() as pool:
        list(pool.map(create, range(8)))
    engine.dispose()
    with onlooker(database_url) as connection:
        rows = check_table(connection)
    assert len(rows) == len({row["name"] for row in rows}) + 1 == 8 * 20 * 3 + 2
