"""Row 12: ``insert()`` on the ORM makes first versions; forms that could rewrite are refused."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tests.versioning.models import Note
from tests.versioning.world import World, add_note
from webapp.versioning import VersioningError


def test_rows(notes: World, session: Session) -> None:
    session.execute(insert(Note), [{"title": "a"}, {"title": "b", "body": "b"}])
    session.commit()
    assert notes.rows(Note, "title", "body", "version_op") == [
        (1, 1, True, "a", None, "create"),
        (2, 1, True, "b", "b", "create"),
    ]


def test_rows_bear_the_transactions_change_and_time(notes: World, session: Session) -> None:
    session.execute(insert(Note), [{"title": "a"}, {"title": "b"}])
    session.add(Note(title="c"))
    session.commit()
    assert len({row[3:] for row in notes.rows(Note, "change_id", "version_from")}) == 1
    assert notes.count("change") == 1


def test_one_row_and_values(notes: World, session: Session) -> None:
    session.execute(insert(Note), {"title": "a"})
    session.execute(insert(Note).values(title="b"))
    session.execute(insert(Note).values({Note.title: "c", Note.id: 9}))
    session.commit()
    assert notes.rows(Note, "title") == [(1, 1, True, "a"), (2, 1, True, "b"), (9, 1, True, "c")]


def test_given_ids_and_others(notes: World, session: Session) -> None:
    session.execute(insert(Note), [{"id": 5, "title": "a"}, {"id": None, "title": "b"}])
    session.execute(insert(Note), [{"title": "c"}])
    session.commit()
    found = {row[3]: row[0] for row in notes.rows(Note, "title")}
    assert found["a"] == 5
    assert len(set(found.values())) == 3


def test_returning(notes: World, session: Session) -> None:
    found = session.scalars(
        insert(Note).returning(Note, sort_by_parameter_order=True),
        [{"title": "a"}, {"title": "b"}],
    ).all()
    assert [(note.id, note.title, note.version_id) for note in found] == [(1, "a", 1), (2, "b", 1)]
    found[0].title = "edited"
    session.commit()
    assert notes.rows(Note, "title")[0] == (1, 1, True, "edited")


def test_edited_in_the_next_transaction(notes: World, session: Session) -> None:
    session.execute(insert(Note), [{"title": "a"}])
    session.commit()
    session.scalars(select(Note)).one().title = "b"
    session.commit()
    assert notes.rows(Note, "title") == [(1, 1, False, "a"), (1, 2, True, "b")]


def test_an_id_that_is_there(notes: World, session: Session) -> None:
    note = add_note(session)
    with pytest.raises(IntegrityError):
        session.execute(insert(Note), [{"id": note.id, "title": "b"}])
    session.rollback()
    assert len(notes.rows(Note)) == 1


def test_what_could_rewrite_is_refused(notes: World, session: Session) -> None:
    note = add_note(session)
    dialect = sqlite if notes.is_sqlite else postgresql
    upsert = dialect.insert(Note).values(id=note.id, version_id=1, title="forged")
    for statement in (
        upsert.on_conflict_do_update(index_elements=["id", "version_id"], set_={"title": "forged"}),
        upsert.on_conflict_do_nothing(),
        insert(Note).from_select(["id", "title"], select(Note.id + 1, Note.title)),
        insert(Note).values([{"title": "a"}, {"title": "b"}]),
        insert(Note).prefix_with("OR REPLACE").values(id=note.id, title="forged"),
    ):
        with pytest.raises((VersioningError, IntegrityError) if notes.is_sqlite else Exception):
            session.execute(statement)
        session.rollback()
    assert notes.rows(Note, "title") == [(1, 1, True, "one")]


def test_from_statement(notes: World, session: Session) -> None:
    statement = insert(Note).values(title="a").returning(Note)
    found = session.scalars(select(Note).from_statement(statement)).one()
    session.commit()
    assert (found.id, found.version_id) == (1, 1)


def test_many_rows_are_few_statements(notes: World) -> None:
    session = notes.session(change_model=None)
    with notes.executions() as seen:
        session.execute(insert(Note), [{"title": f"n{n}"} for n in range(1000)])
        session.commit()
    assert len(seen) <= 8
    assert len({row[0] for row in notes.rows(Note)}) == 1000


def test_add_all_and_statements_share_the_ids(notes: World, session: Session) -> None:
    session.add(Note(title="a"))
    session.execute(insert(Note), [{"title": "b"}])
    session.add(Note(title="c"))
    session.commit()
    assert [row[0] for row in notes.rows(Note)] == [1, 2, 3]
