"""The integrity check holds versions against their digests."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from tests.versioning.digests.conftest import digests_in, recomputed, without_guards
from tests.versioning.digests.models import Base, Boat, Change, Item, Tag, Thing, Truck, Vehicle
from tests.versioning.digests.test_recipe import live
from tests.versioning.world import World, edited_note
from webapp.versioning import (
    Fault,
    ModelCheck,
    VersioningError,
    check_model,
    complete_digests,
    keep_digests,
)

pytestmark = pytest.mark.filterwarnings("ignore:Dialect sqlite")


def found(check: ModelCheck) -> list[tuple[Fault, Any, int]]:
    return [(each.fault, each.id, each.version_id) for each in check.findings]


def checked(session: Session, model: Any, **options: Any) -> ModelCheck:
    session.rollback()
    try:
        return check_model(session, model, **options)
    finally:
        session.rollback()


@pytest.fixture
def session(session: Session) -> Session:
    """Two tags, the first with three versions."""
    one, two = Tag(name="one"), Tag(name="two")
    session.add_all([one, two])
    session.commit()
    for name in ("1", "I"):
        one.name = name
        session.commit()
    return session


def test_what_the_core_writes_is_sound(kept: World) -> None:
    session = kept.session(Change)
    live(session)
    for model in (Tag, Thing, Vehicle, Item):
        check = checked(session, model)
        assert (check.counts, check.undigested) == ({}, 0), model


def test_a_part_altered_in_its_own_table(kept: World) -> None:
    session = kept.session(Change)
    session.add_all([Truck(id="t", name="x", load=1), Boat(id="b", name="x", load=1)])
    session.commit()
    without_guards(kept, "UPDATE boat SET load = 2")
    assert found(checked(session, Vehicle)) == [(Fault.ALTERED, "b", 1)]


def test_a_link_altered(kept: World, session: Session) -> None:
    session.add(Thing(name="x", tags=[session.get_one(Tag, (2, 1))]))
    session.commit()
    session.rollback()
    without_guards(kept, "UPDATE thing_tags SET target_id = 1")
    assert found(checked(session, Thing)) == [(Fault.ALTERED, 1, 1)]


def test_a_record_known_by_a_uuid(kept: World) -> None:
    session = kept.session(Change)
    session.add_all([Item(id=UUID(int=n), name="x") for n in (1, 2)])
    session.commit()
    without_guards(kept, "UPDATE item SET name = 'y'")
    assert found(checked(session, Item)) == [
        (Fault.ALTERED, UUID(int=1), 1),
        (Fault.ALTERED, UUID(int=2), 1),
    ]


def test_a_change_altered_is_told_of_each_of_its_versions(kept: World, session: Session) -> None:
    session.rollback()
    without_guards(kept, "UPDATE change SET reason = 'x' WHERE id = 1")
    check = checked(session, Tag)
    assert found(check) == [(Fault.CHANGE_ALTERED, 1, 1), (Fault.CHANGE_ALTERED, 2, 1)]
    assert check.findings[0].found == 1


def test_a_change_that_is_gone_is_told_once(kept: World, session: Session) -> None:
    session.rollback()
    without_guards(kept, "DELETE FROM change WHERE id = 2")
    assert found(checked(session, Tag)) == [(Fault.CHANGE_MISSING, 1, 2)]


def test_a_digest_taken_away(kept: World, session: Session) -> None:
    session.rollback()
    without_guards(kept, "DELETE FROM tag_digest WHERE id = 1 AND version_id = 2")
    assert found(checked(session, Tag)) == [(Fault.DIGEST_MISSING, 1, 2), (Fault.CHAIN, 1, 3)]


def test_a_digest_replaced(kept: World, session: Session) -> None:
    session.rollback()
    without_guards(
        kept,
        "UPDATE tag_digest SET digest = (SELECT d.digest FROM tag_digest d WHERE d.id = 2)"
        " WHERE id = 1 AND version_id = 2",
    )
    assert found(checked(session, Tag)) == [(Fault.CHAIN, 1, 2), (Fault.CHAIN, 1, 3)]


def test_the_last_records_gone_are_found_behind_those_that_are_there(
    kept: World, session: Session
) -> None:
    session.rollback()
    without_guards(kept, "DELETE FROM tag WHERE id = 2")
    assert found(checked(session, Tag)) == [(Fault.VERSION_MISSING, 2, 1)]
    without_guards(kept, "DELETE FROM tag")
    assert [each[1:] for each in found(checked(session, Tag))] == [(1, 1), (1, 2), (1, 3), (2, 1)]


def test_stretch_by_stretch_it_finds_the_same(
    kept: World, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.add_all([Tag(name="x") for _ in range(5)])
    session.commit()
    session.rollback()
    without_guards(kept, "DELETE FROM tag WHERE id IN (3, 7)", "UPDATE tag SET name = 'y'")
    whole = found(checked(session, Tag))
    monkeypatch.setattr("webapp.versioning.integrity.STRETCH", 2)
    monkeypatch.setattr("webapp.versioning.digest_rows.BATCH", 1)
    assert sorted(found(checked(session, Tag))) == sorted(whole)
    assert len(whole) == 9
    first = checked(session, Tag, most_versions=1)
    rest = checked(session, Tag, after=first.checked_to)
    assert sorted(found(first) + found(rest)) == sorted(whole)


def test_older_versions_have_none_and_get_them_once(kept: World, session: Session) -> None:
    session.rollback()
    without_guards(kept, "DELETE FROM tag_digest")
    check = checked(session, Tag)
    assert (check.faults, check.undigested) == (0, 4)
    one = session.get_one(Tag, (1, 3))
    one.name = "new"
    session.commit()
    assert complete_digests(session, Tag) == 4
    session.commit()
    check = checked(session, Tag)
    assert (check.counts, check.undigested) == ({}, 0)
    session.get_one(Tag, (1, 4)).name = "newer"
    session.commit()
    assert checked(session, Tag).faults == 0
    with pytest.raises(VersioningError, match="already"):
        complete_digests(session, Tag)


def test_what_was_added_later_is_guarded_and_checked_too(kept: World, session: Session) -> None:
    session.rollback()
    without_guards(kept, "DELETE FROM tag_digest")
    complete_digests(session, Tag)
    session.commit()
    assert digests_in(kept, "tag") == recomputed(kept, Tag)
    without_guards(kept, "UPDATE tag SET name = 'x' WHERE id = 1 AND version_id = 2")
    assert found(checked(session, Tag)) == [(Fault.ALTERED, 1, 2)]
    without_guards(kept, "DELETE FROM tag_digest WHERE id = 1 AND version_id = 1")
    assert (Fault.DIGEST_MISSING, 1, 1) in found(checked(session, Tag))


def test_a_version_without_digest_since_then_is_not_made_good(
    kept: World, session: Session
) -> None:
    session.rollback()
    without_guards(kept, "DELETE FROM tag_digest WHERE version_id = 3")
    assert complete_digests(session, Tag) == 0
    session.commit()
    assert found(checked(session, Tag)) == [(Fault.DIGEST_MISSING, 1, 3)]


def test_in_batches_each_stands_on_the_one_before(
    kept: World, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.rollback()
    without_guards(kept, "DELETE FROM tag_digest")
    monkeypatch.setattr("webapp.versioning.digest_rows.BATCH", 2)
    told: list[int] = []
    assert complete_digests(session, Tag, progress=told.append) == 4
    session.commit()
    assert told == [2, 4]
    assert checked(session, Tag).faults == 0


def test_where_no_digests_are_kept_none_is_missed(notes: World) -> None:
    session = notes.session()
    note = edited_note(session, "one", "two")
    check = checked(session, type(note))
    assert (check.faults, check.undigested) == (0, 0)


def test_to_keep_them_twice_is_harmless() -> None:
    before = set(Base.metadata.tables)
    keep_digests(Base.metadata)
    assert set(Base.metadata.tables) == before


NO_TEXT = "CAST(x'61ff62' AS TEXT)"  # an a, a byte that is no UTF-8, a b


@pytest.fixture
def on_sqlite(kept: World) -> World:
    if not kept.is_sqlite:
        pytest.skip("PostgreSQL refuses text that is not UTF-8")
    return kept


def test_text_that_is_none_is_told_of_its_version(on_sqlite: World, session: Session) -> None:
    session.rollback()
    without_guards(on_sqlite, f"UPDATE tag SET name = {NO_TEXT} WHERE id = 1 AND version_id = 2")
    assert found(checked(session, Tag)) == [(Fault.UNREADABLE, 1, 2)]


def test_so_it_is_of_a_version_without_digest(on_sqlite: World, session: Session) -> None:
    session.rollback()
    without_guards(
        on_sqlite,
        "DELETE FROM tag_digest",
        f"UPDATE tag SET name = {NO_TEXT} WHERE id = 2",
    )
    check = checked(session, Tag)
    assert (found(check), check.undigested) == ([(Fault.UNREADABLE, 2, 1)], 3)


def test_an_operation_that_is_no_text_stops_no_check(on_sqlite: World, session: Session) -> None:
    session.rollback()
    without_guards(on_sqlite, f"UPDATE tag SET version_op = {NO_TEXT} WHERE id = 2")
    check = checked(session, Tag)
    assert set(found(check)) == {(Fault.OPERATION, 2, 1), (Fault.UNREADABLE, 2, 1)}
    assert next(each.found for each in check.findings) == r"a\xffb"


def test_an_id_that_is_no_text_is_told_by_its_bytes(on_sqlite: World) -> None:
    session = on_sqlite.session(Change)
    session.add_all([Boat(id=id, name="x", load=1) for id in ("a", "z")])
    session.commit()
    where = "WHERE id = 'z'"
    without_guards(
        on_sqlite, *(f"UPDATE {t} SET id = {NO_TEXT} {where}" for t in ("boat", "vehicle"))
    )
    assert (Fault.UNREADABLE, r"a\xffb", 1) in found(checked(session, Vehicle))


def test_others_are_read_as_ever_after_a_check(on_sqlite: World, session: Session) -> None:
    session.rollback()
    without_guards(on_sqlite, f"UPDATE tag SET name = {NO_TEXT} WHERE version_id = 2")
    check_model(session, Tag)
    assert session.get_one(Tag, (1, 3)).name == "I"
    with pytest.raises(OperationalError, match="UTF-8"):
        session.get(Tag, (1, 2))
    session.rollback()
