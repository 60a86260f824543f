"""Importing attaches nothing; `enable_versioning` does, for one session or a factory of them."""

from __future__ import annotations

import gc
import subprocess
import sys

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from tests.versioning.models import Change, Note
from tests.versioning.world import World, add_note
from webapp.versioning import Versioned, enable_versioning

TWO_VERSIONS = [(1, 1, False, "one"), (1, 2, True, "two")]


def edit(session: Session) -> None:
    note = add_note(session)
    note.title = "two"
    session.commit()


def test_a_factory(notes: World) -> None:
    factory = sessionmaker(notes.engine)
    enable_versioning(factory)
    edit(notes.keep(factory()))
    assert notes.rows(Note, "title") == TWO_VERSIONS


def test_a_single_session(notes: World) -> None:
    session = notes.keep(Session(notes.engine))
    enable_versioning(session)
    edit(session)
    assert notes.rows(Note, "title") == TWO_VERSIONS


def test_a_scoped_session(notes: World) -> None:
    session = scoped_session(sessionmaker(notes.engine))
    enable_versioning(session)
    edit(notes.keep(session()))
    session.remove()
    assert notes.rows(Note, "title") == TWO_VERSIONS


def test_enabling_twice_is_enabling_once(notes: World) -> None:
    factory = sessionmaker(notes.engine)
    for _ in range(2):
        enable_versioning(factory, change_model=Change)
    session = notes.keep(factory())
    enable_versioning(session, change_model=Change)
    edit(session)
    assert notes.rows(Note, "title") == TWO_VERSIONS
    assert notes.count("change") == 2


def test_enabling_again_takes_the_new_settings(notes: World) -> None:
    factory = sessionmaker(notes.engine)
    enable_versioning(factory)
    enable_versioning(factory, change_model=Change)
    edit(notes.keep(factory()))
    assert notes.count("change") == 2


def test_the_info_of_a_factory_is_kept(notes: World) -> None:
    factory = sessionmaker(notes.engine, info={"mine": 1})
    enable_versioning(factory)
    assert factory(info={"more": 2}).info.keys() >= {"mine", "more"}
    edit(notes.keep(factory(info={"more": 2})))
    assert notes.rows(Note, "title") == TWO_VERSIONS


def test_two_factories_on_one_database(notes: World) -> None:
    first, second = notes.session(), notes.session(change_model=None)
    add_note(first)
    other = second.scalars(select(Note)).one()
    other.title = "two"
    second.commit()
    assert notes.rows(Note, "title") == TWO_VERSIONS
    assert [bool(row[3]) for row in notes.rows(Note, "change_id")] == [True, True]


def test_a_factory_at_the_address_of_one_that_is_gone_is_enabled_too(notes: World) -> None:
    for n in range(200):  # ids of objects are reused soon
        factory = sessionmaker(notes.engine)
        enable_versioning(factory)
        session = factory()
        assert list(session.dispatch.before_flush), n
        del factory, session
        if n % 50 == 0:
            gc.collect()


def test_a_session_that_is_not_enabled_is_stopped_by_the_guards(notes: World) -> None:
    add_note(notes.session())
    plain = notes.keep(Session(notes.engine))
    note = plain.scalars(select(Note)).one()
    note.title = "forged"
    with pytest.raises(IntegrityError, match="append-only"):
        plain.commit()
    plain.rollback()
    with pytest.raises(IntegrityError, match="append-only"):
        plain.execute(update(Note).values(title="forged"))
    plain.rollback()
    assert notes.rows(Note, "title") == [(1, 1, True, "one")]


def test_a_session_that_is_not_enabled_reads(notes: World) -> None:
    edit(notes.session())
    plain = notes.keep(Session(notes.engine))
    found = plain.execute(select(Note.version_id, Note.calc_is_current_version)).all()
    assert sorted(found) == [(1, False), (2, True)]


def test_other_models_of_an_enabled_session_are_left_alone(notes: World) -> None:
    session = notes.session()
    change = Change(at=notes.clock(), actor="Alice")
    session.add(change)
    session.commit()
    assert session.scalars(select(Change.actor)).all() == ["Alice"]


def test_importing_attaches_no_listener() -> None:
    script = """
import webapp.versioning
from sqlalchemy.orm import Session
for name in ("before_flush", "after_flush", "do_orm_execute", "after_soft_rollback"):
    assert not list(getattr(Session().dispatch, name)), name
assert "flask" not in __import__("sys").modules
"""
    subprocess.run([sys.executable, "-W", "error", "-c", script], check=True)


def test_the_base_class_itself_has_no_table() -> None:
    assert not hasattr(Versioned, "__table__")
