"""A small shop with a column of each kind, and what the tests ask of its database."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    Engine,
    Enum,
    ForeignKey,
    LargeBinary,
    Numeric,
    and_,
    create_engine,
    event,
    func,
    select,
)
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    foreign,
    mapped_column,
    relationship,
    sessionmaker,
)

from tests.versioning.tables import create_tables
from webapp.versioning import (
    ChangeContext,
    ChangeRecord,
    UtcDateTime,
    Versioned,
    current_unique,
    enable_versioning,
    install_guards,
    live,
    prepare_sqlite,
)

START = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)


class Base(DeclarativeBase):
    pass


class Change(ChangeRecord, Base):
    __tablename__ = "change"


class State(enum.Enum):
    NEW = 1
    ON_SALE = 2


class Place(Base):
    """Not versioned."""

    __tablename__ = "place"
    id: Mapped[int] = mapped_column(primary_key=True)


class Maker(Versioned, Base):
    __tablename__ = "maker"
    name: Mapped[str]
    __table_args__ = (current_unique("name"),)


class Item(Versioned, Base):
    __tablename__ = "item"
    __unversioned__ = ("views",)
    __excluded__ = ("words",)
    __masked__ = ("secret",)

    name: Mapped[str]
    sku: Mapped[str | None]
    text: Mapped[str | None]
    price: Mapped[Decimal | None] = mapped_column(Numeric(10, 2))
    stock: Mapped[int | None]
    state: Mapped[State | None] = mapped_column(Enum(State, native_enum=False))
    since: Mapped[dt.date | None]
    seen: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    photo: Mapped[bytes | None] = mapped_column(LargeBinary)
    tags: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    words: Mapped[str | None]
    secret: Mapped[str | None]
    notes: Mapped[str | None] = mapped_column(deferred=True)
    views: Mapped[int] = mapped_column(default=0)
    place_id: Mapped[int | None] = mapped_column(ForeignKey("place.id"))
    maker_id: Mapped[int | None]
    maker: Mapped[Maker | None] = relationship(
        primaryjoin=lambda: and_(foreign(Item.maker_id) == Maker.id, live(Maker)), viewonly=True
    )
    __table_args__ = (current_unique("sku"),)


class Subject:
    """Where the actor and reason of the tests' changes come from."""

    context: ClassVar[ChangeContext] = ChangeContext()


@dataclass
class Clock:
    now: dt.datetime = START

    def __call__(self) -> dt.datetime:
        self.now += dt.timedelta(minutes=1)
        return self.now


@dataclass
class Shop:
    engine: Engine
    factory: sessionmaker[Session]

    @contextmanager
    def statements(self) -> Iterator[list[str]]:
        """Every statement that is executed meanwhile."""
        seen: list[str] = []

        def listen(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
            if not statement.startswith(("BEGIN", "SAVEPOINT", "RELEASE")):
                seen.append(statement)

        event.listen(self.engine, "before_cursor_execute", listen)
        try:
            yield seen
        finally:
            event.remove(self.engine, "before_cursor_execute", listen)


@contextmanager
def open_shop(url: str) -> Iterator[Shop]:
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        prepare_sqlite(engine)
    install_guards(Base.metadata)
    create_tables(engine, Base.metadata)
    factory = sessionmaker(engine)
    enable_versioning(factory, clock=Clock(), change_model=Change, describe=lambda: Subject.context)
    try:
        yield Shop(engine, factory)
    finally:
        engine.dispose()


def add(session: Session, obj: Any) -> Any:
    """The object, committed as a version 1."""
    session.add(obj)
    session.commit()
    return obj


def edit(session: Session, obj: Any, **values: Any) -> Any:
    """The object, committed as its next version."""
    for name, value in values.items():
        setattr(obj, name, value)
    session.commit()
    return obj


def remove(session: Session, obj: Any) -> int:
    """Delete and commit; returns the record's id."""
    id: int = obj.id
    session.delete(obj)
    session.commit()
    return id


def count(session: Session, model: Any) -> int:
    """Versions in the model's table."""
    return session.scalar(select(func.count()).select_from(model)) or 0
