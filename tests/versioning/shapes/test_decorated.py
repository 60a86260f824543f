"""Row 17: types of the model's own, and columns that the database computes."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, Computed, Dialect, String, TypeDecorator
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from tests.versioning.shapes.walk import Walk
from webapp.versioning import ChangeRecord, Versioned, install_guards


class Base(DeclarativeBase):
    pass


class Change(ChangeRecord, Base):
    __tablename__ = "change"


class Words(TypeDecorator[tuple[str, ...]]):
    """A tuple of words, stored as one text."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: tuple[str, ...] | None, dialect: Dialect) -> Any:
        return None if value is None else " ".join(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> tuple[str, ...] | None:
        return None if value is None else tuple(value.split())


class Facts(TypeDecorator[frozenset[str]]):
    """A set, stored as a sorted list in JSON."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: frozenset[str] | None, dialect: Dialect) -> Any:
        return None if value is None else sorted(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> frozenset[str] | None:
        return None if value is None else frozenset(value)


class Parcel(Versioned, Base):
    __tablename__ = "parcel"

    words: Mapped[tuple[str, ...]] = mapped_column(Words(20))
    facts: Mapped[frozenset[str] | None] = mapped_column(Facts)


class Box(Versioned, Base):
    __tablename__ = "box"

    width: Mapped[int]
    height: Mapped[int]
    area: Mapped[int] = mapped_column(Computed("width * height", persisted=True))


install_guards(Base.metadata)


class TestTypeDecorator(Walk):
    model = Parcel
    first = {"words": ("a", "b"), "facts": frozenset({"x", "y"})}
    second = {"words": ("a", "c"), "facts": frozenset({"x"})}


class TestComputed(Walk):
    model = Box
    first = {"width": 2, "height": 3}
    second = {"width": 4}
    rows = {"width": 2, "height": 3, "area": 6}
    second_rows = {"width": 4, "area": 12}

    def assign(self, obj: Any, name: str, value: Any) -> None:
        if name != "area":
            super().assign(obj, name, value)
