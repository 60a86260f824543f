"""Which versions altered which columns, asked of many by one statement."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import or_
from sqlalchemy.orm import Session

from tests.versioning.answers.shop import Item, State, add, edit, remove
from webapp.versioning import data_columns, diff, made

#: One edit after the other, of columns of each kind.
EDITS: list[dict[str, Any]] = [
    {"name": "two"}, {"price": 3}, {"tags": {"a": [1]}}, {"tags": {"a": [1, 2]}}, {"tags": None},
    {"state": State.ON_SALE}, {"photo": b"\0\1"}, {"stock": 0}, {"notes": "n", "words": "w"},
    {"stock": None, "secret": "s"}, {"name": "one"},
]  # fmt: skip


@pytest.fixture
def item(session: Session) -> int:
    item = add(session, Item(name="one"))
    for values in EDITS:
        edit(session, item, **values)
    return int(item.id)


def altering(session: Session, *names: str) -> list[int]:
    """The versions that altered one of the columns."""
    rows = made(Item)
    query = rows.select(rows.version.version_id).where(or_(*(rows.altered(n) for n in names)))
    return sorted(session.scalars(query))


@pytest.mark.parametrize("name", data_columns(Item))
def test_each_column_as_a_diff_tells_it(session: Session, item: int, name: str) -> None:
    told = [
        version
        for version in range(1, len(EDITS) + 2)
        if name in {each.name for each in changes(session, item, version)}
    ]
    if name in ("words",):  # left out of diffs
        told = [10]
    if name == "views":  # written in place; its default came with the first version
        told = [1]
    assert altering(session, name) == told


def changes(session: Session, id: int, version: int) -> Any:
    older = session.get(Item, (id, version - 1)) if version > 1 else None
    return diff(older, session.get(Item, (id, version)))


def test_one_of_several(session: Session, item: int) -> None:
    assert altering(session, "price", "photo") == [3, 8]


def test_a_deletion_alters_no_value(session: Session, item: int) -> None:
    remove(session, session.get(Item, (item, len(EDITS) + 1)))
    assert altering(session, *data_columns(Item))[-1] == len(EDITS) + 1
