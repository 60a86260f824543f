"""Each version has its digest when its transaction commits, over what is stored."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import create_engine, event, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, sessionmaker

from tests.versioning.digests.conftest import digests_in, recomputed, without_guards
from tests.versioning.digests.models import Boat, Change, Tag, Thing, Truck
from tests.versioning.world import World
from webapp.versioning import ChangeMade, Versioned, enable_versioning, keep_digests, restore


def kept_of(world: World, model: Any) -> list[tuple[Any, int]]:
    """The versions that have a digest, which must be the right one."""
    found = digests_in(world, model.__table__.name)
    assert found == recomputed(world, model)
    return list(found)


def added(session: Session, *names: str) -> list[Tag]:
    tags = [Tag(name=name) for name in names]
    session.add_all(tags)
    session.commit()
    return tags


def test_of_objects(kept: World, session: Session) -> None:
    one, two = added(session, "one", "two")
    one.name = "1"
    session.delete(two)
    session.commit()
    restore(session, Tag, two.id, 1)
    session.commit()
    assert kept_of(kept, Tag) == [(1, 1), (1, 2), (2, 1), (2, 2), (2, 3)]


def test_of_statements(kept: World, session: Session) -> None:
    added(session, "one", "two")
    session.execute(update(Tag).values(name=Tag.name + "!"))
    session.commit()
    assert kept_of(kept, Tag) == [(1, 1), (1, 2), (2, 1), (2, 2)]


def test_of_nothing_where_all_was_taken_back(kept: World, session: Session) -> None:
    tag = Tag(name="one")
    session.add(tag)
    session.flush()
    session.delete(tag)
    session.commit()
    assert kept_of(kept, Tag) == []


def test_of_links(kept: World, session: Session) -> None:
    one, two = added(session, "one", "two")
    thing = Thing(name="x", tags=[one])
    session.add(thing)
    session.commit()
    thing.tags = [two]
    session.commit()
    thing.name = "y"
    session.commit()
    assert kept_of(kept, Thing) == [(1, 1), (1, 2), (1, 3)]
    without_guards(kept, "DELETE FROM thing_tags WHERE removed_in = 2")
    found, wanted = digests_in(kept, "thing"), recomputed(kept, Thing)
    assert [found[1, n] == wanted[1, n] for n in (1, 2, 3)] == [False, False, True]


def test_of_parts_in_other_tables(kept: World, session: Session) -> None:
    session.add_all([Truck(id="t", name="one", load=1), Boat(id="b", name="one", load=1)])
    session.commit()
    truck = session.get_one(Truck, ("t", 1))
    truck.load = 2
    session.commit()
    truck.trips += 1
    session.commit()
    assert kept_of(kept, Truck.__mro__[1]) == [("b", 1), ("t", 1), ("t", 2)]


def test_it_is_that_of_the_last_values_of_the_transaction(kept: World, session: Session) -> None:
    (tag,) = added(session, "one")
    for name in ("two", "three"):
        tag.name = name
        session.flush()
    session.execute(update(Tag).values(name="four"))
    session.commit()
    assert kept_of(kept, Tag) == [(1, 1), (1, 2)]


BEFORE_THE_COMMIT = {
    "altered": "UPDATE tag SET name = 'three' WHERE version_id = 2",
    "joined": "INSERT INTO tag (id, version_id, name, is_current_version, version_from, version_op,"
    " change_id) SELECT 9, 1, 'nine', is_current_version, version_from, 'create', change_id"
    " FROM tag WHERE version_id = 2",
    "its change altered": "UPDATE change SET reason = 'three' WHERE id = 2",
}


@pytest.mark.parametrize("how", BEFORE_THE_COMMIT)
def test_of_what_sql_made_of_it_before_the_commit(kept: World, session: Session, how: str) -> None:
    (tag,) = added(session, "one")
    session.rollback()
    kept.unguarded("DELETE FROM tag_digest WHERE id = 0", table="tag")
    kept.unguarded("DELETE FROM tag_digest WHERE id = 0", table="change")
    tag.name = "two"
    session.flush()
    session.execute(text(BEFORE_THE_COMMIT[how]))
    session.commit()
    assert kept_of(kept, Tag) == [(1, 1), (1, 2), *([(9, 1)] if how == "joined" else [])]


def test_without_a_prepared_engine(sqlite_url: str) -> None:
    class Base(DeclarativeBase):
        pass

    class Note(Versioned, Base):
        __tablename__ = "note"
        text: Mapped[str]

    keep_digests(Base.metadata)
    engine = create_engine(sqlite_url)
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        enable_versioning(session)
        note = Note(text="one")
        session.add(note)
        session.commit()
        note.text = "two"
        session.commit()
    assert kept_of(World(engine), Note) == [(1, 1), (1, 2)]
    engine.dispose()


def test_not_of_what_is_written_in_place(kept: World, session: Session) -> None:
    thing = Thing(name="x")
    session.add(thing)
    session.commit()
    thing.views += 1
    session.commit()
    assert kept_of(kept, Thing) == [(1, 1)]


@pytest.mark.parametrize("how", ["edits", "creates", "forgets"])
def test_what_comes_after_it_has_it_replaced(kept: World, session: Session, how: str) -> None:
    (tag,) = added(session, "one")
    new = Tag(name="new")

    def late(session: Session) -> None:
        if how == "edits":
            tag.name = "three"
        elif how == "creates":
            session.add(Tag(name="late"))
        else:
            session.delete(new)

    event.listen(session, "before_commit", late, once=True)
    tag.name = "two"
    if how == "forgets":
        session.add(new)
    session.commit()
    more = [(2, 1)] if how == "creates" else []
    assert kept_of(kept, Tag) == [(1, 1), (1, 2), *more]


def test_of_what_is_made_while_the_change_is_finished(kept: World) -> None:
    def finish(session: Session, change: ChangeMade) -> None:
        if change.models == (Thing,):
            session.add(Tag(name="finished"))

    factory = sessionmaker(kept.engine)
    enable_versioning(factory, clock=kept.clock, change_model=Change, finish=finish)
    session = kept.keep(factory())
    session.add(Thing(name="x"))
    session.commit()
    assert kept_of(kept, Tag) == [(1, 1)]
    assert kept_of(kept, Thing) == [(1, 1)]


def test_none_is_left_of_what_was_rolled_back(kept: World, session: Session) -> None:
    (tag,) = added(session, "one")
    with session.begin_nested() as nested:
        tag.name = "two"
        session.flush()
        nested.rollback()
    session.commit()
    tag.name = "three"
    session.flush()
    session.rollback()
    assert kept_of(kept, Tag) == [(1, 1)]


@pytest.mark.parametrize("count", [1, 2, 5, 6, 12])
def test_of_any_number_in_batches(
    kept: World, session: Session, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr("webapp.versioning.digest_rows.BATCH", 5)
    monkeypatch.setattr("webapp.versioning.digest_rows.KEYS", 2)
    tags = added(session, "a")
    session.add_all([Thing(name=f"n{n}", tags=tags) for n in range(count)])
    session.commit()
    assert len(kept_of(kept, Thing)) == count


def test_where_no_changes_are_recorded(kept: World) -> None:
    session = kept.session(None)
    session.add(Tag(name="one"))
    session.commit()
    assert kept_of(kept, Tag) == [(1, 1)]


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM tag_digest",
        "UPDATE tag_digest SET version_id = 9",
        "UPDATE tag_digest SET change_id = NULL",
        "UPDATE tag_digest SET digest = marks",
    ],
)
def test_nobody_else_rewrites_one(kept: World, session: Session, statement: str) -> None:
    added(session, "one")
    session.rollback()
    with pytest.raises(IntegrityError, match="append-only"):
        kept.sql(statement)
    assert kept_of(kept, Tag) == [(1, 1)]
