"""The first records of many changes, with what each altered."""

from __future__ import annotations

from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session

from tests.versioning.answers.shop import Item, Maker, Shop, add, edit
from webapp.versioning import excerpts, tally, what_changed


def test_each_change_as_its_page_tells_it(session: Session) -> None:
    item = add(session, Item(name="one"))
    edit(session, item, name="two", price=3)
    session.add_all([Item(name="three"), Maker(name="m")])
    session.commit()
    ids = [1, 2, 3]
    found = excerpts(session, tally(session, ids))
    for id in ids:
        told = {each.model: each for each in what_changed(session, id).models}
        assert {each.model: each for each in found[id]} == told


def test_of_a_large_change_a_few_records(session: Session) -> None:
    session.add_all(Item(name=f"{n}") for n in range(12))
    session.commit()
    [part] = excerpts(session, tally(session, [1]), limit=5)[1]
    assert (len(part.records), part.total) == (5, 12)


def test_one_statement_a_model(shop: Shop, session: Session) -> None:
    counts = []
    for _ in range(2):
        for n in range(4):
            session.add_all([Item(name=f"{n}"), Maker(name=f"{len(counts)} {n}")])
            session.commit()
        tallies = tally(session, list(range(1, 9)))
        seen: list[str] = []

        def note(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
            seen.append(statement)  # noqa: B023

        event.listen(shop.engine, "before_cursor_execute", note)
        excerpts(session, tallies)
        event.remove(shop.engine, "before_cursor_execute", note)
        counts.append(len([each for each in seen if each.startswith("SELECT")]))
    assert counts == [2, 2]


def test_of_no_change_nothing(session: Session) -> None:
    assert excerpts(session, {}) == {}
