"""Following: a reference is re-pointed when its record gets a new version."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tests.versioning.references.trade import Annex, Contract, Knot, Poster, Terms, add
from tests.versioning.world import World


def posters(db: World) -> list[Any]:
    return db.sql("SELECT id, terms_id, terms_version_id FROM poster ORDER BY id")


def test_the_recipes_parent_follows_without_a_hook(trade: World, session: Session) -> None:
    poster = add(session, Poster(terms=Terms(text="one")))
    poster.terms.text = "two"
    session.commit()
    assert (poster.terms_version_id, poster.terms.version_id, poster.terms.text) == (2, 2, "two")
    assert posters(trade) == [(1, 1, 2)]
    assert trade.rows(Terms, "text") == [(1, 1, False, "one"), (1, 2, True, "two")]


def test_loaded_and_unloaded_parents_follow_alike(trade: World, session: Session) -> None:
    terms = Terms(text="one")
    loaded = add(session, Poster(terms=terms), Poster(terms=terms), Poster(terms=Terms(text="x")))
    session.expunge_all()
    loaded = session.get_one(Poster, 1)
    session.get_one(Terms, (1, 1)).text = "two"
    session.flush()
    assert loaded.terms_version_id == 2
    session.commit()
    assert posters(trade) == [(1, 1, 2), (2, 1, 2), (3, 2, 1)]


def test_a_versioned_parent_gets_a_version_of_its_own_in_the_change(
    trade: World, session: Session
) -> None:
    terms = Terms(text="one")
    loaded = add(session, Contract(title="a", terms=terms), Contract(title="b", terms=terms))
    other = session.get_one(Contract, (2, 1))
    session.expunge(other)
    terms.text = "two"
    session.commit()
    assert trade.rows(Contract, "title", "terms_id", "terms_version_id") == [
        (1, 1, False, "a", 1, 1),
        (1, 2, True, "a", 1, 2),
        (2, 1, False, "b", 1, 1),
        (2, 2, True, "b", 1, 2),
    ]
    assert (loaded.version_id, loaded.terms_version_id, loaded.terms) == (2, 2, terms)
    assert loaded.change_id == terms.change_id
    assert loaded.version_op == "update"


def test_an_object_that_moved_along_can_be_edited(trade: World, session: Session) -> None:
    contract = add(session, Contract(title="a", terms=Terms(text="one")))
    contract.terms.text = "two"
    session.commit()
    contract.title = "b"
    session.commit()
    assert trade.rows(Contract, "title", "terms_version_id") == [
        (1, 1, False, "a", 1),
        (1, 2, False, "a", 2),
        (1, 3, True, "b", 2),
    ]


def test_parent_and_child_edited_in_one_flush_get_one_version_each(
    trade: World, session: Session
) -> None:
    contract = add(session, Contract(title="a", terms=Terms(text="one")))
    contract.title, contract.terms.text = "b", "two"
    session.commit()
    assert trade.rows(Contract, "title", "terms_version_id") == [
        (1, 1, False, "a", 1),
        (1, 2, True, "b", 2),
    ]
    assert contract.terms_version_id == 2


def test_several_flushes_make_one_version_of_the_parent(trade: World, session: Session) -> None:
    contract = add(session, Contract(title="a", terms=Terms(text="one")))
    for text in ("two", "three"):
        contract.terms.text = text
        session.flush()
    contract.title = "b"
    session.commit()
    assert trade.rows(Contract, "title", "terms_version_id") == [
        (1, 1, False, "a", 1),
        (1, 2, True, "b", 2),
    ]


def test_what_follows_the_parent_follows_in_turn(trade: World, session: Session) -> None:
    annex = add(session, Annex(contract=Contract(title="a", terms=Terms(text="one"))))
    annex.contract.terms.text = "two"
    session.commit()
    assert trade.rows(Annex, "contract_version_id") == [(1, 1, False, 1), (1, 2, True, 2)]
    assert annex.contract.version_id == 2


def test_a_rollback_brings_the_parents_back(trade: World, session: Session) -> None:
    terms = Terms(text="one")
    contract = add(session, Contract(title="a", terms=terms), Poster(terms=terms))
    terms.text = "two"
    session.flush()
    session.rollback()
    assert (contract.version_id, contract.terms_version_id, contract.terms) == (1, 1, terms)
    assert trade.rows(Contract) == [(1, 1, True)]
    assert posters(trade) == [(1, 1, 1)]
    terms.text = "three"
    session.commit()
    assert trade.rows(Contract, "terms_version_id") == [(1, 1, False, 1), (1, 2, True, 2)]


def test_a_rollback_to_a_savepoint_does_so_too(trade: World, session: Session) -> None:
    contract = add(session, Contract(title="a", terms=Terms(text="one")))
    contract.terms.text = "two"
    session.flush()
    with session.begin_nested() as savepoint:
        contract.terms.text = "three"
        session.flush()
        savepoint.rollback()
    assert contract.version_id == 2
    contract.title = "b"
    session.commit()
    assert trade.rows(Contract, "title", "terms_version_id") == [
        (1, 1, False, "a", 1),
        (1, 2, True, "b", 2),
    ]


def test_an_update_statement_is_followed(trade: World, session: Session) -> None:
    contracts = [Contract(title=str(n), terms=Terms(text="x")) for n in range(3)]
    add(session, *contracts, Poster(terms=contracts[0].terms))
    session.execute(update(Terms).where(Terms.id < 3).values(text="y"))
    assert [c.terms_version_id for c in contracts] == [2, 2, 1]
    assert [c.terms.text for c in contracts] == ["y", "y", "x"]
    session.commit()
    assert [row[1:] for row in trade.rows(Contract, "terms_version_id") if row[2]] == [
        (2, True, 2),
        (2, True, 2),
        (1, True, 1),
    ]
    assert posters(trade)[0][2] == 2


def test_a_parent_set_to_superseded_terms_is_pointed_to_the_newest(
    trade: World, session: Session
) -> None:
    terms = add(session, Terms(text="one"))
    terms.text = "two"
    session.commit()
    old = session.get_one(Terms, (1, 1))
    by_object = add(session, Contract(title="a", terms=old))
    by_number = add(session, Contract(title="b", terms_id=1, terms_version_id=1))
    empty = add(session, Contract(title="c"))
    empty.terms = old
    session.commit()
    assert [c.terms_version_id for c in (by_object, by_number, empty)] == [2, 2, 2]
    assert [c.terms for c in (by_object, by_number, empty)] == [terms, terms, terms]


def test_a_new_parent_follows_terms_that_are_edited_in_the_same_flush(
    trade: World, session: Session
) -> None:
    terms = add(session, Terms(text="one"))
    terms.text = "two"
    session.add_all([Contract(title="a", terms=terms), Poster(terms_id=1, terms_version_id=1)])
    session.commit()
    assert trade.rows(Contract, "terms_version_id") == [(1, 1, True, 2)]
    assert posters(trade) == [(1, 1, 2)]


def test_an_update_statement_sets_the_newest_version(trade: World, session: Session) -> None:
    contract = add(session, Contract(title="a", terms=Terms(text="x")), Terms(text="one"))
    contract.terms.text = "two"
    session.commit()
    two = session.scalars(select(Terms).where(Terms.text == "one")).one()
    two.text = "1"
    session.commit()
    session.execute(update(Contract).values(terms_id=two.id))
    session.commit()
    assert trade.rows(Contract, "terms_id", "terms_version_id")[-1] == (1, 3, True, two.id, 2)


@pytest.mark.parametrize("parents", [1, 50])
def test_followers_cost_the_same_statements_whatever_their_number(
    trade: World, session: Session, parents: int
) -> None:
    terms = Terms(text="one")
    add(session, terms, *(Contract(title="a", terms=terms) for _ in range(parents)))
    session.refresh(terms)
    with trade.executions() as seen:
        terms.text = "two"
        session.flush()
    writes = [word for word in seen if word in ("INSERT", "UPDATE")]
    # the terms' row is closed and its next one inserted; each table of followers is updated by one
    # statement, and the contracts inserted by one; PostgreSQL looks twice for versioned followers,
    # and supersedes the terms' row, with the change, by one statement, a WITH
    looks, terms, changes = (1, 1, 1) if trade.is_sqlite else (2, 0, 0)
    assert writes.count("UPDATE") == 1 + terms + 2 * looks
    assert writes.count("INSERT") == changes + terms + 1


def test_a_cycle_ends(trade: World, session: Session) -> None:
    one = add(session, Knot(name="one"), Knot(name="two"), Knot(name="three"))
    two, three = session.get_one(Knot, (2, 1)), session.get_one(Knot, (3, 1))
    for knot, other in ((one, two), (two, three), (three, one)):
        knot.follows = other  # at once, the ORM would take it for a circular dependency
        session.commit()
    before = [knot.version_id for knot in (one, two, three)]
    two.name = "2"
    session.commit()
    versions = [knot.version_id for knot in (one, two, three)]
    assert versions == [number + 1 for number in before]
    assert [row[2:] for row in trade.rows(Knot, "name", "follows_version_id") if row[2]] == [
        (True, "one", versions[1]),
        (True, "2", versions[2]),
        (True, "three", versions[0]),
    ]
    assert one.follows.follows.follows is one
