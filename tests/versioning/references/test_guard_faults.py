"""The guards of links and of tables of records are looked after like those of versions."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import DatabaseError, IntegrityError
from sqlalchemy.orm import Session

from tests.versioning.references.trade import Article, Base, Tag, add
from tests.versioning.world import World
from webapp.versioning import GuardFault, guard_faults, mend_guards


def faults(trade: World) -> list[GuardFault]:
    with trade.behind() as connection:
        return guard_faults(connection, Base.metadata)


def drop(trade: World, trigger: str, table: str) -> None:
    trade.sql(f"DROP TRIGGER {trigger}" + ("" if trade.is_sqlite else f" ON {table}"))


def mend(trade: World) -> None:
    with trade.behind() as connection:
        assert mend_guards(connection, Base.metadata)
    assert faults(trade) == []


def test_a_new_database_has_them_all(trade: World) -> None:
    assert faults(trade) == []


@pytest.mark.parametrize("what", ["update", "delete"])
def test_a_trigger_of_links_dropped(trade: World, what: str) -> None:
    drop(trade, f"article_tags_guard_{what}", "article_tags")
    assert faults(trade) == [GuardFault("article_tags", f"article_tags_guard_{what}", "missing")]


def test_the_index_that_keeps_a_link_from_being_there_twice_dropped(trade: World) -> None:
    trade.sql("DROP INDEX uq_article_tags_open")
    assert faults(trade) == [GuardFault("article_tags", "uq_article_tags_open", "missing")]


def test_mending_guards_links_again(trade: World, session: Session) -> None:
    add(session, Article(title="one", tags=[Tag(name="a")]))
    drop(trade, "article_tags_guard_delete", "article_tags")
    mend(trade)
    with pytest.raises(DatabaseError):
        trade.sql("DELETE FROM article_tags")


@pytest.mark.parametrize("what", ["insert", "update", "delete"])
def test_a_trigger_that_keeps_the_records_dropped(trade: World, what: str) -> None:
    drop(trade, f"tag_record_{what}", "tag")
    assert faults(trade) == [GuardFault("tag", f"tag_record_{what}", "missing")]


def test_a_trigger_that_keeps_the_records_doing_nothing(trade: World) -> None:
    if trade.is_sqlite:
        drop(trade, "tag_record_insert", "tag")
        trade.sql("CREATE TRIGGER tag_record_insert AFTER INSERT ON tag BEGIN SELECT 1; END")
        altered = ["tag_record_insert"]
    else:
        trade.sql(
            "CREATE OR REPLACE FUNCTION tag_record_keep() RETURNS trigger LANGUAGE plpgsql"
            " AS 'BEGIN RETURN NULL; END'"
        )
        altered = ["tag_record_delete", "tag_record_insert", "tag_record_update"]
    assert sorted(faults(trade), key=str) == [
        GuardFault("tag", name, "altered") for name in altered
    ]
    mend(trade)


def test_mending_sets_the_records_right_that_were_missed(trade: World, session: Session) -> None:
    old = add(session, Tag(name="old"))
    drop(trade, "tag_record_insert", "tag")
    tag = add(session, Tag(name="new"))
    session.delete(old)
    session.commit()
    assert trade.sql("SELECT id, living FROM tag_record") == [(1, True)]
    mend(trade)
    assert trade.sql("SELECT id, living FROM tag_record ORDER BY id") == [(1, None), (2, True)]
    assert add(session, Article(title="one", tags=[tag])).tags == [tag]


def test_mending_changes_nothing_where_a_link_leads_to_the_dead(
    trade: World, session: Session
) -> None:
    add(session, Article(title="one", tags=[Tag(name="a")]))
    for what in ("insert", "update"):
        drop(trade, f"tag_record_{what}", "tag")
    trade.unguarded("UPDATE tag SET version_op = 'delete'", "tag")
    with pytest.raises(IntegrityError), trade.behind() as connection:
        mend_guards(connection, Base.metadata)
    assert GuardFault("tag", "tag_record_insert", "missing") in faults(trade)
    assert trade.sql("SELECT living FROM tag_record") == [(True,)]


def test_a_database_without_the_tables_of_records_is_passed_over(db: World) -> None:
    db.create(Tag)
    assert faults(db) == []
