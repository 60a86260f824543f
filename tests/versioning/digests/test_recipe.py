"""A digest is recomputed from the documented recipe, and is the same on every database."""

from __future__ import annotations

import datetime as dt
import json
import re
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from tests.versioning.digests.conftest import digests_in
from tests.versioning.digests.models import (
    FULL,
    Base,
    Boat,
    Change,
    Item,
    Mood,
    Tag,
    Thing,
    Truck,
    Vehicle,
)
from tests.versioning.world import World, world
from webapp.versioning import change, restore

pytestmark = pytest.mark.filterwarnings("ignore:Dialect sqlite")
TABLES = ("tag", "thing", "vehicle", "item")


def live(session: Session) -> None:
    """A history with every kind of value and of operation."""
    with change(session, actor="Zoë", reason="first\nline", origin="web", request_id="r1"):
        tags = [Tag(name=name) for name in "abc"]
        thing = Thing(**FULL, tags=tags[:2])
        session.add_all([*tags, thing, Thing(name="")])
        session.commit()
    thing.tags = [tags[2], tags[0]]
    thing.mood, thing.doc, thing.price = Mood.GLAD, None, None
    session.commit()
    session.execute(update(Thing).values(number=Thing.number + 1, note="€"))
    session.commit()
    session.add_all([Truck(id="t", name="one", load=1), Boat(id="b", name="two", load=2)])
    session.add_all([Vehicle(id="Ö", name="three")])
    session.add_all(
        [Item(id=FULL["uid"], name="x"), Item(id=FULL["uid"].__class__(int=9), name="y")]
    )
    session.commit()
    for each in (session.get_one(Truck, ("t", 1)), thing):
        each.name += "!"
    session.commit()
    session.delete(thing)
    session.commit()
    restore(session, Thing, 1, 2)
    session.commit()


def made_on(url: str) -> dict[str, Any]:
    with world(url) as db:
        Base.metadata.create_all(db.engine)
        live(db.session(Change))
        return {table: _by_plain_id(digests_in(db, table)) for table in TABLES}


def _by_plain_id(found: dict[tuple[Any, int], str]) -> dict[tuple[str, int], str]:
    return {(str(id).replace("-", ""), version): each for (id, version), each in found.items()}


def test_the_same_history_has_the_same_digests_on_both_databases(
    sqlite_url: str, postgresql_url: str
) -> None:
    found = made_on(sqlite_url)
    assert found == made_on(postgresql_url)
    assert {table: len(rows) for table, rows in found.items()} == {
        "tag": 3,
        "thing": 8,
        "vehicle": 4,
        "item": 2,
    }


def line(values: Any) -> str:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))


def version(number: int, begun: str, operation: str, columns: Any, links: Any) -> str:
    return line(["versioned record 1", "thing", 1, number, begun, operation, columns, {}, links])


def test_one_is_recomputed_with_json_and_hashlib_alone(kept: World, session: Session) -> None:
    with change(session, actor="Zoë", reason="a “reason”"):
        thing = Thing(name='Zoë "x"\n', number=7, ratio=1e16, on=False, tags=[Tag(name="a")])
        thing.born = dt.date(2030, 1, 2)
        session.add(thing)
        session.commit()
    thing.tags = []
    session.commit()
    session.rollback()
    stored = digests_in(kept, "thing")
    columns = {
        "born": "2030-01-02",
        "filled": "by the database",
        "name": 'Zoë "x"\n',
        "number": 7,
        "on": False,
        "ratio": "10000000000000000",
    }
    begun = "2030-01-01T00:00:01.000000Z"
    first = [
        version(1, begun, "create", columns, {"thing_tags": {"added": [1], "removed": []}}),
        line(["change", 1, begun, "Zoë", "a “reason”", None, None]),
        "",
    ]
    digest = sha256("\n".join(first).encode()).hexdigest()
    assert stored[1, 1] == digest
    begun = "2030-01-01T00:00:02.000000Z"
    second = [
        version(2, begun, "update", columns, {"thing_tags": {"added": [], "removed": [1]}}),
        line(["change", 2, begun, None, None, None, None]),
        digest,
    ]
    assert stored[1, 2] == sha256("\n".join(second).encode()).hexdigest()


def test_the_readmes_example_is_what_is_written(kept: World, session: Session) -> None:
    for name, reason in (("one", "A first tag"), ("two", "A better name")):
        with change(session, actor="Alice", reason=reason):
            tag = session.get(Tag, (1, 1)) or Tag()
            tag.name = name
            session.add(tag)
            session.commit()
    session.rollback()
    stored = digests_in(kept, "tag")
    readme = Path(__file__).parents[3].joinpath("README.md").read_text()
    found = re.search(r"<!-- recipe: begin -->\n```\n(.*?)\n```\n.*?`(\w+)`", readme, re.DOTALL)
    assert found is not None
    lines, digest = found.groups()
    assert sha256(lines.encode()).hexdigest() == digest == stored[1, 2]
    assert lines.endswith(stored[1, 1])
