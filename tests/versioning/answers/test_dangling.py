"""A reference to a row that is not there is found; a masked one without its value."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import make_url

from tests.versioning.answers.shop import Item, Place, add, open_shop
from webapp.versioning import MASKED, Fault, check_model


@pytest.mark.parametrize("masks", [False, True], ids=["shown", "masked"])
def test_a_reference_to_nothing(
    sqlite_url: str, masks: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if masks:
        monkeypatch.setattr(Item, "__masked__", ("secret", "place_id"))
    with open_shop(sqlite_url) as shop, shop.factory() as session:
        place = add(session, Place(id=99)).id
        add(session, Item(name="a", place_id=place))
        with closing(sqlite3.connect(make_url(sqlite_url).database or "")) as outside, outside:
            outside.execute("DELETE FROM place")  # it enforces no foreign keys
        found = check_model(session, Item).findings
    told = [(each.fault, each.found) for each in found]
    assert told == [(Fault.REFERENCE_MISSING, (MASKED if masks else 99,))]
