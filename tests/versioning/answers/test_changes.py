"""The feed of changes, and what one change did, at a fixed number of statements."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import DeclarativeBase, Mapped, Session

from tests.versioning.answers.shop import Change, Item, Maker, Shop, add, edit, remove
from webapp.versioning import (
    MASKED,
    ChangeRecord,
    FieldChange,
    Place,
    Tally,
    UnknownChange,
    Versioned,
    VersioningError,
    change,
    changes,
    enable_versioning,
    recorded_models,
    what_changed,
)


def told(session: Session) -> Item:
    """Alice adds an item and a maker; Bob edits the item, for stock-taking; nobody deletes it."""
    item = Item(name="a", stock=1, secret="s")
    with change(session, actor="alice", reason="Opening"):
        session.add_all([item, Maker(name="m")])
        session.commit()
    with change(session, actor="bob", reason="100% stock-taking"):
        edit(session, item, stock=2)
    remove(session, item)
    return item


def actors(session: Session, **filters: object) -> list[str | None]:
    return [entry.actor for entry in changes(session, **filters).entries]  # type: ignore[arg-type]


def test_newest_first_with_what_each_touched(session: Session) -> None:
    told(session)
    deleted, edited, added = changes(session).entries
    assert deleted.tallies == (Tally(Item, "delete", 1),)
    assert (edited.actor, edited.reason, edited.records) == ("bob", "100% stock-taking", 1)
    assert added.tallies == (Tally(Item, "create", 1), Tally(Maker, "create", 1))


def test_filters(session: Session) -> None:
    told(session)
    assert actors(session, model=Maker) == ["alice"]
    assert actors(session, operation="update") == ["bob"]
    assert actors(session, model=Maker, operation="update") == []
    assert actors(session, actor="bob") == ["bob"]
    assert actors(session, reason="STOCK") == ["bob"]
    assert actors(session, reason="0%") == ["bob"] and actors(session, reason="1%k") == []


def test_a_period_is_inclusive_then_exclusive(session: Session) -> None:
    told(session)
    _, edited, added = changes(session).entries
    assert actors(session, since=edited.at) == [None, "bob"]
    assert actors(session, until=edited.at) == ["alice"]
    assert actors(session, since=added.at, until=edited.at) == ["alice"]


def test_a_history_of_a_person_is_the_feed_of_that_actor(session: Session) -> None:
    told(session)
    assert [entry.reason for entry in changes(session, actor="alice").entries] == ["Opening"]


def test_pages_follow_each_other_even_at_one_moment(session: Session) -> None:
    for n in range(7):
        with change(session, at=dt.datetime(2031, 1, 1, tzinfo=dt.UTC), reason=str(n)):
            add(session, Item(name="a"))
    seen, before, pages = [], None, 0
    while pages == 0 or before is not None:
        page = changes(session, before=before, limit=3)
        seen += [entry.reason for entry in page.entries]
        before, pages = page.older and Place.parse(str(page.older)), pages + 1
    assert (seen, pages) == (list("6543210"), 3)


@pytest.mark.parametrize("text", ["", "x", "1", "1.x", "9" * 40 + ".1", "-.1", "1.1.1", "²"])
def test_a_place_of_nonsense_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match="first page"):
        Place.parse(text)


def test_a_change_without_versions_is_not_shown(session: Session) -> None:
    item = Item(name="a")
    session.add(item)
    session.flush()
    session.delete(item)
    session.commit()
    number = session.scalar(select(func.max(Change.id))) or 0
    assert changes(session).entries == ()
    with pytest.raises(UnknownChange):
        what_changed(session, number)


def test_statement_counts_do_not_grow_with_the_rows(session: Session, shop: Shop) -> None:
    counts = []
    for rows in (1, 60):
        for n in range(rows):
            session.add_all([Item(name=f"{rows}-{n}-{k}", notes="n") for k in range(rows)])
            session.add(Maker(name=f"{rows}-{n}"))
            session.commit()
        session.expunge_all()
        with shop.statements() as seen:
            page = changes(session, limit=50)
            what_changed(session, page.entries[0].id)
        counts.append(len(seen))
    assert counts == [6, 6]


def test_what_one_change_did_across_models(session: Session) -> None:
    item = told(session)
    _, edited, added = changes(session).entries
    found = what_changed(session, added.id)
    assert found.change == added
    assert [(m.model, m.total, m.after) for m in found.models] == [
        (Item, 1, None),
        (Maker, 1, None),
    ]
    assert FieldChange("secret", None, MASKED) in found.models[0].records[0].changes
    (record,) = what_changed(session, edited.id).models[0].records
    assert (record.id, record.version_id, record.operation) == (item.id, 2, "update")
    assert record.changes == (FieldChange("stock", 1, 2),)


def test_a_big_change_is_paged(session: Session) -> None:
    session.add_all(Item(name=f"n{n}") for n in range(7))
    session.commit()
    number = changes(session).entries[0].id
    seen, after = [], None
    while True:
        (page,) = what_changed(session, number, limit=3, after={Item: after}).models
        seen += [record.id for record in page.records]
        after = page.after
        if after is None:
            break
    assert len(seen) == len(set(seen)) == page.total == 7


def test_a_bulk_statement_and_edits_in_one_transaction_are_one_change(session: Session) -> None:
    one, two = add(session, Item(name="1", stock=0)), add(session, Maker(name="m"))
    session.add_all(Item(name="x", stock=5) for _ in range(5))
    session.commit()
    with change(session, actor="carol", reason="all at once", origin="command", request_id="r1"):
        two.name = "n"
        session.execute(update(Item).where(Item.stock == 5).values(stock=6))
        one.stock = 1
        session.commit()
    newest = changes(session).entries[0]
    assert (newest.actor, newest.reason) == ("carol", "all at once")
    assert (newest.origin, newest.request_id) == ("command", "r1")
    assert newest.tallies == (Tally(Item, "update", 6), Tally(Maker, "update", 1))


def test_code_that_names_nobody_is_recorded_as_nobody(session: Session) -> None:
    with change(session, actor="alice"):
        add(session, Item(name="a"))
    add(session, Item(name="b"))
    newest = changes(session).entries[0]
    assert (newest.actor, newest.reason, newest.origin, newest.request_id) == (None,) * 4


def test_the_models_are_those_whose_tables_lie_beside_the_changes(session: Session) -> None:
    assert recorded_models(session) == (Item, Maker)


def test_without_a_table_of_changes_there_is_no_feed(shop: Shop) -> None:
    with Session(shop.engine) as session:
        enable_versioning(session)
        with pytest.raises(VersioningError, match="change_model"):
            changes(session)


def test_versions_are_indexed_by_change_only_beside_a_table_of_changes() -> None:
    class Base(DeclarativeBase):
        pass

    class Early(Versioned, Base):
        __tablename__ = "early"
        name: Mapped[str]

    def indexed(model: type[Base]) -> bool:
        return any("change_id" in index.columns for index in model.__table__.indexes)  # type: ignore[attr-defined]

    assert not indexed(Early)

    class Log(ChangeRecord, Base):
        __tablename__ = "log"

    class Late(Versioned, Base):
        __tablename__ = "late"
        name: Mapped[str]

    assert indexed(Early) and indexed(Late)
