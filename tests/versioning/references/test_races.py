"""One deletes or edits a record while another refers to it: the database decides."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from tests.versioning.references.trade import (
    Base,
    Change,
    Contract,
    Poster,
    Product,
    Supplier,
    Terms,
    add,
)
from tests.versioning.world import World, world
from webapp.versioning import (
    DanglingReference,
    StillReferenced,
    VersioningError,
    current,
    enable_versioning,
)


@pytest.fixture
def busy(postgresql_url: str) -> Iterator[World]:
    """PostgreSQL alone lets two transactions write at once."""
    with world(postgresql_url) as made:
        Base.metadata.create_all(made.engine)
        yield made


def other(db: World, **options: Any) -> Session:
    """A session on another connection."""
    return db.session(change_model=Change, **options)


def repeatable(db: World) -> tuple[Session, Engine]:
    """A session whose transactions see one snapshot."""
    engine = create_engine(db.engine.url, isolation_level="REPEATABLE READ")
    session = db.keep(Session(engine))
    enable_versioning(session, clock=db.clock, change_model=Change)
    return session, engine


def after(seconds: float, work: Callable[[], Any]) -> threading.Thread:
    thread = threading.Thread(target=lambda: (threading.Event().wait(seconds), work()))
    thread.start()
    return thread


def test_who_deletes_waits_for_who_refers_and_is_refused(busy: World) -> None:
    alice, bob = other(busy), other(busy)
    supplier = add(alice, Supplier(name="one"))
    bob.add(Product(name="nail", supplier_id=1))
    bob.flush()
    alice.delete(supplier)
    thread = after(0.3, bob.commit)
    with pytest.raises(StillReferenced, match="Product 1"):
        alice.commit()
    thread.join()
    alice.rollback()
    assert busy.rows(Supplier) == [(1, 1, True)]


def test_who_refers_waits_for_who_deletes_and_is_refused(busy: World) -> None:
    alice, bob = other(busy), other(busy)
    alice.delete(add(alice, Supplier(name="one")))
    alice.flush()
    bob.add(Product(name="nail", supplier_id=1))
    thread = after(0.3, alice.commit)
    with pytest.raises(DanglingReference, match="Supplier 1"):
        bob.commit()
    thread.join()
    bob.rollback()
    assert busy.count("product") == 0


def test_who_deletes_in_an_older_snapshot_is_refused_by_the_database(busy: World) -> None:
    bob = other(busy)
    alice, engine = repeatable(busy)
    add(bob, Supplier(name="one"))
    supplier = alice.get_one(Supplier, (1, 1))
    add(bob, Product(name="nail", supplier_id=1))
    alice.delete(supplier)
    with pytest.raises((IntegrityError, OperationalError)):
        alice.commit()
    alice.rollback()
    alice.close()
    engine.dispose()
    assert busy.rows(Supplier) == [(1, 1, True)]


def test_who_refers_in_an_older_snapshot_is_refused_by_the_database(busy: World) -> None:
    bob = other(busy)
    alice, engine = repeatable(busy)
    supplier = add(bob, Supplier(name="one"))
    assert alice.get_one(Supplier, (1, 1)).name == "one"
    bob.delete(supplier)
    bob.commit()
    alice.add(Product(name="nail", supplier_id=1))
    with pytest.raises((VersioningError, IntegrityError, OperationalError)):
        alice.commit()
    alice.rollback()
    alice.close()
    engine.dispose()
    assert busy.count("product") == 0


def test_a_statement_behind_the_cores_back_is_decided_too(busy: World) -> None:
    alice, bob = other(busy), other(busy)
    supplier = add(alice, Supplier(name="one"))
    add(bob, Product(name="nail"))
    alice.delete(supplier)
    alice.flush()
    thread = after(0.3, alice.commit)
    with pytest.raises(IntegrityError):
        busy.unguarded("UPDATE product SET supplier_id = 1", "product")
    thread.join()


def test_two_files_handles_on_sqlite(sqlite_url: str) -> None:
    """There the second writer waits, and then sees what the first has done."""
    with world(sqlite_url) as db:
        Base.metadata.create_all(db.engine)
        alice, bob = other(db), other(db)
        add(alice, Supplier(name="one"))
        alice.delete(alice.get_one(Supplier, (1, 1)))
        alice.flush()
        bob.add(Product(name="nail", supplier_id=1))
        thread = after(0.3, alice.commit)
        with pytest.raises(DanglingReference):
            bob.commit()
        thread.join()
        bob.rollback()
        assert db.count("product") == 0


def test_a_parent_added_while_its_child_is_edited(busy: World) -> None:
    alice, bob = other(busy), other(busy)
    terms = add(alice, Terms(text="one"))
    bob.add(Contract(title="a", terms=bob.get_one(Terms, (1, 1))))
    terms.text = "two"
    alice.flush()
    thread = after(0.3, alice.commit)
    bob.commit()
    thread.join()
    assert busy.rows(Contract, "terms_version_id") == [(1, 1, True, 2)]
    assert bob.scalars(current(Contract)).one().terms.text == "two"


def test_a_child_edited_while_a_parent_is_added(busy: World) -> None:
    alice, bob = other(busy), other(busy)
    terms = add(alice, Terms(text="one"))
    bob.add(Contract(title="a", terms=bob.get_one(Terms, (1, 1))))
    bob.add(Poster(terms=bob.get_one(Terms, (1, 1))))
    bob.flush()
    terms.text = "two"
    thread = after(0.3, bob.commit)
    alice.commit()
    thread.join()
    assert busy.rows(Contract, "terms_version_id") == [(1, 1, False, 1), (1, 2, True, 2)]
    assert busy.sql("SELECT terms_version_id FROM poster") == [(2,)]


def test_a_child_edited_while_its_parent_is(busy: World) -> None:
    alice, bob = other(busy), other(busy)
    contract = add(alice, Contract(title="a", terms=Terms(text="one")))
    theirs = bob.get_one(Contract, (1, 1))
    theirs.title = "b"
    bob.flush()
    contract.terms.text = "two"
    thread = after(0.3, bob.commit)
    alice.commit()
    thread.join()
    assert busy.rows(Contract, "title", "terms_version_id") == [
        (1, 1, False, "a", 1),
        (1, 2, False, "b", 1),
        (1, 3, True, "b", 2),
    ]
