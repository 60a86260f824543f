"""Row 17: JSON and lists that are changed in place, by tracking or with flag_modified."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON
from sqlalchemy.ext.mutable import MutableDict, MutableList
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.orm.attributes import flag_modified

from tests.versioning.shapes.walk import Walk
from tests.versioning.world import World
from webapp.versioning import ChangeRecord, Versioned, install_guards


class Base(DeclarativeBase):
    pass


class Change(ChangeRecord, Base):
    __tablename__ = "change"


class Sheet(Versioned, Base):
    __tablename__ = "sheet"

    facts: Mapped[dict[str, Any]] = mapped_column(MutableDict.as_mutable(JSON()))
    members: Mapped[list[Any] | None] = mapped_column(MutableList.as_mutable(JSON()))
    plain: Mapped[Any] = mapped_column(JSON)


install_guards(Base.metadata)

FIRST: dict[str, Any] = {
    "facts": {"a": 1, "deep": {"b": [1, 2]}},
    "members": [1, "two", None],
    "plain": {"on": True, "n": 1.5},
}


class TestTracked(Walk):
    model = Sheet
    first = FIRST
    second = {"facts": {"a": 2, "deep": {"b": [1, 2]}}, "members": [1, "two", None, 4]}

    def edit(self, obj: Any) -> None:
        """In place, where it is not so yet."""
        obj.facts["a"] = 2
        if len(obj.members) == 3:
            obj.members.append(4)


class TestNested(Walk):
    model = Sheet
    first = FIRST
    second = {"facts": {"a": 1, "deep": {"b": [1, 3]}}, "plain": {"on": 1, "n": 1.5}}

    def edit(self, obj: Any) -> None:
        """Where nobody tracks, flag_modified() tells; and Python takes True and 1 for equal."""
        obj.facts["deep"]["b"][1] = 3
        flag_modified(obj, "facts")
        obj.plain = {"on": 1, "n": 1.5}

    def test_a_flag_without_a_change(self, db: World, session: Session) -> None:
        obj = self.added(session)
        assert obj.facts == FIRST["facts"]
        obj.plain = {"on": True, "n": 1.5}
        flag_modified(obj, "members")
        session.commit()
        assert [row[0] for row in self.stored(db)] == [1]

    def test_the_old_version_in_memory_keeps_its_value(self, session: Session) -> None:
        obj = self.added(session)
        assert obj.facts["a"] == 1
        self.edit(obj)
        session.commit()
        older = session.get(Sheet, (obj.id, 1))
        assert older is not None
        assert (older.facts, older.plain) == (FIRST["facts"], FIRST["plain"])
        assert older.facts is not obj.facts
