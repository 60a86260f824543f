"""A database with versioned tables, and what tests ask of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, select, text
from sqlalchemy.orm import Session, sessionmaker

from tests import schemas
from tests.versioning.models import Change, Note
from tests.versioning.tables import create_tables
from webapp.versioning import enable_versioning, install_guards, prepare_sqlite

START = datetime(2030, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@dataclass
class Clock:
    """Moves one second on at each look."""

    now: datetime = START

    def __call__(self) -> datetime:
        self.now += SECOND
        return self.now


@dataclass
class World:
    """An engine as the application prepares it, and sessions that keep versions."""

    engine: Engine
    clock: Clock = field(default_factory=Clock)
    sessions: list[Session] = field(default_factory=list)
    looking: bool = False

    def begin(self) -> str:
        """SQLite's kind of transaction: looking into a table waits for no session's lock."""
        return "DEFERRED" if self.looking else "IMMEDIATE"

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    def create(self, *models: Any, guards: bool = True) -> None:
        """Make the tables of these models, which may be there already."""
        metadata = models[0].metadata
        if guards:
            install_guards(metadata)
        create_tables(self.engine, metadata, [model.__table__ for model in models])

    def session(self, change_model: Any = Change, **options: Any) -> Session:
        """A session of a factory of its own: as another process would have it."""
        factory = sessionmaker(self.engine, **options)
        enable_versioning(factory, clock=self.clock, change_model=change_model)
        return self.keep(factory())

    def keep(self, session: Session) -> Session:
        """To be closed when the test ends."""
        self.sessions.append(session)
        return session

    def rows(self, model: Any, *columns: str) -> list[tuple[Any, ...]]:
        """What the table holds: (id, version_id, flag, *columns), oldest first, by plain SQL."""
        table = model.__table__
        key = [table.c.id, table.c.version_id]
        wanted = [*key, table.c.is_current_version, *(table.c[name] for name in columns)]
        with self.behind() as connection:
            return [tuple(row) for row in connection.execute(select(*wanted).order_by(*key))]

    @contextmanager
    def behind(self) -> Iterator[Connection]:
        """A connection behind the core's back, committed at the end."""
        self.looking = True
        try:
            with self.engine.begin() as connection:
                self.looking = False
                yield connection
        finally:
            self.looking = False

    def count(self, table: str) -> int:
        return int(self.sql(f"SELECT count(*) FROM {table}")[0][0])

    def sql(self, statement: str, **parameters: Any) -> list[tuple[Any, ...]]:
        """Run SQL behind the core's back and commit it."""
        with self.behind() as connection:
            result = connection.execute(text(statement), parameters)
            return [tuple(row) for row in result] if result.returns_rows else []

    def unguarded(self, statement: str, table: str = "note") -> None:
        """Run SQL as one who first takes the triggers away."""
        with self.behind() as connection:
            for what in ("insert", "update", "delete"):
                name = f'"{table}_guard_{what}"'
                where = "" if self.is_sqlite else f' ON "{table}"'
                connection.execute(text(f"DROP TRIGGER IF EXISTS {name}{where}"))
            connection.execute(text(statement))

    @contextmanager
    def executions(self) -> Iterator[list[str]]:
        """The first word of each execution on the engine meanwhile."""
        seen: list[str] = []

        def listen(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
            seen.append(statement.lstrip().split(None, 1)[0].upper())

        event.listen(self.engine, "before_cursor_execute", listen)
        try:
            yield seen
        finally:
            event.remove(self.engine, "before_cursor_execute", listen)


@contextmanager
def world(url: str) -> Iterator[World]:
    engine = create_engine(url)
    made = World(engine)
    if made.is_sqlite:
        prepare_sqlite(engine, begin=made.begin, busy_seconds=5)
    try:
        yield made
    finally:
        for session in made.sessions:
            session.close()
        engine.dispose()
        if not made.is_sqlite:
            schemas.give_back(engine.url)


def add_note(session: Session, title: str = "one", **values: Any) -> Note:
    """A committed note, version 1."""
    note = Note(title=title, **values)
    session.add(note)
    session.commit()
    return note


def edited_note(session: Session, *titles: str, **values: Any) -> Note:
    """A committed note with a version for each title."""
    note = add_note(session, titles[0], **values)
    for title in titles[1:]:
        note.title = title
        session.commit()
    return note
