"""`finish`: what belongs to a whole change is written with it, just before its commit."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event, update
from sqlalchemy.orm import Session, sessionmaker

from tests.versioning.models import Change, Note
from tests.versioning.world import World, add_note, edited_note
from webapp.versioning import ChangeMade, enable_versioning


@pytest.fixture
def made(notes: World) -> list[ChangeMade]:
    return []


@pytest.fixture
def session(notes: World, made: list[ChangeMade]) -> Session:
    """A session that writes down what it finished."""

    def finish(session: Session, change: ChangeMade) -> None:
        made.append(change)

    factory = sessionmaker(notes.engine)
    enable_versioning(factory, clock=notes.clock, change_model=Change, finish=finish)
    return notes.keep(factory())


def test_it_is_called_once_for_a_transaction(session: Session, made: list[ChangeMade]) -> None:
    note = edited_note(session, "one", "two")
    assert [(change.id, change.models) for change in made] == [(1, (Note,)), (2, (Note,))]
    assert made[-1].at == note.version_from


def test_of_a_statement_too(session: Session, made: list[ChangeMade]) -> None:
    add_note(session)
    session.execute(update(Note).values(title="two"))
    session.commit()
    assert [change.id for change in made] == [1, 2]


def test_not_where_nothing_was_versioned(session: Session, made: list[ChangeMade]) -> None:
    note = add_note(session)
    note.views += 1
    session.commit()
    session.commit()
    assert [change.id for change in made] == [1]


def test_not_at_the_end_of_a_savepoint(session: Session, made: list[ChangeMade]) -> None:
    with session.begin_nested():
        session.add(Note(title="one"))
    assert made == []
    session.commit()
    assert [change.id for change in made] == [1]


def test_not_of_what_was_rolled_back(session: Session, made: list[ChangeMade]) -> None:
    session.add(Note(title="one"))
    session.flush()
    session.rollback()
    session.commit()
    assert made == []


def test_again_when_somebody_edits_after_it(session: Session, made: list[ChangeMade]) -> None:
    note = add_note(session)

    def late(session: Session) -> None:
        note.body = "late"

    event.listen(session, "before_commit", late)
    note.title = "two"
    session.commit()
    assert [change.id for change in made] == [1, 2, 2]
    assert note.body == "late"


def test_what_it_writes_is_part_of_the_transaction(notes: World) -> None:
    def finish(session: Session, change: ChangeMade) -> None:
        session.add(Note(title=f"of change {change.id}"))
        session.flush()
        if not written:
            written.append(change)
            raise RuntimeError("no")

    written: list[Any] = []
    factory = sessionmaker(notes.engine)
    enable_versioning(factory, clock=notes.clock, change_model=Change, finish=finish)
    session = notes.keep(factory())
    session.add(Note(title="one"))
    with pytest.raises(RuntimeError):
        session.commit()
    session.rollback()
    assert notes.rows(Note) == []
    session.add(Note(title="two"))
    session.commit()
    titles = [title for *_, title in notes.rows(Note, "title")]
    assert len(titles) == 2 and titles[1].startswith("of change")
