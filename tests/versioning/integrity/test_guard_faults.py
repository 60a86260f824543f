"""A database tells which of its guards do not stand."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError

from tests.versioning.models import Base, Change, Note
from tests.versioning.world import World, edited_note, world
from webapp.versioning import GuardFault, guard_faults, mend_guards


def faults(notes: World) -> list[GuardFault]:
    with notes.behind() as connection:
        return guard_faults(connection, Base.metadata)


def on(notes: World) -> str:
    return "" if notes.is_sqlite else " ON note"


def test_a_new_database_has_them_all(notes: World) -> None:
    assert faults(notes) == []


def test_a_table_that_is_not_there_is_passed_over(db: World) -> None:
    assert faults(db) == []


def test_a_trigger_dropped(notes: World) -> None:
    notes.sql(f"DROP TRIGGER note_guard_delete{on(notes)}")
    assert faults(notes) == [GuardFault("note", "note_guard_delete", "missing")]


def test_the_index_dropped(notes: World) -> None:
    notes.sql("DROP INDEX uq_note_one_current")
    assert faults(notes) == [GuardFault("note", "uq_note_one_current", "missing")]


def test_a_trigger_with_another_rule(notes: World) -> None:
    if notes.is_sqlite:
        notes.sql("DROP TRIGGER note_guard_update")
        notes.sql(
            "CREATE TRIGGER note_guard_update BEFORE UPDATE ON note WHEN 0"
            " BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
        assert faults(notes) == [GuardFault("note", "note_guard_update", "altered")]
    else:
        notes.sql(
            "CREATE OR REPLACE FUNCTION versioning_refuse() RETURNS trigger LANGUAGE plpgsql"
            " AS 'BEGIN RETURN NEW; END'"
        )
        found = faults(notes)
        assert {each.state for each in found} == {"altered"}
        assert GuardFault("note", "note_guard_update", "altered") in found
        assert GuardFault("change", "change_guard_update", "altered") in found


@pytest.mark.parametrize("how", ["DISABLE", "ENABLE REPLICA"])
def test_a_trigger_switched_off(postgresql_url: str, how: str) -> None:

    with world(postgresql_url) as db:
        db.create(Change, Note)
        db.sql(f"ALTER TABLE note {how} TRIGGER note_guard_truncate")
        assert faults(db) == [GuardFault("note", "note_guard_truncate", "off")]


def test_mending_makes_what_does_not_stand_anew_and_it_works(notes: World) -> None:
    notes.sql(f"DROP TRIGGER note_guard_delete{on(notes)}")
    notes.sql("DROP INDEX uq_note_one_current")
    if notes.is_sqlite:
        notes.sql("DROP TRIGGER note_guard_update")
        notes.sql("CREATE TRIGGER note_guard_update BEFORE UPDATE ON note BEGIN SELECT 1; END")
    else:
        notes.sql("ALTER TABLE note DISABLE TRIGGER note_guard_update")
    with notes.behind() as connection:
        mended = mend_guards(connection, Base.metadata)
    assert [each.state for each in mended].count("missing") == 2
    assert len(mended) == 3
    assert faults(notes) == []
    edited_note(notes.session(), "one", "two")
    for statement in ("DELETE FROM note", "UPDATE note SET title = 'x' WHERE version_id = 1"):
        with pytest.raises(IntegrityError, match="append-only"):
            notes.sql(statement)


def test_mending_changes_nothing_where_rows_are_in_the_way(notes: World) -> None:
    edited_note(notes.session(), "one", "two")
    notes.sql("DROP INDEX uq_note_one_current")
    notes.unguarded("UPDATE note SET is_current_version = true")
    before = faults(notes)
    with pytest.raises(IntegrityError), notes.behind() as connection:
        mend_guards(connection, Base.metadata)
    assert faults(notes) == before
