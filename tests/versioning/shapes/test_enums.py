"""Row 17: enums, of the database's own kind where it has one, and as text."""

from __future__ import annotations

import enum

from sqlalchemy import Enum
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from tests.versioning.shapes.walk import Walk
from webapp.versioning import ChangeRecord, Versioned, install_guards


class Base(DeclarativeBase):
    pass


class Change(ChangeRecord, Base):
    __tablename__ = "change"


class State(enum.Enum):
    OPEN = "open for all"
    SHUT = "shut"


class Door(Versioned, Base):
    __tablename__ = "door"

    state: Mapped[State]
    text: Mapped[State] = mapped_column(Enum(State, native_enum=False, name="state_text"))
    value: Mapped[State | None] = mapped_column(
        Enum(State, name="state_value", values_callable=lambda kind: [m.value for m in kind])
    )
    word: Mapped[str] = mapped_column(Enum("in", "out", name="direction"))


install_guards(Base.metadata)


class TestEnums(Walk):
    model = Door
    first = {"state": State.OPEN, "text": State.OPEN, "value": None, "word": "in"}
    second = {"state": State.SHUT, "text": State.SHUT, "value": State.OPEN, "word": "out"}
