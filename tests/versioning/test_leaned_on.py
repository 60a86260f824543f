"""What the core leans on in SQLAlchemy without a promise of its documentation.

Each of these tests fails first when an upgrade changes it.
"""

from __future__ import annotations

import inspect as python
from contextlib import suppress

import pytest
from sqlalchemy import insert, inspect, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import PendingRollbackError
from sqlalchemy.orm import InstanceState, Session, UOWTransaction
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.base import NO_VALUE
from sqlalchemy.orm.dependency import _DependencyProcessor

from tests.versioning.models import Note
from tests.versioning.references.trade import Article
from tests.versioning.world import add_note


def test_update_keeps_its_values_by_column() -> None:
    values = update(Note).values(title="x", stars=Note.stars + 1)._values
    assert values is not None
    assert {getattr(key, "key", key) for key in values} == {"title", "stars"}
    assert update(Note)._values is None


def test_update_keeps_ordered_values_there_too() -> None:
    values = update(Note).ordered_values((Note.title, "x"))._values
    assert values is not None
    assert [getattr(key, "key", key) for key in values] == ["title"]


def test_returning_keeps_what_a_select_takes() -> None:
    assert update(Note)._returning == ()
    wanted = update(Note).returning(Note, Note.stars + 1)._returning
    assert len(select(*wanted).selected_columns) == len(select(Note, Note.stars).selected_columns)


def test_insert_tells_upserts_and_many_values() -> None:
    assert insert(Note)._post_values_clause is None
    for dialect in (postgresql, sqlite):
        statement = dialect.insert(Note).on_conflict_do_nothing()
        assert statement._post_values_clause is not None
    assert insert(Note).values([{"title": "a"}])._multi_values
    assert not insert(Note).values(title="a")._multi_values
    assert insert(Note).from_select(["id"], select(Note.id)).select is not None


def test_a_select_from_a_statement_holds_it() -> None:
    statement = update(Note).returning(Note)
    assert select(Note).from_statement(statement).element is statement


def test_a_session_lets_go_of_deleted_objects() -> None:
    names = list(python.signature(Session._remove_newly_deleted).parameters)
    assert names == ["self", "states"]


def test_a_deleted_object_let_go_of_comes_back_with_a_rollback(session: Session) -> None:
    note = add_note(session)
    session.connection()
    session._remove_newly_deleted([inspect(note)])
    assert inspect(note).deleted
    session.rollback()
    assert inspect(note).persistent


def test_committed_state_holds_what_was_loaded(session: Session) -> None:
    note = add_note(session)
    state: InstanceState[Note] = inspect(note)
    assert note.title == "one"
    note.title = "two"
    assert state.committed_state == {"title": "one"}
    session.expire(note)
    note.title = "two"
    assert state.committed_state == {"title": NO_VALUE}
    session.rollback()


def test_a_flush_moves_an_object_whose_key_was_set_as_committed(session: Session) -> None:
    note = add_note(session)
    note.title = "two"
    session.flush()
    assert inspect(note).identity == (1, 2)
    assert session.identity_map.get(inspect(note).key) is note
    session.rollback()
    assert inspect(note).identity == (1, 1)


def test_a_transaction_can_be_failed_as_a_flush_fails_it(session: Session) -> None:
    add_note(session)
    session.connection()
    with suppress(ZeroDivisionError):
        try:
            1 / 0  # noqa: B018
        except ZeroDivisionError:
            session._autobegin_t()._begin().rollback(_capture_exception=True)
            raise
    with pytest.raises(PendingRollbackError, match="division"):
        session.commit()
    session.rollback()
    session.commit()


def test_a_session_registers_an_object_under_its_new_key(session: Session) -> None:
    assert list(python.signature(Session._register_persistent).parameters) == ["self", "states"]
    note = add_note(session)
    session.refresh(note)
    set_committed_value(note, "version_id", 2)
    session._register_persistent({inspect(note)})
    assert inspect(note).identity == (1, 2)
    session.rollback()
    assert inspect(note).identity == (1, 1)


def test_many_objects_move_to_their_new_keys_as_one_does(session: Session) -> None:
    """`move_on` does for many what `_register_persistent` does, whose parts it uses."""
    source = python.getsource(Session._register_persistent)
    for part in (
        "self.identity_map.safe_discard(state)",
        "trans._key_switches[state] = (",
        "state.key = instance_key",
        "self.identity_map.replace(state)",
        "InstanceState._commit_all_states(",
        "self._register_altered(states)",
    ):
        assert part in source
    note = add_note(session)
    note.title = "first"
    session.flush()
    state = inspect(note)
    assert state.identity == (1, 2) and not state.modified
    assert session.identity_map.get(state.key) is note
    savepoint = session.begin_nested()
    note.title = "second"
    session.flush()
    savepoint.rollback()
    assert state.identity == (1, 2) and note.title == "first"
    session.rollback()
    assert state.identity == (1, 1)
    assert session.identity_map.get(state.key) is note


def test_a_flush_asks_a_relationship_for_its_processor(session: Session) -> None:
    """Links put one that does nothing in its place: the flush would write their table itself."""
    relation = inspect(Article).relationships["tags"]
    assert not relation.viewonly
    assert relation._dependency_processor is not None
    assert not isinstance(relation._dependency_processor, _DependencyProcessor)
    source = python.getsource(UOWTransaction._per_mapper_flush_actions)
    assert "prop._dependency_processor" in source
    assert "dep.per_property_preprocessors(self)" in source


def test_an_object_registered_as_altered_is_read_anew_after_a_savepoint(session: Session) -> None:
    note = add_note(session)
    savepoint = session.begin_nested()
    session.refresh(note)
    session._register_altered([inspect(note)])
    savepoint.rollback()
    assert "title" in inspect(note).expired_attributes
