"""Pinned: a reference to one version stays on it."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tests.versioning.references.trade import Line, Product, add
from tests.versioning.world import World
from webapp.versioning import ReadOnlyVersion, restore


def test_it_stays_when_the_record_goes_on(trade: World, session: Session) -> None:
    product = Product(name="nail")
    line = add(session, Line(product=product))
    product.name = "screw"
    session.commit()
    session.expire(line)
    assert (line.product.name, line.product.version_id) == ("nail", 1)
    assert trade.rows(Line, "product_id", "product_version_id") == [(1, 1, True, 1, 1)]


def test_it_stays_when_its_owner_goes_on(trade: World, session: Session) -> None:
    product = Product(name="nail")
    line = add(session, Line(product=product))
    product.name = "screw"
    session.commit()
    line.quantity = 2
    session.commit()
    assert trade.rows(Line, "product_version_id") == [(1, 1, False, 1), (1, 2, True, 1)]


def test_what_is_edited_in_the_same_flush_is_pinned_as_it_will_be(
    trade: World, session: Session
) -> None:
    product = add(session, Product(name="nail"))
    product.name = "screw"
    line = add(session, Line(product=product))
    assert (line.product_version_id, line.product) == (2, product)


def test_a_restore_brings_the_pin_back(trade: World, session: Session) -> None:
    product = Product(name="nail")
    line = add(session, Line(product=product))
    product.name = "screw"
    line.product = product
    session.commit()
    assert line.product_version_id == 2
    restore(session, Line, 1, 1)
    session.commit()
    session.expire(line)
    assert (line.version_id, line.product.name) == (3, "nail")


def test_a_version_that_is_not_there_is_refused(trade: World, session: Session) -> None:
    add(session, Product(name="nail"))
    session.add(Line(product_id=1, product_version_id=2))
    with pytest.raises(IntegrityError):
        session.commit()


def test_the_pinned_version_is_read_only(trade: World, session: Session) -> None:
    product = Product(name="nail")
    line = add(session, Line(product=product))
    product.name = "screw"
    session.commit()
    session.expire(line)
    line.product.name = "bolt"
    with pytest.raises(ReadOnlyVersion):
        session.commit()
