"""Row 17: PostgreSQL's arrays, ranges and documents."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Integer, Text
from sqlalchemy.dialects.postgresql import ARRAY, INT4RANGE, JSONB, Range
from sqlalchemy.ext.mutable import MutableList
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from tests.versioning.shapes.walk import MANY, Shape, Walk
from tests.versioning.world import World
from webapp.versioning import ChangeRecord, Versioned, current, install_guards


class Base(DeclarativeBase):
    pass


class Change(ChangeRecord, Base):
    __tablename__ = "change"


class Board(Versioned, Base):
    __tablename__ = "board"

    tags: Mapped[list[str]] = mapped_column(MutableList.as_mutable(ARRAY(Text())))
    grid: Mapped[list[list[int]] | None] = mapped_column(ARRAY(Integer, dimensions=2))
    span: Mapped[Range[int]] = mapped_column(INT4RANGE)
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB)


install_guards(Base.metadata)


@pytest.fixture
def database_url(postgresql_url: str) -> str:
    """SQLite has none of these types."""
    return postgresql_url


class TestArrays(Walk):
    model = Board
    first = {
        "tags": ["a", "b,c", '"', ""],
        "grid": [[1, 2], [3, 4]],
        "span": Range(1, 5),
        "facts": {"a": [1]},
    }
    second = {
        "tags": ["a", "b,c", '"', "", "more"],
        "grid": None,
        "span": Range(1, 6),
        "facts": {"a": [True]},
    }


class TestInPlace(Shape):
    model = Board
    first = TestArrays.first
    second = {"tags": ["first", "a", "b,c", '"', ""]}

    def test_many_arrays_changed_in_place(self, db: World, session: Session) -> None:
        session.add_all([self.make() for _ in range(MANY)])
        session.commit()
        for board in session.scalars(current(Board)):
            board.tags.insert(0, "first")
        session.commit()
        both = [(1, False, "create", self.old), (2, True, "update", self.new)]
        assert self.stored(db) == both * MANY
