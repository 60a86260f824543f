"""One digest of all that a change did: whoever signs it off can tell that nothing was altered."""

from __future__ import annotations

import hashlib
import json
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy.orm import Session

from tests.versioning.digests.conftest import without_guards
from tests.versioning.digests.models import Base, Boat, Change, Item, Tag, Thing, Truck
from tests.versioning.digests.test_recipe import live
from tests.versioning.world import World, world
from webapp.versioning import VersioningError, change, change_digest

pytestmark = pytest.mark.filterwarnings("ignore:Dialect sqlite")


@pytest.fixture
def session(kept: World, session: Session) -> Session:
    """Of one change, in three tables, and one that is only its neighbour."""
    tags = [Tag(name="a"), Tag(name="b")]
    with change(session, actor="Alice", reason="all"):
        session.add_all([Thing(name="x", tags=tags), Truck(id="t", name="one", load=1), *tags])
        session.commit()
    session.add(Tag(name="neighbour"))
    session.commit()
    return session


def of(session: Session, change_id: int = 1) -> str | None:
    try:
        return change_digest(session, change_id)
    finally:
        session.rollback()


def test_it_is_the_same_for_everybody(kept: World, session: Session) -> None:
    found = of(session)
    assert found is not None and len(found) == 64
    assert of(kept.session(Change)) == found
    assert of(session, 2) not in (found, None)


def test_there_is_none_without_the_change(session: Session) -> None:
    assert of(session, 3) is None


def test_of_a_session_without_changes_it_is_refused(kept: World) -> None:
    with pytest.raises(VersioningError, match="No changes are recorded"):
        change_digest(kept.session(None), 1)


def test_the_life_that_follows_does_not_alter_it(kept: World, session: Session) -> None:
    found = of(session)
    thing = session.get_one(Thing, (1, 1))
    thing.views += 1
    thing.tags = []
    session.commit()
    session.delete(thing)
    session.delete(session.get_one(Truck, ("t", 1)))
    session.commit()
    assert of(session) == found


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE thing SET secret = ''",
        "DELETE FROM thing",
        "UPDATE truck SET load = 2",
        "DELETE FROM truck",
        "UPDATE tag SET change_id = 2 WHERE id = 2",
        "UPDATE tag SET change_id = 1 WHERE id = 3",
        "DELETE FROM thing_tags WHERE target_id = 2",
        "UPDATE thing_tags SET added_in = 9 WHERE target_id = 2",
        "UPDATE change SET actor = 'Eve' WHERE id = 1",
        "UPDATE change SET reason = NULL WHERE id = 1",
    ],
)
def test_whatever_is_altered_alters_it(kept: World, session: Session, statement: str) -> None:
    found = of(session)
    without_guards(kept, statement)
    assert of(session) not in (found, None)


def test_two_versions_that_changed_places_alter_it(kept: World, session: Session) -> None:
    found = of(session)
    for id, other in ((1, 9), (2, 1), (9, 2)):
        without_guards(kept, f"UPDATE tag SET id = {other} WHERE id = {id}")
    assert of(session) not in (found, None)


def test_it_is_the_same_on_both_databases(sqlite_url: str, postgresql_url: str) -> None:
    found = []
    for url in (sqlite_url, postgresql_url):
        with world(url) as db:
            Base.metadata.create_all(db.engine)
            session = db.session(Change)
            live(session)
            found.append([change_digest(session, number) for number in range(1, 9)])
    assert found[0] == found[1]
    assert None not in found[0][:7] and len(set(found[0])) == 8


def test_it_is_recomputed_with_json_and_hashlib_alone(kept: World, session: Session) -> None:
    at = "2030-01-01T00:00:02.000000Z"
    change = ["change", 2, at, None, None, None, None]
    version = ["versioned record 1", "tag", 3, 1, at, "create", {"name": "neighbour"}, {}, {}]
    sha = hashlib.sha256(_bytes(change))
    sha.update(hashlib.sha256(_bytes(version)).digest())
    assert of(session, 2) == sha.hexdigest()


def _bytes(values: Any) -> bytes:
    return json.dumps(values, separators=(",", ":")).encode()


def test_it_takes_a_statement_for_each_table(kept: World, session: Session) -> None:
    counts = set()
    for count in (1, 30):
        session.add_all([Thing(name="x", tags=[Tag(name="y")]) for _ in range(count)])
        session.add_all([Boat(id=f"{count}-{n}", name="b", load=1) for n in range(count)])
        session.add(Item(name="i", id=uuid4()))
        session.commit()
        with kept.executions() as seen:
            change_digest(session, 3 if count == 1 else 4)
        counts.add(len([word for word in seen if word == "SELECT"]))
        session.rollback()
    assert counts == {2 + 4 + 1}  # the change, what it touched, each model's table, one of links


def test_models_that_it_left_alone_are_not_read(kept: World, session: Session) -> None:
    session.add(tag := Tag(name="y"))
    session.commit()
    number = tag.change_id
    with kept.executions() as seen:
        change_digest(session, number)
    assert len([word for word in seen if word == "SELECT"]) == 2 + 1
