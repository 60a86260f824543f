"""Undo of a whole change: all its records, or none."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from tests.versioning.answers.shop import Change, Item, Maker, Shop, add, count, edit, remove
from webapp.versioning import (
    UndoBlocked,
    UnknownChange,
    change,
    current,
    plan_undo_change,
    undo_change,
)


def last_change(session: Session) -> int:
    found = session.scalar(select(func.max(Change.id)))
    assert found is not None
    return found


def mixed(session: Session) -> tuple[Item, Item, int, int]:
    """One change: an item edited, one created, a maker deleted."""
    item, maker = add(session, Item(name="a", stock=1)), add(session, Maker(name="m"))
    maker_id, new = maker.id, Item(name="new")
    item.name = "b"
    session.add(new)
    session.delete(maker)
    session.commit()
    return item, new, maker_id, last_change(session)


def test_edits_creations_and_deletions_as_one_change(session: Session) -> None:
    item, _new, maker_id, number = mixed(session)
    with change(session, actor="bob"):
        done = undo_change(session, number, reason="a mistake")
    session.commit()
    assert done.versions == {Item: 2, Maker: 1}
    assert [row.id for row in session.scalars(current(Item))] == [item.id]
    assert (item.name, item.version_id) == ("a", 3)
    assert [row.id for row in session.scalars(current(Maker))] == [maker_id]
    made = session.get_one(Change, last_change(session))
    assert (made.actor, made.reason) == ("bob", f"Undo of change {number}: a mistake")
    ops = {row.version_op for row in session.scalars(select(Item).where(Item.change_id == made.id))}
    assert ops == {"update", "delete"}


def test_an_undo_can_be_undone(session: Session) -> None:
    _item, _new, _maker_id, number = mixed(session)
    undo_change(session, number)
    session.commit()
    undo_change(session, last_change(session))
    session.commit()
    assert {row.name for row in session.scalars(current(Item))} == {"b", "new"}
    assert not list(session.scalars(current(Maker)))


def test_repeated_it_finds_nothing_left(session: Session) -> None:
    *_, number = mixed(session)
    undo_change(session, number)
    session.commit()
    versions, changes = count(session, Item), last_change(session)
    assert undo_change(session, number).versions == {Item: 0, Maker: 0}
    session.commit()
    assert (count(session, Item), last_change(session)) == (versions, changes)


def test_what_is_in_the_way_is_listed_and_nothing_is_written(session: Session) -> None:
    item, new, maker_id, number = mixed(session)
    edit(session, item, name="c")
    edit(session, new, stock=7)
    add(session, Maker(name="m"))
    before = count(session, Item), count(session, Maker)
    with pytest.raises(UndoBlocked) as caught:
        undo_change(session, number)
    found = {(c.model, c.id, c.kind, c.fields, c.values) for c in caught.value.clashes}
    assert found == {
        (Item, item.id, "changed", ("name",), ("a",)),
        (Item, new.id, "changed", ("stock",), (None,)),
        (Maker, maker_id, "taken", ("name",), ("m",)),
    }
    session.commit()
    assert before == (count(session, Item), count(session, Maker))


def test_a_later_deletion_is_in_the_way_of_an_edit(session: Session) -> None:
    item = edit(session, add(session, Item(name="a")), name="b")
    number = last_change(session)
    remove(session, item)
    with pytest.raises(UndoBlocked, match="changed since"):
        undo_change(session, number)


def test_values_that_swap_are_not_in_each_others_way(session: Session) -> None:
    one, two = add(session, Item(name="1", sku="S1")), add(session, Item(name="2", sku="S2"))
    one.sku, two.sku = "S2", "S1"
    session.commit()
    undo_change(session, last_change(session))
    session.commit()
    assert (one.sku, two.sku) == ("S1", "S2")


def test_a_reference_to_the_deleted_unless_it_comes_back_too(session: Session) -> None:
    maker = add(session, Maker(name="m"))
    item = add(session, Item(name="a", maker_id=maker.id))
    item.maker_id = None
    session.delete(maker)
    session.commit()
    together = last_change(session)
    undo_change(session, together)
    session.commit()
    assert item.maker_id == maker.id
    edit(session, item, maker_id=None)
    alone = last_change(session)
    remove(session, session.scalars(current(Maker)).one())
    with pytest.raises(UndoBlocked, match="refers to Maker"):
        undo_change(session, alone)


def test_a_bulk_change_of_thousands_costs_a_fixed_number_of_statements(
    session: Session, shop: Shop
) -> None:
    session.add_all(Item(name=f"n{n}", sku=f"S{n}", stock=n) for n in range(2000))
    session.commit()
    counts = []
    for limit in (10, 2000):
        session.execute(update(Item).where(Item.stock < limit).values(name=Item.name + "!"))
        session.commit()
        number = last_change(session)
        session.expunge_all()
        with shop.statements() as seen:
            assert undo_change(session, number).versions == {Item: limit}
            session.commit()
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 12
    assert session.scalar(
        select(func.count()).where(Item.name.endswith("!"), Item.version_id == 1)
    ) in (0, None)


def test_a_bulk_deletion_and_a_bulk_creation(session: Session, shop: Shop) -> None:
    session.add_all(Item(name=f"n{n}", sku=f"S{n}") for n in range(600))
    session.commit()
    created = last_change(session)
    session.execute(delete(Item))
    session.commit()
    with shop.statements() as seen:
        undo_change(session, last_change(session))
        session.commit()
    assert len(list(session.scalars(current(Item)))) == 600 and len(seen) <= 12
    session.expunge_all()
    with shop.statements() as seen:
        undo_change(session, created)
        session.commit()
    assert not list(session.scalars(current(Item))) and len(seen) <= 14


def test_no_such_change(session: Session) -> None:
    with pytest.raises(UnknownChange):
        undo_change(session, 12345)


def test_the_plan_writes_nothing(session: Session) -> None:
    item, *_, number = mixed(session)
    plans = {plan.model: plan for plan in plan_undo_change(session, number)}
    assert plans[Item].edited == {item.id: {"name": "a"}} and plans[Maker].revived
    session.commit()
    assert item.version_id == 2
