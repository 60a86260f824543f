"""Row 17: abstract bases, mixins, and tables named by a rule."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

from tests.versioning.shapes.walk import Walk
from webapp.versioning import ChangeRecord, Versioned, install_guards


class Base(DeclarativeBase):
    @declared_attr.directive
    def __tablename__(cls) -> str:
        return cls.__name__.lower()


class Change(ChangeRecord, Base):
    pass


class Named:
    name: Mapped[str]
    label: Mapped[str | None] = mapped_column("label_text", deferred=True)


class Kept(Versioned, Base):
    __abstract__ = True

    made: Mapped[datetime] = mapped_column(server_default=func.current_timestamp())


class Chair(Named, Kept):
    legs: Mapped[int]
    kind: Mapped[str]
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "chair"}


class Stool(Chair):
    """Has a table of its own, since the base names one for each class."""

    __mapper_args__ = {"polymorphic_identity": "stool"}

    round: Mapped[bool]


install_guards(Base.metadata)


class TestSubclass(Walk):
    model = Stool
    first = {"name": "one", "label": "l", "legs": 4, "round": True}
    second = {"name": "two", "round": False}


def test_each_class_has_its_table() -> None:
    assert Stool.__table__.name == "stool"
    assert list(Stool.__table__.c.keys()) == ["id", "version_id", "round"]
