"""Many records at once: planned one by one, written as a set."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.versioning.answers.shop import Item, Maker, Shop, State, add, edit, remove
from webapp.versioning import (
    MASKED,
    SelectionChanged,
    VersionConflict,
    act_on_many,
    change,
    plan_many,
)


def items(session: Session, *names: str, **values: Any) -> list[int]:
    made = [Item(name=name, **values) for name in names]
    session.add_all(made)
    session.commit()
    return [item.id for item in made]


def newest(session: Session, id: int) -> Item:
    query = select(Item).where(Item.id == id, Item.is_current_version)
    return session.scalars(query.execution_options(populate_existing=True)).one()


def do(session: Session, action: Any, ids: list[int], **values: Any) -> int:
    with change(session, reason="All"):
        done = act_on_many(session, plan_many(session, Item, action, dict.fromkeys(ids), values))
        session.commit()
    return done


def why(session: Session, action: Any, chosen: dict[Any, Any], **values: Any) -> dict[Any, str]:
    return {each.id: each.why for each in plan_many(session, Item, action, chosen, values).skipped}


def test_a_field_is_set_on_each_as_one_change(session: Session) -> None:
    ids = items(session, "a", "b", state=State.NEW)
    assert do(session, "set", ids, state=State.ON_SALE, stock=3) == 2
    rows = [newest(session, id) for id in ids]
    assert [(r.name, r.state, r.stock, r.version_id) for r in rows] == [
        ("a", State.ON_SALE, 3, 2),
        ("b", State.ON_SALE, 3, 2),
    ]
    assert rows[0].change_id == rows[1].change_id and rows[0].version_op == "update"


def test_deleted_records_live_again_with_the_values_that_they_had(session: Session) -> None:
    ids = items(session, "a", "b", tags=["x"])
    assert do(session, "delete", ids) == 2
    assert do(session, "restore", ids) == 2
    rows = [newest(session, id) for id in ids]
    assert [(r.name, r.tags, r.version_id, r.version_op) for r in rows] == [
        ("a", ["x"], 3, "restore"),
        ("b", ["x"], 3, "restore"),
    ]


@pytest.mark.parametrize("action", ["set", "delete", "restore"])
def test_it_takes_the_same_statements_for_few_and_for_many(
    shop: Shop, session: Session, action: Any
) -> None:
    counts = []
    for number in (3, 300):
        ids = items(session, *(f"{number}-{n}" for n in range(number)), sku=None)
        if action == "restore":
            do(session, "delete", ids)
        with shop.statements() as seen:
            assert do(session, action, ids, **({"notes": "x"} if action == "set" else {})) == number
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 10, counts


def test_what_has_the_value_already_is_left(session: Session) -> None:
    a, b = items(session, "a", "b")
    edit(session, newest(session, a), tags=[1])
    assert why(session, "set", {a: 2, b: 1}, tags=[1]) == {a: "same"}
    assert why(session, "set", {a: 2, b: 1}, tags=[True]) == {}


def test_what_was_saved_since_is_left(session: Session) -> None:
    a, b = items(session, "a", "b")
    edit(session, newest(session, a), stock=1)
    assert why(session, "set", {a: 1, b: 1}, name="c") == {a: "stale"}
    assert why(session, "delete", {a: 1, b: 1}) == {a: "stale"}


def test_the_deleted_the_living_and_the_unknown_are_told_apart(session: Session) -> None:
    a, b = items(session, "a", "b")
    remove(session, newest(session, a))
    chosen = {a: 1, b: 1, 99: None, 2**62: None}
    unknown = {99: "unknown", 2**62: "unknown"}
    assert why(session, "delete", chosen) == {a: "deleted", **unknown}
    assert why(session, "restore", {a: 2, b: 1}) == {b: "alive"}


def test_a_unique_value_of_another_is_left_and_names_it(session: Session) -> None:
    (holder,) = items(session, "holder", sku="S")
    (a,) = items(session, "a")
    (skipped,) = plan_many(session, Item, "set", {a: 1}, {"sku": "S"}).skipped
    assert skipped.why == "taken" and skipped.clash and skipped.clash.holder == holder


def test_a_unique_value_cannot_be_set_on_several(session: Session) -> None:
    ids = items(session, "a", "b")
    assert set(why(session, "set", dict.fromkeys(ids), sku="S").values()) == {"shared"}
    assert why(session, "set", {ids[0]: 1}, sku="S") == {}
    assert why(session, "set", dict.fromkeys(ids), sku=None) == dict.fromkeys(ids, "same")


def test_two_deleted_records_of_one_unique_value_cannot_both_live(session: Session) -> None:
    (a,) = items(session, "a", sku="S")
    remove(session, newest(session, a))
    (b,) = items(session, "b", sku="S")
    assert why(session, "restore", {a: 2}) == {a: "taken"}
    remove(session, newest(session, b))
    assert why(session, "restore", {a: 2, b: 2}) == {a: "shared", b: "shared"}


def test_a_reference_to_a_deleted_record_is_in_the_way(session: Session) -> None:
    maker = add(session, Maker(name="Acme"))
    (a,) = items(session, "a", maker_id=maker.id)
    remove(session, newest(session, a))
    assert why(session, "restore", {a: 2}) == {}
    id = remove(session, maker)
    (skipped,) = plan_many(session, Item, "restore", {a: 2}).skipped
    assert skipped.why == "gone" and skipped.clash
    assert (skipped.clash.holder_model, skipped.clash.holder) == (Maker, id)
    assert why(session, "set", {items(session, "b")[0]: 1}, maker_id=id) != {}


def test_a_clash_never_holds_a_masked_value(session: Session) -> None:
    Item.__masked__ = ("secret", "sku")
    try:
        items(session, "holder", sku="S")
        (skipped,) = plan_many(
            session, Item, "set", {items(session, "a")[0]: 1}, {"sku": "S"}
        ).skipped
    finally:
        Item.__masked__ = ("secret",)
    assert skipped.clash and skipped.clash.values == (MASKED,)


@pytest.mark.parametrize("action", ["set", "delete"])
def test_a_save_between_plan_and_act_stops_it_all(
    shop: Shop, session: Session, action: Any
) -> None:
    a, b = items(session, "a", "b")
    plan = plan_many(session, Item, action, {a: 1, b: 1}, {"stock": 5} if action == "set" else {})
    session.rollback()
    with shop.factory() as other:
        edit(other, newest(other, b), stock=9)
    with pytest.raises((SelectionChanged, VersionConflict)):
        act_on_many(session, plan)
    session.rollback()
    assert (newest(session, a).version_id, newest(session, b).stock) == (1, 9)


def test_a_restore_between_plan_and_act_stops_it_all(shop: Shop, session: Session) -> None:
    a, b = items(session, "a", "b")
    do(session, "delete", [a, b])
    plan = plan_many(session, Item, "restore", {a: 2, b: 2})
    session.rollback()
    with shop.factory() as other:
        act_on_many(other, plan_many(other, Item, "restore", {b: 2}))
        other.commit()
    with pytest.raises((SelectionChanged, VersionConflict)):
        act_on_many(session, plan)
    session.rollback()
    assert newest(session, a).version_op == "delete" and newest(session, b).version_id == 3


def test_nothing_to_do_opens_no_change(session: Session) -> None:
    (a,) = items(session, "a", stock=1)
    before = newest(session, a).change_id
    assert do(session, "set", [a], stock=1) == 0
    (b,) = items(session, "b")
    assert newest(session, b).change_id == before + 1
