"""A contender at work on a database: what is timed, counted and weighed.

SQLAlchemy-Continuum listens to every session of its process, so `Remote` runs it in another.
"""

from __future__ import annotations

import gc
import multiprocessing
import tracemalloc
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from itertools import cycle
from time import perf_counter
from typing import Any

from sqlalchemy import event, select, text
from sqlalchemy.orm import Session, sessionmaker

from tests.benchmarks.databases import connect, empty_database, settle
from tests.benchmarks.fill import fill
from tests.benchmarks.models import contender
from tests.benchmarks.timing import Seconds
from webapp.versioning import complete_digests, hold


class Subject:
    """One contender with its engine and tables. Every method's answer can travel in a pipe."""

    def __init__(self, name: str, url: str) -> None:
        self.contender = contender(name)
        self.model = self.contender.model
        self.engine = connect(url)
        self.sessions = sessionmaker(self.engine, expire_on_commit=False)
        self.contender.enable(self.sessions)
        self.piles: dict[str, Iterator[int]] = {}
        self.session = self.sessions()

    def create(self) -> None:
        self.contender.base.metadata.create_all(self.engine)

    def fill(self, first: int, last: int, versions: int = 1) -> None:
        with self.engine.begin() as connection:
            fill(connection, self.contender, first, last, versions)

    def digest(self) -> None:
        """Give each version the digest that it had if it had been written one by one."""
        with self.sessions() as session:
            complete_digests(session, self.model)
            session.commit()

    def settle(self) -> None:
        settle(self.engine)

    def pile(self, name: str, ids: list[int]) -> None:
        """Records to be edited, in this order, over and over."""
        self.piles[name] = cycle(ids)

    def edit(self, pile: str) -> Seconds:
        """Edit one attribute of the pile's next record, which is loaded, and commit.

        The session holds no other: the ORM looks at each object that it holds at every commit.
        """
        record = self.session.scalars(self.one(next(self.piles[pile]))).one()
        self.session.commit()
        price = record.price + 1
        begun = perf_counter()
        record.price = price
        self.session.commit()
        seconds = perf_counter() - begun
        self.session.expunge_all()
        return seconds

    def load_and_edit(self, id: int) -> Seconds:
        """A session's whole life: load one record, edit it, commit."""
        begun = perf_counter()
        with self.sessions() as session:
            record = session.scalars(self.one(id)).one()
            record.price += 1
            session.commit()
        return perf_counter() - begun

    def edit_many(self, first: int, last: int) -> Seconds:
        """Edit that many loaded records in one commit."""
        with self.sessions() as session:
            found = self._edited(session, first, last)
            gc.collect()
            begun = perf_counter()
            session.commit()
            seconds = perf_counter() - begun
            del found
        return seconds

    def memory_of_many(self, first: int, last: int) -> int:
        """The peak, in bytes, of a flush and commit of that many edits."""
        with self.sessions() as session:
            found = self._edited(session, first, last)
            gc.collect()
            tracemalloc.start()
            session.commit()
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            del found
        return peak

    def statements_of_many(self, first: int, last: int) -> int:
        """How many writing executions the flush of so many edits takes."""
        with self.sessions() as session, writes(self.engine) as seen:
            found = self._edited(session, first, last)
            session.commit()
            del found
        return len(seen)

    def _edited(self, session: Session, first: int, last: int) -> list[Any]:
        found = self._load(session, list(range(first, last + 1)))
        for record in found:
            record.price = record.price + Decimal("0.5")
        return found

    def _load(self, session: Session, ids: list[int]) -> list[Any]:
        query = select(self.model).where(self.model.id.between(min(ids), max(ids)))
        return list(session.scalars(self.current(query).order_by(self.model.id)))

    def one(self, id: int) -> Any:
        return self.current(select(self.model).where(self.model.id == id))

    def load_to_edit(self, session: Session, id: int) -> Any:
        """The record as its users load it where others edit too: ours is held, the others read."""
        if self.contender.kind == "versioned":
            return hold(session, self.model, id)
        return session.scalars(self.one(id)).one()

    def current(self, query: Any) -> Any:
        if self.contender.kind in ("versioned", "recipe"):
            return query.where(self.model.is_current_version)
        return query

    def bytes(self) -> int:
        """What the tables and indexes take on disk."""
        if self.engine.dialect.name == "postgresql":
            query = (
                "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r'"
                " AND relnamespace = current_schema()::regnamespace"
            )
        else:
            query = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
        with self.engine.connect() as connection:
            return int(connection.scalar(text(query)) or 0)

    def close(self) -> None:
        self.session.close()
        self.engine.dispose()


@contextmanager
def writes(engine: Any) -> Iterator[list[str]]:
    """The statements that write, as the database sees them; an executemany is one."""
    seen: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if statement.lstrip().split(None, 1)[0].upper() in ("INSERT", "UPDATE", "DELETE", "WITH"):
            seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


@contextmanager
def subjects(server: str, names: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Contenders by name, each with empty tables in a database of its own."""
    with ExitStack() as stack:
        found: dict[str, Any] = {}
        for name in names:
            url = stack.enter_context(empty_database(server))
            found[name] = (Remote if name == "continuum" else Subject)(name, url)
            stack.callback(found[name].close)
            found[name].create()
        yield found


class Remote:
    """A `Subject` in a process of its own, asked through a pipe."""

    def __init__(self, name: str, url: str) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_answer, args=(theirs, name, url), daemon=True)
        self._process.start()
        self.ask("ready")

    def ask(self, method: str, *arguments: Any) -> Any:
        self._pipe.send((method, arguments))
        worked, answer = self._pipe.recv()
        if not worked:
            raise RuntimeError(answer)
        return answer

    def __getattr__(self, method: str) -> Any:
        return lambda *arguments: self.ask(method, *arguments)

    def close(self) -> None:
        self.ask("close")
        self._process.join()


def _answer(pipe: Any, name: str, url: str) -> None:
    subject: Subject | None = None
    method = ""
    while method != "close":
        method, arguments = pipe.recv()
        try:
            if subject is None:
                subject = Subject(name, url)
                pipe.send((True, None))
            else:
                pipe.send((True, getattr(subject, method)(*arguments)))
        except Exception as error:
            pipe.send((False, f"{type(error).__name__}: {error}"))
