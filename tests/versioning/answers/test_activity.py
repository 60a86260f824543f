"""Activity: the changes of a person or a period in numbers."""

from __future__ import annotations

from sqlalchemy.orm import Session

from tests.versioning.answers.shop import Item, Maker, Shop, add, edit
from webapp.versioning import Tally, activity, change, changes


def told(session: Session) -> None:
    with change(session, actor="alice"):
        item = add(session, Item(name="a", stock=1))
    with change(session, actor="alice"):
        add(session, Maker(name="m"))
    for stock in (2, 3):
        with change(session, actor="alice" if stock == 2 else "bob"):
            edit(session, item, stock=stock)


def test_changes_and_records_of_a_person(session: Session) -> None:
    told(session)
    found = activity(session, actor="alice")
    ours = changes(session, actor="alice").entries
    assert (found.changes, found.more) == (3, False)
    assert (found.first, found.last) == (ours[-1].at, ours[0].at)
    assert found.tallies == (
        Tally(Item, "create", 1),
        Tally(Item, "update", 1),
        Tally(Maker, "create", 1),
    )


def test_of_many_the_newest_are_counted(session: Session) -> None:
    told(session)
    found = activity(session, most=2)
    assert (found.changes, found.more) == (2, True)
    assert found.tallies == (Tally(Item, "update", 2),)


def test_nobody_has_done_nothing(session: Session) -> None:
    told(session)
    found = activity(session, actor="zoe")
    assert (found.changes, found.more, found.first, found.last) == (0, False, None, None)
    assert found.tallies == ()


def test_two_statements(session: Session, shop: Shop) -> None:
    told(session)
    with shop.statements() as seen:
        activity(session, actor="alice", model=Item)
    assert len(seen) == 2
