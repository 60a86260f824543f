"""Row 10: a deletion is a tombstone; re-adding the id, or `restore`, continues the numbering."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.ext.mutable import MutableDict
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.types import JSON

from tests.versioning.models import Note
from tests.versioning.world import World, add_note, edited_note
from webapp.versioning import (
    ReadOnlyVersion,
    RecordExists,
    UnknownVersion,
    Versioned,
    as_of,
    current,
    restore,
)


def operations(notes: World) -> list[tuple[int, bool, str]]:
    return [row[1:] for row in notes.rows(Note, "version_op")]


def deleted_note(session: Session, *titles: str) -> int:
    note = edited_note(session, *(titles or ("one",)))
    id: int = note.id
    session.delete(note)
    session.commit()
    return id


def test_a_deletion_is_a_version(notes: World, session: Session) -> None:
    deleted_note(session)
    assert operations(notes) == [(1, False, "create"), (2, True, "delete")]


def test_the_tombstone_keeps_the_last_values(notes: World, session: Session) -> None:
    note = add_note(session, body="b", draft="d", stars=3)
    session.delete(note)
    session.commit()
    assert notes.rows(Note, "title", "body", "draft", "stars")[1][3:] == ("one", "b", "d", 3)


def test_a_deleted_record_is_not_current(session: Session) -> None:
    deleted_note(session)
    add_note(session, "alive")
    assert [note.title for note in session.scalars(current(Note))] == ["alive"]


def test_a_plain_select_returns_every_version(session: Session) -> None:
    deleted_note(session)
    assert len(session.scalars(select(Note)).all()) == 2


def test_flag_and_calculated_agree_on_a_tombstone(session: Session) -> None:
    deleted_note(session)
    found = session.execute(
        select(Note.is_current_version, Note.calc_is_current_version).order_by(Note.version_id)
    ).all()
    assert found == [(False, False), (True, True)]


def test_adding_the_id_again(notes: World, session: Session) -> None:
    id = deleted_note(session)
    again = Note(id=id, title="again")
    session.add(again)
    session.commit()
    assert (again.version_id, again.is_current_version) == (3, True)
    assert notes.rows(Note, "title", "version_op") == [
        (id, 1, False, "one", "create"),
        (id, 2, False, "one", "delete"),
        (id, 3, True, "again", "create"),
    ]


def test_adding_again_takes_no_old_values(notes: World, session: Session) -> None:
    note = add_note(session, body="b", stars=3)
    session.delete(note)
    session.commit()
    session.add(Note(id=note.id, title="again"))
    session.commit()
    assert notes.rows(Note, "body", "stars")[2][3:] == (None, 0)


def test_adding_the_id_of_a_living_record_is_refused(notes: World, session: Session) -> None:
    note = add_note(session)
    session.add(Note(id=note.id, title="other"))
    with pytest.raises(RecordExists):
        session.commit()
    session.rollback()
    assert notes.rows(Note, "title") == [(1, 1, True, "one")]


def test_adding_again_rolled_back(notes: World, session: Session) -> None:
    id = deleted_note(session)
    session.add(Note(id=id, title="again"))
    session.flush()
    session.rollback()
    assert operations(notes) == [(1, False, "create"), (2, True, "delete")]
    session.add(Note(id=id, title="again"))
    session.commit()
    assert len(operations(notes)) == 3


def test_delete_add_delete_add(notes: World, session: Session) -> None:
    id = deleted_note(session)
    for _ in range(2):
        again = Note(id=id, title="again")
        session.add(again)
        session.commit()
        session.delete(again)
        session.commit()
    assert [row[1] for row in operations(notes)] == [False] * 5 + [True]
    assert [row[2] for row in operations(notes)] == ["create", "delete"] * 3


def test_deleting_twice_is_refused(notes: World, session: Session) -> None:
    id = deleted_note(session)
    session.delete(session.get_one(Note, (id, 2)))
    with pytest.raises(ReadOnlyVersion, match="was deleted"):
        session.commit()
    session.rollback()
    assert len(operations(notes)) == 2


def test_deleting_a_superseded_version_is_refused(notes: World, session: Session) -> None:
    note = edited_note(session, "one", "two")
    session.delete(session.get_one(Note, (note.id, 1)))
    with pytest.raises(ReadOnlyVersion, match="superseded"):
        session.commit()
    session.rollback()
    assert len(operations(notes)) == 2


def test_deleting_discards_the_edit_before_it(notes: World, session: Session) -> None:
    note = add_note(session)
    note.title = "lost"
    session.delete(note)
    session.commit()
    assert [row[3] for row in notes.rows(Note, "title")] == ["one", "one"]


# --- restore ---


def test_restore_an_older_version(notes: World, session: Session) -> None:
    note = edited_note(session, "one", "two", body="b")
    assert restore(session, Note, note.id, 1) is note
    session.commit()
    assert notes.rows(Note, "title", "body", "version_op")[2] == (1, 3, True, "one", "b", "restore")
    assert (note.version_id, note.title) == (3, "one")


def test_restore_a_deleted_record(notes: World, session: Session) -> None:
    id = deleted_note(session, "one", "two")
    restored = restore(session, Note, id, 1)
    session.commit()
    assert (restored.version_id, restored.title) == (4, "one")
    assert operations(notes)[-1] == (4, True, "restore")
    assert session.scalars(current(Note)).all() == [restored]


def test_restore_a_deleted_record_to_its_last_values(notes: World, session: Session) -> None:
    id = deleted_note(session)
    restore(session, Note, id, 1)
    session.commit()
    assert operations(notes)[-1] == (3, True, "restore")


def test_restore_to_the_values_it_has_makes_no_version(notes: World, session: Session) -> None:
    note = edited_note(session, "one", "two", "one")
    restore(session, Note, note.id, 1)
    session.commit()
    assert len(operations(notes)) == 3
    note.title = "three"
    session.commit()
    assert operations(notes)[-1] == (4, True, "update")


def test_restore_the_newest_makes_no_version(notes: World, session: Session) -> None:
    note = edited_note(session, "one", "two")
    assert restore(session, Note, note.id, 2) is note
    session.commit()
    assert len(operations(notes)) == 2


@pytest.mark.parametrize(("id", "version"), [(1, 9), (1, 0), (9, 1), (2, 2)])
def test_what_cannot_be_restored(session: Session, id: int, version: int) -> None:
    add_note(session)
    deleted_note(session)  # its version 2 is a tombstone
    with pytest.raises(UnknownVersion):
        restore(session, Note, id, version)


def test_restore_brings_deferred_columns_back(notes: World, session: Session) -> None:
    note = add_note(session, draft="old")
    note.draft = "new"
    session.commit()
    session.expunge_all()
    restore(session, Note, 1, 1)
    session.commit()
    found = notes.rows(Note, "draft", "version_op")
    assert found[2][3:] == ("old", "restore")


def test_restore_leaves_counters_alone(notes: World, session: Session) -> None:
    note = edited_note(session, "one", "two")
    note.views = 7
    session.commit()
    restore(session, Note, note.id, 1)
    session.commit()
    assert notes.rows(Note, "views")[2] == (1, 3, True, 7)


def test_restore_over_an_unflushed_edit(notes: World, session: Session) -> None:
    note = edited_note(session, "one", "two")
    note.title = "three"
    restore(session, Note, note.id, 1)
    session.commit()
    assert notes.rows(Note, "title", "version_op")[2:] == [(1, 3, True, "one", "restore")]


def test_restore_then_edit_in_one_transaction(notes: World, session: Session) -> None:
    note = edited_note(session, "one", "two")
    restore(session, Note, note.id, 1).body = "more"
    session.commit()
    assert notes.rows(Note, "title", "body")[2] == (1, 3, True, "one", "more")


def test_restore_then_delete_in_one_transaction(notes: World, session: Session) -> None:
    note = edited_note(session, "one", "two")
    session.delete(restore(session, Note, note.id, 1))
    session.commit()
    assert operations(notes)[-1] == (3, True, "delete")


def test_restore_of_another_sessions_deletion(notes: World, session: Session) -> None:
    id = deleted_note(session)
    other = notes.session()
    restore(other, Note, id, 1)
    other.commit()
    assert operations(notes)[-1] == (3, True, "restore")


def test_the_restored_record_as_of_each_moment(notes: World, session: Session) -> None:
    id = deleted_note(session)
    restore(session, Note, id, 1)
    session.commit()
    times = [row[3] for row in notes.rows(Note, "version_from")]
    alive = [len(session.scalars(as_of(Note, at)).all()) for at in times]
    assert alive == [1, 0, 1]


class Base(DeclarativeBase):
    pass


class Doc(Versioned, Base):
    __tablename__ = "doc"
    data: Mapped[dict[str, int]] = mapped_column(MutableDict.as_mutable(JSON()))


def test_a_restored_mutable_value_is_the_new_rows_own(db: World) -> None:
    db.create(Doc)
    session = db.session(change_model=None)
    doc = Doc(data={"n": 1})
    session.add(doc)
    session.commit()
    doc.data["n"] = 2
    session.commit()
    first = session.get_one(Doc, (doc.id, 1))
    restore(session, Doc, doc.id, 1)
    doc.data["n"] = 3
    session.commit()
    assert [row[3]["n"] for row in db.rows(Doc, "data")] == [1, 2, 3]
    assert first.data == {"n": 1}
