"""Deleting a record that others refer to: refused, cascaded or set to NULL; never dangling."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from sqlalchemy import delete, insert, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tests.versioning.references.trade import (
    Annex,
    Category,
    Change,
    Contract,
    Line,
    Poster,
    Product,
    Supplier,
    Terms,
    add,
)
from tests.versioning.world import World
from webapp.versioning import (
    DanglingReference,
    Referrer,
    RestoreClash,
    StillReferenced,
    current,
    restore,
    undo,
    undo_change,
)


def supplied(session: Session, products: int = 1) -> Supplier:
    supplier = Supplier(name="one")
    add(session, supplier, *(Product(name="nail", supplier=supplier) for _ in range(products)))
    return supplier


def test_refused_with_the_list_of_those_that_refer(trade: World, session: Session) -> None:
    session.delete(supplied(session, 2))
    with pytest.raises(StillReferenced, match=r"Product 1 .* Product 2") as caught:
        session.commit()
    assert caught.value.referrers == (
        Referrer(Product, 1, "supplier", Supplier, 1),
        Referrer(Product, 2, "supplier", Supplier, 1),
    )
    assert caught.value.total == 2
    session.rollback()
    assert trade.rows(Supplier) == [(1, 1, True)]


def test_a_long_list_is_cut_and_counted(trade: World, session: Session) -> None:
    session.delete(supplied(session, 120))
    with pytest.raises(StillReferenced, match="and 110 more") as caught:
        session.commit()
    assert (len(caught.value.referrers), caught.value.total) == (100, 120)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (again.total, str(again)) == (120, str(caught.value))


def test_refused_while_someone_follows(trade: World, session: Session) -> None:
    terms = Terms(text="one")
    add(session, Contract(title="a", terms=terms), Poster(terms=terms))
    session.delete(terms)
    with pytest.raises(StillReferenced) as caught:
        session.commit()
    assert {r.model for r in caught.value.referrers} == {Contract, Poster}


def test_a_pinned_version_stands_in_nobodys_way(trade: World, session: Session) -> None:
    line = add(session, Line(product=Product(name="nail")))
    session.delete(line.product)
    session.commit()
    assert (line.product_version_id, line.product.name) == (1, "nail")
    assert [row[2] for row in trade.rows(Product)] == [False, True]


def test_free_once_those_that_refer_are_deleted_or_lead_elsewhere(
    trade: World, session: Session
) -> None:
    supplier = supplied(session, 2)
    first, second = session.scalars(current(Product).order_by(Product.id))
    session.delete(supplier)
    session.delete(first)
    second.supplier = Supplier(name="two")
    session.commit()
    assert trade.rows(Supplier, "version_op")[1] == (1, 2, True, "delete")


def test_old_versions_do_not_hold_a_record(trade: World, session: Session) -> None:
    supplier = supplied(session)
    product = session.get_one(Product, (1, 1))
    product.supplier = None
    session.commit()
    session.delete(supplier)
    session.commit()
    old = session.get_one(Product, (1, 1))
    assert (old.supplier_id, old.supplier) == (1, None)


def test_cascaded_in_the_same_change(trade: World, session: Session) -> None:
    annex = add(session, Annex(contract=Contract(title="a")))
    session.delete(annex.contract)
    session.commit()
    assert trade.rows(Annex, "version_op", "change_id")[1:] == [(1, 2, True, "delete", 2)]
    assert trade.rows(Contract, "version_op", "change_id")[1:] == [(1, 2, True, "delete", 2)]


def test_cascaded_by_a_statement(trade: World, session: Session) -> None:
    add(session, Annex(contract=Contract(title="a")), Annex(contract=Contract(title="b")))
    session.execute(delete(Contract).where(Contract.title == "a"))
    session.commit()
    assert [row[:3] for row in trade.rows(Annex)] == [(1, 1, False), (1, 2, True), (2, 1, True)]


def test_set_to_null_as_a_version(trade: World, session: Session) -> None:
    root = Category(name="root")
    leaf = add(session, Category(name="leaf", parent=root), root)
    session.delete(root)
    session.commit()
    assert (leaf.parent, leaf.version_id) == (None, 2)
    assert [row[3:] for row in trade.rows(Category, "name", "parent_id") if row[0] == leaf.id] == [
        ("leaf", root.id),
        ("leaf", None),
    ]


def test_set_to_null_by_a_statement(trade: World, session: Session) -> None:
    root = Category(name="root")
    leaf = add(session, Category(name="leaf", parent=root), root)
    session.execute(delete(Category).where(Category.name == "root"))
    session.commit()
    assert (leaf.parent_id, leaf.version_id) == (None, 2)


def test_a_statement_is_refused_and_nothing_is_left_of_it(trade: World, session: Session) -> None:
    supplied(session)
    with pytest.raises(StillReferenced):
        session.execute(delete(Supplier))
    session.rollback()
    assert trade.rows(Supplier) == [(1, 1, True)]
    session.execute(delete(Product))
    session.execute(delete(Supplier))
    session.commit()
    assert session.scalars(current(Supplier)).all() == []


def test_a_reference_to_the_dead_is_refused_and_names_it(trade: World, session: Session) -> None:
    supplier = add(session, Supplier(name="one"))
    session.delete(supplier)
    session.commit()
    session.add(Product(name="nail", supplier_id=1))
    with pytest.raises(DanglingReference, match="Supplier 1") as caught:
        session.flush()
    session.rollback()
    assert caught.value.referrers == (Referrer(Product, 1, "supplier", Supplier, 1),)
    assert trade.count("product") == 0


def test_a_statement_that_sets_such_a_reference_is_refused(trade: World, session: Session) -> None:
    add(session, Product(name="nail"))
    with pytest.raises(DanglingReference, match="Supplier 7"):
        session.execute(update(Product).values(supplier_id=7))
    session.rollback()
    assert trade.rows(Product) == [(1, 1, True)]


def test_restoring_such_a_reference_is_refused_and_names_it(trade: World, session: Session) -> None:
    supplier = supplied(session)
    product = session.get_one(Product, (1, 1))
    session.delete(product)
    session.delete(supplier)
    session.commit()
    with pytest.raises(RestoreClash, match="Supplier 1"):
        restore(session, Product, 1, 1)
    with pytest.raises(RestoreClash, match="Supplier 1"):
        undo(session, Product, 1, 2)
    restore(session, Supplier, 1, 1)
    restore(session, Product, 1, 1)
    session.commit()
    assert session.scalars(current(Product)).one().supplier.name == "one"


def test_restoring_a_follower_leads_it_to_the_newest_version(
    trade: World, session: Session
) -> None:
    contract = add(session, Contract(title="a", terms=Terms(text="one")))
    contract.title = "b"
    session.commit()
    contract.terms.text = "two"
    session.commit()
    restore(session, Contract, 1, 1)
    session.commit()
    assert trade.rows(Contract, "title", "terms_version_id")[-1] == (1, 4, True, "a", 2)


def test_a_change_that_made_both_sides_is_undone_and_redone(trade: World, session: Session) -> None:
    supplied(session)
    undo_change(session, 1)
    session.commit()
    assert session.scalars(current(Supplier)).all() == []
    undo_change(session, 2)
    session.commit()
    assert session.scalars(current(Product)).one().supplier.name == "one"


def test_deleted_and_added_again_in_one_transaction_stays_referred_to(
    trade: World, session: Session
) -> None:
    supplier = supplied(session)
    session.delete(supplier)
    session.add(Supplier(id=1, name="again"))
    session.commit()
    assert session.scalars(current(Product)).one().supplier.name == "again"


def test_created_and_deleted_in_one_transaction(trade: World, session: Session) -> None:
    product = Product(name="nail", supplier=Supplier(name="one"))
    session.add(product)
    session.flush()
    session.delete(product.supplier)
    with pytest.raises(StillReferenced):
        session.flush()
    session.rollback()
    assert trade.count("supplier_record") == 0


# --- behind the core's back ---


def living(db: World) -> list[Any]:
    return db.sql("SELECT id, living FROM supplier_record ORDER BY id")


def test_the_table_of_records_knows_who_lives(trade: World, session: Session) -> None:
    first = add(session, Supplier(name="one"), Supplier(name="two"))
    first.name = "1"
    session.commit()
    assert living(trade) == [(1, True), (2, True)]
    session.delete(first)
    session.commit()
    assert living(trade) == [(1, None), (2, True)]
    restore(session, Supplier, 1, 1)
    session.commit()
    assert living(trade) == [(1, True), (2, True)]
    session.execute(delete(Supplier).where(Supplier.id == 2))
    session.commit()
    assert living(trade) == [(1, True), (2, None)]


def test_the_database_refuses_a_tombstone_of_what_is_referred_to(
    trade: World, session: Session
) -> None:
    supplied(session)
    close = (
        f"UPDATE supplier SET is_current_version = {'0' if trade.is_sqlite else 'false'},"
        " version_to = version_from"
    )
    copy = (
        "INSERT INTO supplier (id, version_id, name, is_current_version, version_from, version_op)"
        f" SELECT id, 2, name, {'1' if trade.is_sqlite else 'true'}, version_from, 'delete'"
        " FROM supplier"
    )
    with pytest.raises(IntegrityError), trade.behind() as connection:
        connection.execute(text(close))
        connection.execute(text(copy))
    assert trade.rows(Supplier) == [(1, 1, True)]


def test_the_database_refuses_a_reference_to_nobody(trade: World, session: Session) -> None:
    session.execute(insert(Product), [{"name": "nail", "supplier_id": 7}])
    with pytest.raises(IntegrityError):
        session.commit()


def test_records_that_were_there_before_are_found(db: World) -> None:
    tables = [model.__table__ for model in (Change, Supplier)]
    Supplier.metadata.create_all(db.engine, tables=tables)
    session = db.session(change_model=Change)
    add(session, Supplier(name="one"), Supplier(name="two"))
    db.unguarded("UPDATE supplier SET version_op = 'delete' WHERE id = 1", "supplier")
    session.close()
    Supplier.metadata.create_all(db.engine)
    assert living(db) == [(1, None), (2, True)]
