"""Time: `as_of` at exact bounds, clocks that go back or stand still, one time a transaction."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from tests.versioning.models import Change, Note
from tests.versioning.world import SECOND, START, World, add_note, edited_note
from webapp.versioning import as_of, change, current, enable_versioning, live, restore

TICK = timedelta(microseconds=1)


def titles(session: Session, when: datetime, id: int | None = None) -> list[str]:
    return sorted(note.title for note in session.scalars(as_of(Note, when, id)))


def times(notes: World) -> list[datetime]:
    return [row[3] for row in notes.rows(Note, "version_from")]


@pytest.mark.parametrize("id", [None, 1])
def test_at_exact_bounds(notes: World, session: Session, id: int | None) -> None:
    edited_note(session, "one", "two", "three")
    one, two, three = times(notes)
    for when, expected in (
        (one - TICK, []),
        (one, ["one"]),
        (two - TICK, ["one"]),
        (two, ["two"]),
        (three - TICK, ["two"]),
        (three, ["three"]),
        (three + 1000 * SECOND, ["three"]),
    ):
        assert titles(session, when, id) == expected


@pytest.mark.parametrize("id", [None, 1])
def test_deleted_and_restored(notes: World, session: Session, id: int | None) -> None:
    note = add_note(session)
    session.delete(note)
    session.commit()
    restore(session, Note, 1, 1)
    session.commit()
    assert [titles(session, when, id) for when in times(notes)] == [["one"], [], ["one"]]


@pytest.mark.parametrize("id", [None, 1])
def test_deleted_and_added_again(notes: World, session: Session, id: int | None) -> None:
    session.delete(add_note(session))
    session.commit()
    session.add(Note(id=1, title="again"))
    session.commit()
    assert [titles(session, when, id) for when in times(notes)] == [["one"], [], ["again"]]


def test_of_many_records(notes: World, session: Session) -> None:
    edited_note(session, "a", "a2")
    add_note(session, "b")
    session.execute(update(Note).values(title=Note.title + "!"))
    session.commit()
    moments = sorted(set(times(notes)))
    assert [titles(session, when) for when in moments] == [
        ["a"],
        ["a2"],
        ["a2", "b"],
        ["a2!", "b!"],
    ]


def test_of_a_moment_in_another_zone(notes: World, session: Session) -> None:
    edited_note(session, "one", "two")
    local = times(notes)[1].astimezone(timezone(timedelta(hours=-7)))
    assert titles(session, local) == ["two"]
    assert titles(session, local - TICK, 1) == ["one"]


@pytest.mark.parametrize("id", [None, 1])
def test_a_moment_without_a_zone_is_refused(session: Session, id: int | None) -> None:
    with pytest.raises(ValueError, match="time zone"):
        session.scalars(as_of(Note, datetime(2030, 1, 1), id)).all()


def test_it_composes(session: Session) -> None:
    edited_note(session, "one", "two", stars=3)
    query = as_of(Note, START + SECOND).where(Note.stars > 2).order_by(Note.title)
    assert [note.title for note in session.scalars(query)] == ["one"]
    assert session.scalars(select(Note.title).where(live(Note))).all() == ["two"]
    assert session.scalars(current(Note).where(Note.title == "one")).all() == []


def test_times_come_back_aware_and_in_utc(session: Session) -> None:
    note = add_note(session)
    assert note.version_from.tzinfo is UTC
    assert note.version_from == START + SECOND
    assert note.version_to is None


def test_every_version_begins_where_the_last_one_ends(notes: World, session: Session) -> None:
    edited_note(session, "one", "two", "three", "four")
    found = notes.rows(Note, "version_from", "version_to")
    assert all(older[4] == newer[3] for older, newer in pairwise(found))
    assert found[-1][4] is None


def test_one_time_a_transaction(notes: World, session: Session) -> None:
    first, second = add_note(session, "a"), add_note(session, "b")
    first.title = "a2"
    session.flush()
    second.title = "b2"
    session.flush()
    session.add(Note(title="c"))
    session.execute(update(Note).where(Note.title == "c").values(body="x"))
    session.commit()
    assert len({row[3] for row in notes.rows(Note, "version_from") if row[2]}) == 1


@pytest.mark.parametrize("id", [None, 1])
def test_a_clock_that_goes_back(notes: World, session: Session, id: int | None) -> None:
    note = edited_note(session, "one", "two")
    notes.clock.now -= 3600 * SECOND
    note.title = "three"
    session.commit()
    session.execute(update(Note).values(title="four"))
    session.commit()
    session.delete(note)
    session.commit()
    restore(session, Note, 1, 1)
    session.commit()
    found = times(notes)
    assert found == sorted(found)
    assert len(set(found)) == 2
    assert titles(session, found[-1], id) == ["one"]
    assert titles(session, found[1] - TICK, id) == ["one"]


@pytest.mark.parametrize("id", [None, 1])
def test_two_changes_in_one_microsecond(notes: World, id: int | None) -> None:
    factory_session = notes.session()
    enable_versioning(factory_session, clock=lambda: START, change_model=Change)
    note = add_note(factory_session)
    for title in ("two", "three"):
        note.title = title
        factory_session.commit()
    assert set(times(notes)) == {START}
    assert titles(factory_session, START, id) == ["three"]
    assert titles(factory_session, START - TICK, id) == []


def test_a_clock_in_another_zone(notes: World) -> None:
    session = notes.session()
    local = datetime(2030, 5, 5, 12, tzinfo=timezone(timedelta(hours=2)))
    enable_versioning(session, clock=lambda: local, change_model=Change)
    assert add_note(session).version_from == datetime(2030, 5, 5, 10, tzinfo=UTC)


def test_times_of_long_ago_and_of_microseconds(notes: World, session: Session) -> None:
    moment = datetime(1875, 6, 7, 8, 9, 10, 123457, tzinfo=UTC)
    with change(session, at=moment):
        add_note(session)
    with change(session, at=moment + TICK):
        session.scalars(current(Note)).one().title = "two"
        session.commit()
    assert times(notes) == [moment, moment + TICK]
    assert titles(session, moment) == ["one"]


def test_the_order_of_moments_in_the_table(notes: World, session: Session) -> None:
    for year in (1950, 1970, 2030, 2500):
        with change(session, at=datetime(year, 1, 1, tzinfo=UTC)):
            add_note(session, str(year))
    found = session.scalars(select(Note.title).order_by(Note.version_from)).all()
    assert found == ["1950", "1970", "2030", "2500"]
    assert session.scalar(text("SELECT count(*) FROM note")) == 4
