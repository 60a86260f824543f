"""The life of a record, whatever the shape of its model: each shape's file walks through it."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from sqlalchemy import inspect, select, update
from sqlalchemy.orm import Session

from tests.versioning.tables import create_tables
from tests.versioning.world import START, World
from webapp.versioning import (
    ChangeRecord,
    VersionConflict,
    as_of,
    blame,
    current,
    diff,
    restore,
    timeline,
    undo_change,
    what_changed,
)
from webapp.versioning.shape import data_columns

MANY = 7  # enough to be written as one set


class Shape:
    """Subclass it, or `Walk`, with a model, values to create a record with and to edit it to.

    `first` and `second` are attribute values; `rows` and `second_rows`, where given, are what the
    columns then hold. `swept` are the values that an ``update()`` sets, `second` unless told.
    """

    model: Any
    first: dict[str, Any]
    second: dict[str, Any]
    rows: dict[str, Any] | None = None
    second_rows: dict[str, Any] | None = None
    swept: dict[str, Any] | None = None

    def own(self, n: int) -> dict[str, Any]:
        """Values that tell the nth record from others: its id, where that is not allotted."""
        return {}

    def make(self, n: int = 0) -> Any:
        return self.model(**{**deepcopy(self.first), **self.own(n)})

    def edit(self, obj: Any) -> None:
        for name, value in deepcopy(self.second).items():
            setattr(obj, name, value)

    def assign(self, obj: Any, name: str, value: Any) -> None:
        setattr(obj, name, value)

    @property
    def old(self) -> dict[str, Any]:
        return self.first if self.rows is None else self.rows

    @property
    def new(self) -> dict[str, Any]:
        later = self.second if self.second_rows is None else self.second_rows
        return {**self.old, **later}

    @pytest.fixture
    def session(self, db: World) -> Session:
        made = self.open(db)
        create_tables(db.engine, self.model.metadata)
        return made

    def open(self, db: World, **options: Any) -> Session:
        mappers = self.model.registry.mappers
        recorder = next(m.class_ for m in mappers if issubclass(m.class_, ChangeRecord))
        return db.session(change_model=recorder, **options)

    def stored(self, db: World) -> list[tuple[Any, ...]]:
        """What the tables hold: (version, flag, operation, data by column), oldest first."""
        mapper = inspect(self.model)
        names = list(self.old)
        table = mapper.base_mapper.local_table
        query = (
            select(
                table.c.version_id,
                table.c.is_current_version,
                table.c.version_op,
                *(mapper.columns[name] for name in names),
            )
            .select_from(mapper.persist_selectable)
            .order_by(table.c.id, table.c.version_id)
        )
        with db.behind() as connection:
            return [
                (*row[:3], self.plain(dict(zip(names, row[3:], strict=True))))
                for row in connection.execute(query)
            ]

    def seen(self, obj: Any, values: dict[str, Any]) -> dict[str, Any]:
        return self.plain({name: getattr(obj, name) for name in values})

    def plain(self, values: dict[str, Any]) -> dict[str, Any]:
        """The values as they compare on every database."""
        return values

    def added(self, session: Session) -> Any:
        obj = self.make()
        session.add(obj)
        session.commit()
        return obj

    def one(self, session: Session) -> Any:
        return session.scalars(current(self.model)).one()


class Walk(Shape):
    """What a record of any shape lives through."""

    def test_an_untouched_flush_makes_no_version(self, db: World, session: Session) -> None:
        self.added(session)
        assert self.stored(db) == [(1, True, "create", self.old)]
        later = self.open(db)
        obj = self.one(later)
        assert self.seen(obj, self.first) == self.first
        for name in data_columns(self.model):
            if name in self.old:
                self.assign(obj, name, deepcopy(getattr(obj, name)))
        later.commit()
        assert self.stored(db) == [(1, True, "create", self.old)]

    def test_an_edit_is_a_version(self, db: World, session: Session) -> None:
        self.added(session)
        later = self.open(db)
        obj = self.one(later)
        self.edit(obj)
        later.flush()
        assert self.seen(obj, self.second) == self.second
        assert obj.version_id == 2
        later.commit()
        assert self.seen(obj, self.second) == self.second
        assert self.stored(db) == [
            (1, False, "create", self.old),
            (2, True, "update", self.new),
        ]

    def test_an_edit_that_is_rolled_back(self, db: World, session: Session) -> None:
        obj = self.added(session)
        self.edit(obj)
        session.flush()
        session.rollback()
        assert self.seen(obj, self.first) == self.first
        assert self.stored(db) == [(1, True, "create", self.old)]
        self.edit(obj)
        session.commit()
        assert self.stored(db)[1:] == [(2, True, "update", self.new)]

    def test_an_edit_amended_before_the_commit(self, db: World, session: Session) -> None:
        obj = self.added(session)
        self.edit(obj)
        session.flush()
        for name, value in deepcopy(self.first).items():
            setattr(obj, name, value)
        session.flush()
        self.edit(obj)
        session.commit()
        assert self.stored(db)[1:] == [(2, True, "update", self.new)]

    def test_many_edits_in_one_flush(self, db: World, session: Session) -> None:
        session.add_all([self.make(n) for n in range(MANY)])
        session.commit()
        for obj in session.scalars(current(self.model)).all():
            self.edit(obj)
        session.commit()
        both = [(1, False, "create", self.old), (2, True, "update", self.new)]
        assert self.stored(db) == both * MANY

    def test_an_update_statement(self, db: World, session: Session) -> None:
        session.add_all([self.make(n) for n in range(MANY)])
        session.commit()
        values = self.swept or self.second
        for _ in range(2):  # the second one finds nothing to alter
            session.execute(update(self.model).values(deepcopy(values)))
            session.commit()
        both = [(1, False, "create", self.old), (2, True, "update", self.new)]
        assert self.stored(db) == both * MANY
        obj = session.scalars(current(self.model)).first()
        assert obj is not None
        assert self.seen(obj, self.second) == self.second

    def test_what_was_asked_later(self, db: World, session: Session) -> None:
        obj = self.added(session)
        id = obj.id
        self.edit(obj)
        session.commit()
        asked = self.open(db)
        query = select(self.model).order_by(self.model.version_id)
        older, newer = asked.scalars(query).all()
        changed = {name for name in self.new if self.new[name] != self.old[name]}
        assert {change.name for change in diff(older, newer)} >= changed
        then = asked.scalars(as_of(self.model, older.version_from)).one()
        assert self.seen(then, self.first) == self.first
        assert asked.scalars(as_of(self.model, START)).all() == []
        latest, first = timeline(asked, self.model, id).entries
        assert [(each.flag, each.calculated) for each in (latest, first)] == [
            (True, True),
            (False, False),
        ]
        assert {change.name for change in latest.changes} >= changed
        assert {change.name for change in first.changes} >= {
            name for name, value in self.old.items() if value is not None
        } & set(data_columns(self.model))
        given = blame(asked, self.model, id)
        assert {name for name, found in given.items() if found.version_id == 2} >= changed
        (page,) = what_changed(asked, newer.change_id).models
        assert {change.name for change in page.records[0].changes} >= changed

    def test_a_restore(self, db: World, session: Session) -> None:
        obj = self.added(session)
        self.edit(obj)
        session.flush()
        id = obj.id
        session.commit()
        later = self.open(db)
        restore(later, self.model, id, 1)
        later.commit()
        assert self.seen(self.one(later), self.first) == self.first
        assert self.stored(db)[1:] == [
            (2, False, "update", self.new),
            (3, True, "restore", self.old),
        ]

    def test_an_undone_change(self, db: World, session: Session) -> None:
        obj = self.added(session)
        self.edit(obj)
        session.flush()
        edited = obj.change_id
        session.commit()
        later = self.open(db)
        undo_change(later, edited)
        later.commit()
        assert self.stored(db)[2:] == [(3, True, "update", self.old)]

    def test_a_deletion_and_the_id_once_more(self, db: World, session: Session) -> None:
        obj = self.added(session)
        id = obj.id
        session.delete(obj)
        session.commit()
        assert session.scalars(current(self.model)).all() == []
        again = self.make()
        again.id = id
        session.add(again)
        session.commit()
        assert self.stored(db) == [
            (1, False, "create", self.old),
            (2, False, "delete", self.old),
            (3, True, "create", self.old),
        ]
        session.delete(again)
        session.commit()
        restore(session, self.model, id, 3)
        session.commit()
        assert self.stored(db)[4:] == [(5, True, "restore", self.old)]

    def test_two_editors(self, db: World, session: Session) -> None:
        self.added(session)
        mine = self.open(db, expire_on_commit=False)
        stale = self.one(mine)
        mine.commit()
        theirs = self.open(db)
        self.edit(self.one(theirs))
        theirs.commit()
        self.edit(stale)
        with pytest.raises(VersionConflict) as caught:
            mine.commit()
        told = caught.value
        for side, values in ((told.base, self.old), (told.theirs, self.new)):
            plain = self.plain(dict(side))
            assert {name: plain[name] for name in values} == values
