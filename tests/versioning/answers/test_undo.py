"""Undo takes back one version, and leaves alone what was changed after it."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from tests.versioning.answers.shop import Item, add, count, edit, remove
from webapp.versioning import (
    MASKED,
    FieldChange,
    LeftField,
    ReadOnlyVersion,
    RestoreClash,
    UnknownVersion,
    plan_undo,
    restore,
    undo,
)


def test_a_middle_version_where_its_fields_were_left_alone(session: Session) -> None:
    item = edit(session, add(session, Item(name="a", stock=1)), name="b", stock=2)
    edit(session, item, text="later")
    done = undo(session, Item, item.id, 2)
    session.commit()
    assert (item.version_id, item.name, item.stock, item.text) == (4, "a", 1, "later")
    assert (item.version_op, done.left) == ("update", ())
    assert done.changes == (FieldChange("name", "b", "a"), FieldChange("stock", 2, 1))


def test_what_was_changed_since_is_left_to_the_editor(session: Session) -> None:
    item = edit(session, add(session, Item(name="a", stock=1)), name="b", stock=2)
    edit(session, item, stock=9)
    done = undo(session, Item, item.id, 2)
    session.commit()
    assert (item.name, item.stock) == ("a", 9)
    assert done.left == (LeftField("stock", 1, 9),)


def test_masked_fields_are_undone_but_not_shown(session: Session) -> None:
    item = edit(session, add(session, Item(name="a", secret="x")), secret="y")
    assert undo(session, Item, item.id, 2).changes == (FieldChange("secret", MASKED, MASKED),)
    session.commit()
    assert item.secret == "x"
    edit(session, item, secret="z")
    assert plan_undo(session, Item, item.id, 3).left == (LeftField("secret", MASKED, MASKED),)


def test_the_newest_version_is_simply_back(session: Session) -> None:
    item = edit(session, add(session, Item(name="a", tags=["x"], notes="n")), tags=["y"], notes="m")
    undo(session, Item, item.id, 2)
    session.commit()
    assert (item.version_id, item.tags, item.notes) == (3, ["x"], "n")


def test_undone_already_makes_no_version(session: Session) -> None:
    item = edit(session, edit(session, add(session, Item(name="a")), name="b"), name="a")
    done = undo(session, Item, item.id, 2)
    session.commit()
    assert (done.operation, done.left, item.version_id) == (None, (), 3)


def test_of_version_1_is_a_deletion(session: Session) -> None:
    item = add(session, Item(name="a"))
    assert undo(session, Item, item.id, 1).operation == "delete"
    session.commit()
    assert (item.version_id, item.version_op) == (2, "delete")
    assert plan_undo(session, Item, item.id, 1).operation is None


def test_of_a_deletion_is_a_restore(session: Session) -> None:
    id = remove(session, add(session, Item(name="a", stock=4)))
    done = undo(session, Item, id, 2)
    session.commit()
    assert (done.record.version_id, done.record.version_op, done.record.stock) == (3, "restore", 4)
    assert plan_undo(session, Item, id, 2).operation is None


def test_of_a_restore_of_the_deleted_is_a_deletion(session: Session) -> None:
    id = remove(session, add(session, Item(name="a")))
    item = restore(session, Item, id, 1)
    session.commit()
    assert undo(session, Item, id, 3).operation == "delete"
    session.commit()
    assert item.version_op == "delete" and count(session, Item) == 4


def test_of_an_edit_of_what_is_deleted_is_refused(session: Session) -> None:
    id = remove(session, edit(session, add(session, Item(name="a")), name="b"))
    with pytest.raises(ReadOnlyVersion, match="restore it first"):
        undo(session, Item, id, 2)


def test_a_value_that_is_taken_is_named(session: Session) -> None:
    item = edit(session, add(session, Item(name="a", sku="S1")), sku="S2")
    add(session, Item(name="b", sku="S1"))
    with pytest.raises(RestoreClash, match="sku 'S1' is now taken"):
        undo(session, Item, item.id, 2)
    session.commit()
    assert item.version_id == 2


def test_no_such_version(session: Session) -> None:
    with pytest.raises(UnknownVersion):
        undo(session, Item, add(session, Item(name="a")).id, 7)
