"""Restore brings values back, whole or in part, and finds what is in the way before the flush."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.versioning.answers.shop import Item, Maker, Place, add, count, edit, remove
from webapp.versioning import (
    MASKED,
    FieldChange,
    RestoreClash,
    VersioningError,
    plan_restore,
    restore,
)


def test_selected_fields_alone(session: Session) -> None:
    item = edit(session, add(session, Item(name="a", stock=1, notes="x")), name="b", stock=2)
    restore(session, Item, item.id, 1, fields=["stock"])
    session.commit()
    assert (item.version_id, item.name, item.stock, item.notes) == (3, "b", 1, "x")


@pytest.mark.parametrize("fields", [["nonsense"], ["views"], ["version_id"]])
def test_fields_that_cannot_come_back_are_refused(session: Session, fields: list[str]) -> None:
    item = add(session, Item(name="a"))
    with pytest.raises(VersioningError, match=fields[0]):
        restore(session, Item, item.id, 1, fields=fields)


def test_an_identical_state_makes_no_version_and_says_so(session: Session) -> None:
    item = edit(session, edit(session, add(session, Item(name="a")), name="b"), name="a")
    plan = plan_restore(session, Item, item.id, 1)
    assert plan.identical and plan.changes == ()
    assert restore(session, Item, item.id, 1) is item
    session.commit()
    assert item.version_id == 3 and count(session, Item) == 3


def test_the_plan_shows_what_would_come_back(session: Session) -> None:
    item = edit(session, add(session, Item(name="a", secret="x")), name="b", secret="y")
    plan = plan_restore(session, Item, item.id, 1)
    assert not plan.identical and not session.dirty
    assert plan.changes == (FieldChange("name", "b", "a"), FieldChange("secret", MASKED, MASKED))


def test_a_unique_value_that_is_taken_is_named(session: Session) -> None:
    item = edit(session, add(session, Item(name="a", sku="S1")), sku="S2")
    other = add(session, Item(name="b", sku="S1"))
    with pytest.raises(RestoreClash, match=f"sku 'S1' is now taken by Item {other.id}") as caught:
        restore(session, Item, item.id, 1)
    (clash,) = caught.value.clashes
    assert (clash.fields, clash.values, clash.holder) == (("sku",), ("S1",), other.id)
    session.commit()
    assert item.version_id == 2


def test_a_deleted_record_whose_unique_value_is_taken(session: Session) -> None:
    id = remove(session, add(session, Item(name="a", sku="S1")))
    add(session, Item(name="b", sku="S1"))
    with pytest.raises(RestoreClash):
        restore(session, Item, id, 1)


def test_what_is_taken_does_not_matter_where_it_does_not_come_back(session: Session) -> None:
    item = edit(session, add(session, Item(name="a", sku="S1")), name="b", sku="S2")
    add(session, Item(name="c", sku="S1"))
    assert restore(session, Item, item.id, 1, fields=["name"]).sku == "S2"
    session.commit()


def test_a_reference_to_a_deleted_record_is_named(session: Session) -> None:
    maker = add(session, Maker(name="m"))
    item = edit(session, add(session, Item(name="a", maker_id=maker.id)), maker_id=None)
    gone = remove(session, maker)
    with pytest.raises(RestoreClash, match=f"refers to Maker {gone}, which is deleted"):
        restore(session, Item, item.id, 1)


def test_a_reference_to_a_row_without_versions(session: Session) -> None:
    place = add(session, Place())
    item = edit(session, add(session, Item(name="a", place_id=place.id)), place_id=None)
    assert plan_restore(session, Item, item.id, 1).clashes == ()
    plan = plan_restore(session, Item, item.id, 1)
    assert plan.altered == ("place_id",)


def test_a_model_may_know_of_more(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def more(session: Session, id: int, values: dict[str, Any]) -> list[Any]:
        asked.append((id, values["name"]))
        return []

    monkeypatch.setattr(Item, "restore_clashes", more, raising=False)
    item = edit(session, add(session, Item(name="a")), name="b")
    restore(session, Item, item.id, 1)
    assert asked == [(item.id, "a")]
