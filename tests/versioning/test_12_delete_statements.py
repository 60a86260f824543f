"""Row 12: ``delete()`` on the ORM is rewritten into tombstones by sets."""

from __future__ import annotations

import pytest
from sqlalchemy import bindparam, delete, func, select
from sqlalchemy.orm import Session, aliased

from tests.versioning.models import Note
from tests.versioning.world import World
from webapp.versioning import VersioningError, current, live, restore


@pytest.fixture
def three(notes: World, session: Session) -> World:
    session.add_all([Note(title=title, stars=n + 1, draft="d") for n, title in enumerate("abc")])
    session.commit()
    return notes


def operations(db: World) -> list[tuple[int, int, str]]:
    return [(row[0], row[1], row[3]) for row in db.rows(Note, "version_op") if row[2]]


def test_every_matching_record_gets_a_tombstone(three: World, session: Session) -> None:
    result = session.execute(delete(Note).where(Note.stars > 1))
    session.commit()
    assert result.rowcount == 2  # type: ignore[attr-defined]
    assert three.rows(Note, "title", "draft", "version_op") == [
        (1, 1, True, "a", "d", "create"),
        (2, 1, False, "b", "d", "create"),
        (2, 2, True, "b", "d", "delete"),
        (3, 1, False, "c", "d", "create"),
        (3, 2, True, "c", "d", "delete"),
    ]
    assert [note.title for note in session.scalars(current(Note))] == ["a"]


@pytest.mark.parametrize("count", [1, 1000])
def test_at_most_five_statements(notes: World, count: int) -> None:
    session = notes.session(change_model=None)
    session.add_all([Note(title=f"n{n}") for n in range(count)])
    session.commit()
    with notes.executions() as seen:
        session.execute(delete(Note))
        session.commit()
    assert len([word for word in seen if word != "BEGIN"]) <= 5
    assert len(notes.rows(Note)) == 2 * count


def test_deleting_the_deleted(three: World, session: Session) -> None:
    for _ in range(2):
        session.execute(delete(Note))
        session.commit()
    assert operations(three) == [(n, 2, "delete") for n in (1, 2, 3)]


def test_no_match(three: World, session: Session) -> None:
    result = session.execute(delete(Note).where(Note.stars > 99))
    session.commit()
    assert (result.rowcount, len(three.rows(Note))) == (0, 3)  # type: ignore[attr-defined]


def test_the_legacy_query(three: World, session: Session) -> None:
    assert session.query(Note).filter_by(title="a").delete() == 1
    session.commit()
    assert operations(three)[0] == (1, 2, "delete")


def test_execution_parameters(three: World, session: Session) -> None:
    session.execute(delete(Note).where(Note.title == bindparam("t")), {"t": "b"})
    session.commit()
    assert operations(three)[1] == (2, 2, "delete")


def test_a_list_of_parameters(three: World, session: Session) -> None:
    statement = delete(Note).where(Note.title == bindparam("t"))
    with pytest.raises(VersioningError, match="one statement"):
        session.execute(statement, [{"t": "a"}, {"t": "b"}])
    session.rollback()
    assert len(three.rows(Note)) == 3


def test_a_subquery_over_the_same_table(three: World, session: Session) -> None:
    other = aliased(Note)
    most = select(func.max(other.stars)).where(live(other)).scalar_subquery()
    session.execute(delete(Note).where(Note.stars == most))
    session.commit()
    assert [row[2] for row in operations(three)] == ["create", "create", "delete"]


def test_returning(three: World, session: Session) -> None:
    statement = delete(Note).where(Note.stars > 1)
    found = session.execute(statement.returning(Note.id, Note.version_id)).all()
    assert sorted(found) == [(2, 2), (3, 2)]
    assert session.execute(statement.returning(Note.id)).all() == []


def test_loaded_objects_become_tombstones(three: World, session: Session) -> None:
    note = session.get_one(Note, (1, 1))
    session.execute(delete(Note).where(Note.id == 1))
    assert (note.version_id, note.version_op) == (2, "delete")
    session.commit()


def test_created_in_this_transaction_nothing_is_left(three: World, session: Session) -> None:
    new = Note(title="new")
    session.add(new)
    session.flush()
    session.execute(delete(Note).where(Note.title.in_(["new", "a"])))
    assert new not in session
    session.commit()
    assert operations(three) == [(1, 2, "delete"), (2, 1, "create"), (3, 1, "create")]


def test_edited_in_this_transaction_one_tombstone(three: World, session: Session) -> None:
    session.get_one(Note, (1, 1)).title = "edited"
    session.execute(delete(Note).where(Note.title == "edited"))
    session.commit()
    assert three.rows(Note, "title", "version_op")[:2] == [
        (1, 1, False, "a", "create"),
        (1, 2, True, "edited", "delete"),
    ]


def test_added_again_in_this_transaction(three: World, session: Session) -> None:
    session.execute(delete(Note).where(Note.id == 1))
    session.add(Note(id=1, title="again"))
    session.commit()
    assert three.rows(Note, "title")[:2] == [(1, 1, False, "a"), (1, 2, True, "again")]


def test_restored_in_this_transaction(three: World, session: Session) -> None:
    session.execute(delete(Note))
    restore(session, Note, 1, 1)
    session.commit()
    assert operations(three) == [(1, 2, "restore"), (2, 2, "delete"), (3, 2, "delete")]


def test_on_the_table_itself_it_is_refused(three: World, session: Session) -> None:
    with pytest.raises(VersioningError, match="mapped class"):
        session.execute(delete(Note.__table__))
    session.rollback()
    assert len(three.rows(Note)) == 3
