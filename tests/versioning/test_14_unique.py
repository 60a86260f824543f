"""Row 14: unique among the live current rows, so that version 2 does not clash with version 1."""

from __future__ import annotations

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session

from tests.versioning.world import World
from webapp.versioning import Versioned, VersioningError, current_unique, restore


class Base(DeclarativeBase):
    pass


class Ware(Versioned, Base):
    __tablename__ = "ware"
    __table_args__ = (current_unique("sku"), current_unique("shelf", "place", name="one_a_place"))

    sku: Mapped[str]
    shelf: Mapped[int | None]
    place: Mapped[int | None]
    name: Mapped[str | None]


@pytest.fixture
def wares(db: World) -> Session:
    db.create(Ware)
    session = db.session(change_model=None)
    session.add_all([Ware(sku="a"), Ware(sku="b"), Ware(sku="c")])
    session.commit()
    return session


def current_skus(db: World) -> list[tuple[int, int, str]]:
    return [(row[0], row[1], row[3]) for row in db.rows(Ware, "sku") if row[2]]


def get(session: Session, id: int) -> Ware:
    return session.get_one(Ware, (id, 1))


def test_an_edit_does_not_clash_with_its_own_past(db: World, wares: Session) -> None:
    ware = get(wares, 1)
    for name in ("x", "y"):
        ware.name = name
        wares.commit()
    assert current_skus(db)[0] == (1, 3, "a")


def test_two_of_one_value_are_refused(db: World, wares: Session) -> None:
    wares.add(Ware(sku="a"))
    with pytest.raises(IntegrityError):
        wares.commit()
    wares.rollback()
    get(wares, 2).sku = "a"
    with pytest.raises(IntegrityError):
        wares.commit()
    wares.rollback()
    assert current_skus(db) == [(1, 1, "a"), (2, 1, "b"), (3, 1, "c")]


def test_a_value_of_the_past_is_free(db: World, wares: Session) -> None:
    get(wares, 1).sku = "z"
    wares.commit()
    get(wares, 2).sku = "a"
    wares.commit()
    assert current_skus(db) == [(1, 2, "z"), (2, 2, "a"), (3, 1, "c")]


def test_a_deleted_records_value_is_free(db: World, wares: Session) -> None:
    wares.delete(get(wares, 1))
    wares.commit()
    wares.add(Ware(sku="a"))
    wares.commit()
    assert current_skus(db) == [(1, 2, "a"), (2, 1, "b"), (3, 1, "c"), (4, 1, "a")]


def test_deleted_and_used_again_in_one_flush(db: World, wares: Session) -> None:
    one, two, three = (get(wares, id) for id in (1, 2, 3))
    wares.delete(one)
    wares.add(Ware(sku="a"))
    three.sku = "b"
    wares.delete(two)
    wares.commit()
    assert current_skus(db) == [(1, 2, "a"), (2, 2, "b"), (3, 2, "b"), (4, 1, "a")]


def test_given_away_and_taken_in_one_flush(db: World, wares: Session) -> None:
    one, two = get(wares, 1), get(wares, 2)
    one.sku, two.sku = "z", "a"
    wares.add(Ware(sku="b"))
    wares.commit()
    assert current_skus(db) == [(1, 2, "z"), (2, 2, "a"), (3, 1, "c"), (4, 1, "b")]


def test_two_swap_in_one_flush(db: World, wares: Session) -> None:
    one, two = get(wares, 1), get(wares, 2)
    one.sku, two.sku = two.sku, one.sku
    wares.commit()
    assert current_skus(db) == [(1, 2, "b"), (2, 2, "a"), (3, 1, "c")]


def test_three_rotate_in_one_flush(db: World, wares: Session) -> None:
    one, two, three = (get(wares, id) for id in (1, 2, 3))
    one.sku, two.sku, three.sku = two.sku, three.sku, one.sku
    wares.commit()
    assert current_skus(db) == [(1, 2, "b"), (2, 2, "c"), (3, 2, "a")]


def test_a_statement_that_shifts_all(db: World, wares: Session) -> None:
    wares.execute(update(Ware).values(sku=Ware.sku + "1"))
    wares.commit()
    assert current_skus(db) == [(1, 2, "a1"), (2, 2, "b1"), (3, 2, "c1")]


def test_several_columns(db: World, wares: Session) -> None:
    get(wares, 1).shelf, get(wares, 1).place = 1, 1
    get(wares, 2).shelf, get(wares, 2).place = 1, 2
    wares.commit()
    wares.get_one(Ware, (2, 2)).place = 1
    with pytest.raises(IntegrityError):
        wares.commit()


def test_nulls_do_not_clash(wares: Session) -> None:
    wares.add(Ware(sku="d", shelf=1))
    wares.add(Ware(sku="e", shelf=1))
    wares.commit()


def test_a_restore_of_a_value_that_is_taken(db: World, wares: Session) -> None:
    wares.delete(get(wares, 1))
    wares.add(Ware(sku="a"))
    wares.commit()
    with pytest.raises((IntegrityError, VersioningError)):
        restore(wares, Ware, 1, 1)
        wares.commit()
    wares.rollback()
    assert current_skus(db)[0] == (1, 2, "a")


def test_adding_a_deleted_record_with_a_value_that_is_taken(db: World, wares: Session) -> None:
    wares.delete(get(wares, 1))
    wares.commit()
    wares.add(Ware(id=1, sku="b"))
    with pytest.raises(IntegrityError):
        wares.commit()
    wares.rollback()
    assert current_skus(db)[0] == (1, 2, "a")
