"""Blame names the version that gave each field its present value."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from tests.versioning.answers.shop import Item, Shop, add, edit, remove
from webapp.versioning import UnknownVersion, blame, change, restore


def versions(session: Session, id: int) -> dict[str, int]:
    return {name: found.version_id for name, found in blame(session, Item, id).items()}


def test_each_field_bears_its_last_change(session: Session) -> None:
    item = add(session, Item(name="a", stock=1, tags={"n": 1}))
    with change(session, actor="alice", reason="count"):
        edit(session, item, stock=2)
    edit(session, item, tags={"n": 2})
    found = blame(session, Item, item.id)
    assert (found["name"].version_id, found["tags"].version_id) == (1, 3)
    stock = found["stock"]
    assert (stock.version_id, stock.actor, stock.reason) == (2, "alice", "count")
    assert stock.change_id is not None and stock.operation == "update"


def test_a_value_that_came_back_is_blamed_on_its_return(session: Session) -> None:
    item = add(session, Item(name="a"))
    edit(session, edit(session, item, name="b"), name="a")
    assert versions(session, item.id)["name"] == 3


def test_blame_of_an_older_version_knows_nothing_newer(session: Session) -> None:
    item = add(session, Item(name="a", stock=1))
    edit(session, edit(session, item, stock=2), name="b")
    found = blame(session, Item, item.id, version_id=2)
    assert (found["name"].version_id, found["stock"].version_id) == (1, 2)


def test_null_is_a_value_too(session: Session) -> None:
    item = add(session, Item(name="a", stock=None))
    edit(session, edit(session, item, stock=1), stock=None)
    assert versions(session, item.id)["stock"] == 3


def test_a_deletion_gives_no_value(session: Session) -> None:
    item = add(session, Item(name="a", stock=1))
    id = remove(session, edit(session, item, stock=2))
    assert versions(session, id) | {"name": 1, "stock": 2} == versions(session, id)


def test_it_reaches_past_a_restore_but_not_past_a_re_creation(session: Session) -> None:
    id = remove(session, add(session, Item(name="a", stock=1)))
    restore(session, Item, id, 1, fields=["name"])
    session.commit()
    assert versions(session, id)["stock"] == 1
    remove(session, session.get_one(Item, (id, 3)))
    add(session, Item(id=id, name="a", stock=1))
    assert set(versions(session, id).values()) == {5}


def test_counters_and_excluded_columns_are_left_out(session: Session) -> None:
    names = versions(session, add(session, Item(name="a")).id).keys()
    assert not {"views", "words"} & names and "secret" in names


def test_it_takes_two_statements(session: Session, shop: Shop) -> None:
    item = add(session, Item(name="a"))
    for n in range(20):
        edit(session, item, stock=n, name=f"a{n}")
    id = item.id
    with shop.statements() as seen:
        blame(session, Item, id)
    assert len(seen) == 2


def test_a_record_that_never_was(session: Session) -> None:
    with pytest.raises(UnknownVersion):
        blame(session, Item, 99)
