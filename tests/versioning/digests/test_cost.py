"""Digests cost one SELECT and one INSERT for each table of a transaction, however many the rows.

SQLite needs the INSERT alone, and PostgreSQL no more than the edit where that is of one record.
"""

from __future__ import annotations

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from tests.versioning.digests.models import Change, Tag, Thing
from tests.versioning.world import World

pytestmark = pytest.mark.filterwarnings("ignore:Dialect sqlite")


def digesting(kept: World) -> list[str]:
    """What it takes to digest what a transaction did to a table."""
    return ["INSERT"] if kept.is_sqlite else ["SELECT", "INSERT"]


@pytest.fixture
def session(kept: World) -> Session:
    return kept.session(Change, expire_on_commit=False)


def make(session: Session, count: int) -> list[Tag]:
    tags = [Tag(name="a") for _ in range(count)]
    session.add_all(tags)
    session.commit()
    return tags


def committed(kept: World, session: Session) -> list[str]:
    """What is executed by a commit; the transaction has begun before."""
    session.connection()
    with kept.executions() as seen:
        session.commit()
    return seen


def test_of_one_edit(kept: World, session: Session) -> None:
    (tag,) = make(session, 1)
    tag.name = "b"
    seen = committed(kept, session)
    assert seen == (["INSERT", "UPDATE", "INSERT", "INSERT"] if kept.is_sqlite else ["WITH"])


@pytest.mark.parametrize("count", [2, 1000])
def test_of_edits(kept: World, session: Session, count: int) -> None:
    for tag in make(session, count):
        tag.name = "b"
    seen = committed(kept, session)
    superseding = ["UPDATE", "INSERT"] if kept.is_sqlite else ["WITH"]
    assert seen == ["INSERT", *superseding, *digesting(kept)]


def test_of_two_tables(kept: World, session: Session) -> None:
    session.add_all([Tag(name="a"), Thing(name="a")])
    seen = committed(kept, session)
    last = digesting(kept) * 2
    assert seen[-len(last) :] == last


def test_links_that_nobody_touched_are_not_read(kept: World, session: Session) -> None:
    tag, other = make(session, 2)
    thing = Thing(name="x", tags=[tag])
    session.add(thing)
    session.commit()
    thing.name = "y"
    computed_column = ["SELECT"]
    wanted = [*computed_column, *digesting(kept)]
    assert committed(kept, session)[-len(wanted) :] == wanted
    thing.tags = [other]
    assert committed(kept, session)[-3:] == ["SELECT", "SELECT", "INSERT"]


def test_of_a_statement(kept: World, session: Session) -> None:
    make(session, 1000)
    session.execute(update(Tag).values(name="b"))
    assert committed(kept, session) == digesting(kept)


def test_one_insert_for_each_two_thousand_on_postgresql(kept: World, session: Session) -> None:
    make(session, 5000)
    session.execute(update(Tag).values(name="b"))
    seen = committed(kept, session)
    if kept.is_sqlite:
        assert seen == ["INSERT"]
    else:
        assert seen == ["SELECT", "SELECT", *["INSERT"] * 3]  # it is asked for a few first


def test_nothing_where_nothing_is_versioned(kept: World, session: Session) -> None:
    make(session, 1)
    session.rollback()
    assert committed(kept, session) == []


def test_the_same_at_any_length_of_history(kept: World, session: Session) -> None:
    (tag,) = make(session, 1)
    costs = set()
    for number in range(100):
        tag.name = f"t{number}"
        costs.add(tuple(committed(kept, session)))
    assert len(costs) == 1
