"""Links between versioned records belong to the history of their owner."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.exc import DatabaseError, IntegrityError
from sqlalchemy.orm import Session

from tests.versioning.references.trade import Article, Badge, Change, Tag, add
from tests.versioning.world import World
from webapp.versioning import (
    DanglingReference,
    MembersDifference,
    ReadOnlyVersion,
    RestoreClash,
    StillReferenced,
    UndoBlocked,
    VersionConflict,
    act_on_many,
    as_of,
    diff,
    load_as_of,
    plan_many,
    plan_restore,
    restore,
    timeline,
    undo,
    undo_change,
    what_changed,
)


def links(db: World) -> list[Any]:
    """(owner, target, added in, removed in)"""
    columns = "owner_id, target_id, added_in, removed_in"
    return db.sql(f"SELECT {columns} FROM article_tags ORDER BY id")


def names(article: Any) -> list[str]:
    return sorted(tag.name for tag in article.tags)


def tagged(session: Session, *tags: str) -> Article:
    """A committed article, with tags whose ids are 1, 2, …"""
    made = [Tag(name=name) for name in tags]
    session.add_all(made)
    session.flush()
    return add(session, Article(title="one", tags=made))


def test_a_new_owner_brings_its_links_and_what_they_lead_to(trade: World, session: Session) -> None:
    article = add(session, Article(title="one", tags=[Tag(name="a"), Tag(name="b")]))
    session.expire(article)
    assert names(article) == ["a", "b"]
    assert [row[2:] for row in links(trade)] == [(1, None), (1, None)]


def test_they_survive_the_next_version_without_a_row_written(
    trade: World, session: Session
) -> None:
    article = tagged(session, "a", "b")
    article.title = "two"
    session.commit()
    assert (article.version_id, names(article)) == (2, ["a", "b"])
    session.execute(update(Article).values(title="three"))
    session.commit()
    assert (article.version_id, names(article)) == (3, ["a", "b"])
    assert len(links(trade)) == 2


def test_a_links_only_edit_is_a_version_and_shows_in_its_diff(
    trade: World, session: Session
) -> None:
    article = tagged(session, "a", "b")
    b = next(tag for tag in article.tags if tag.name == "b")
    article.tags.remove(b)
    article.tags.append(Tag(name="c"))
    session.commit()
    assert trade.rows(Article, "title") == [(1, 1, False, "one"), (1, 2, True, "one")]
    assert links(trade) == [(1, 1, 1, None), (1, 2, 1, 2), (1, 3, 2, None)]
    (change,) = diff(session.get_one(Article, (1, 1)), article)
    assert (change.name, change.kind) == ("tags", "links")
    assert change.detail == MembersDifference(added=(3,), removed=(2,), moved=())
    assert diff(article, session.get_one(Article, (1, 1)))[0].detail == MembersDifference(
        added=(2,), removed=(3,), moved=()
    )


def test_an_older_version_reads_the_links_it_had(trade: World, session: Session) -> None:
    article = tagged(session, "a", "b")
    article.tags.clear()
    session.commit()
    assert (names(article), names(session.get_one(Article, (1, 1)))) == ([], ["a", "b"])


def test_added_and_taken_out_again_is_no_version(trade: World, session: Session) -> None:
    article = tagged(session, "a")
    tag = article.tags[0]
    article.tags.remove(tag)
    article.tags.append(tag)
    session.commit()
    assert (article.version_id, links(trade)) == (1, [(1, 1, 1, None)])


def test_several_flushes_are_one_version(trade: World, session: Session) -> None:
    article = tagged(session, "a", "b")
    a, b = sorted(article.tags, key=lambda tag: tag.name)
    for tag in (a, b):
        article.tags.remove(tag)
        session.flush()
    article.tags.append(a)
    session.flush()
    article.title = "two"
    session.commit()
    session.expire(article)
    assert (article.version_id, names(article)) == (2, ["a"])
    assert names(session.get_one(Article, (1, 1))) == ["a", "b"]
    assert diff(session.get_one(Article, (1, 1)), article)[1].detail == MembersDifference(
        added=(), removed=(2,), moved=()
    )


def test_with_a_counter_it_is_a_version_too(trade: World, session: Session) -> None:
    article = tagged(session, "a")
    article.views, article.tags = 5, []
    session.commit()
    assert trade.rows(Article, "views")[-1] == (1, 2, True, 5)


def test_one_more_of_many_is_one_row(trade: World, session: Session) -> None:
    article = tagged(session, *(str(n) for n in range(300)))
    article.tags.append(Tag(name="new"))
    session.flush()
    session.commit()
    assert [row for row in links(trade) if row[2] == 2] == [(1, 301, 2, None)]
    assert len(links(trade)) == 301


def test_a_rollback_takes_them_back(trade: World, session: Session) -> None:
    article = tagged(session, "a")
    article.tags.append(Tag(name="b"))
    session.flush()
    session.rollback()
    assert (article.version_id, names(article)) == (1, ["a"])
    with session.begin_nested() as savepoint:
        article.tags.clear()
        session.flush()
        savepoint.rollback()
    assert (article.version_id, names(article)) == (1, ["a"])
    article.tags.append(Tag(name="c"))
    session.commit()
    assert (article.version_id, names(article)) == (2, ["a", "c"])


def test_who_saves_second_gets_a_conflict(trade: World, session: Session) -> None:
    article = tagged(session, "a")
    bob = trade.session(change_model=Change)
    theirs = bob.get_one(Article, (1, 1))
    theirs.tags.append(Tag(name="b"))
    if not trade.is_sqlite:
        assert article.version_id == 1
    session.rollback()
    bob.commit()
    session.expunge_all()
    stale = bob.get_one(Article, (1, 1))
    stale.tags.clear()
    with pytest.raises((ReadOnlyVersion, VersionConflict)):
        bob.commit()
    bob.rollback()
    assert len(links(trade)) == 2


def test_restore_brings_links_back(trade: World, session: Session) -> None:
    article = tagged(session, "a", "b")
    article.tags = [Tag(name="c")]
    session.commit()
    plan = plan_restore(session, Article, 1, 1)
    assert (plan.altered, plan.links) == (("tags",), {"tags": ((3,), (1, 2))})
    assert plan.changes[0].detail == MembersDifference(added=(1, 2), removed=(3,), moved=())
    restore(session, Article, 1, 1)
    session.commit()
    assert (article.version_id, article.version_op, names(article)) == (3, "restore", ["a", "b"])
    assert plan_restore(session, Article, 1, 1).identical


def test_restore_of_other_fields_leaves_them(trade: World, session: Session) -> None:
    article = tagged(session, "a")
    article.tags, article.title = [], "two"
    session.commit()
    restore(session, Article, 1, 1, fields=["title"])
    session.commit()
    assert (article.title, names(article)) == ("one", [])


def test_a_deletion_ends_them_and_a_restore_begins_them_again(
    trade: World, session: Session
) -> None:
    article = tagged(session, "a")
    session.delete(article)
    session.commit()
    assert links(trade) == [(1, 1, 1, 2)]
    restore(session, Article, 1, 1)
    session.commit()
    assert links(trade) == [(1, 1, 1, 2), (1, 1, 3, None)]
    session.execute(delete(Article))
    session.commit()
    assert links(trade)[1] == (1, 1, 3, 4)
    undo(session, Article, 1, 4)
    session.commit()
    assert links(trade)[2] == (1, 1, 5, None)


def test_restoring_many_at_once_begins_them_again_too(trade: World, session: Session) -> None:
    article = tagged(session, "a", "b")
    article.tags.remove(next(tag for tag in article.tags if tag.name == "b"))
    session.commit()
    session.delete(article)
    session.commit()
    act_on_many(session, plan_many(session, Article, "restore", {1: 3}))
    session.commit()
    article = session.get_one(Article, (1, 4))
    assert (article.version_op, names(article)) == ("restore", ["a"])
    assert links(trade) == [(1, 1, 1, 3), (1, 2, 1, 2), (1, 1, 4, None)]


def test_undo_takes_back_one_version_of_them(trade: World, session: Session) -> None:
    article = tagged(session, "a", "b")
    a, b = sorted(article.tags, key=lambda tag: tag.name)
    article.tags = [a, Tag(name="c")]
    session.commit()
    article.tags.append(Tag(name="d"))
    session.commit()
    undo(session, Article, 1, 2)
    session.commit()
    assert names(article) == ["a", "b", "d"]
    assert undo(session, Article, 1, 2).operation is None
    assert b in article.tags


def test_a_change_of_links_is_undone_and_redone(trade: World, session: Session) -> None:
    article = tagged(session, "a", "b")
    article.tags = [min(article.tags, key=lambda tag: tag.name), Tag(name="c")]
    session.commit()
    undo_change(session, article.change_id)
    session.commit()
    assert (article.version_id, names(article)) == (3, ["a", "b"])
    undo_change(session, article.change_id)
    session.commit()
    assert (article.version_id, names(article)) == (4, ["a", "c"])


def test_a_change_that_deleted_both_ends_is_undone(trade: World, session: Session) -> None:
    article = tagged(session, "a")
    session.delete(article.tags[0])
    session.delete(article)
    session.commit()
    undo_change(session, article.change_id)
    session.commit()
    session.expire(article)
    assert (article.version_op, names(article)) == ("restore", ["a"])


def test_undoing_a_change_whose_links_lead_to_the_dead_is_blocked(
    trade: World, session: Session
) -> None:
    article = tagged(session, "a")
    tag = article.tags[0]
    article.tags.clear()
    session.commit()
    change_id = article.change_id
    session.delete(tag)
    session.commit()
    with pytest.raises(UndoBlocked, match="Tag 1, which is deleted"):
        undo_change(session, change_id)


def test_a_timeline_and_a_change_show_them_by_one_statement_more(
    trade: World, session: Session
) -> None:
    article = tagged(session, "a")
    for name in "bcd":
        article.tags = [Tag(name=name)]
        session.commit()
    with trade.executions() as seen:
        shown = timeline(session, Article, 1)
    assert [[c.detail for c in entry.changes] for entry in shown.entries[:2]] == [
        [MembersDifference(added=(4,), removed=(3,), moved=())],
        [MembersDifference(added=(3,), removed=(2,), moved=())],
    ]
    assert [c.name for c in shown.entries[3].changes] == ["title", "views", "tags"]
    assert seen.count("SELECT") == 6  # four as ever, and one for tags and for badges each
    found = what_changed(session, article.change_id)
    by_model = {each.model: each.records for each in found.models}
    assert [c.name for c in by_model[Article][0].changes] == ["tags"]


def test_as_of_a_moment_they_read_links_and_names_of_then(trade: World, session: Session) -> None:
    first = tagged(session, "a", "b")
    second = add(session, Article(title="two", tags=list(first.tags)))
    then = second.version_from
    first.tags[0].name = "A"
    second.tags.clear()
    session.commit()
    session.expunge_all()
    articles = list(session.scalars(as_of(Article, then).order_by(Article.id)))
    with trade.executions() as seen:
        load_as_of(session, articles, then, "tags")
        assert [names(article) for article in articles] == [["a", "b"], ["a", "b"]]
    assert seen.count("SELECT") == 2


def test_what_is_linked_to_is_not_deleted(trade: World, session: Session) -> None:
    article = tagged(session, "a")
    tag = article.tags[0]
    session.delete(tag)
    with pytest.raises(StillReferenced, match=r"Article 1 \(tags: Tag 1\)"):
        session.commit()
    session.rollback()
    with pytest.raises(StillReferenced):
        session.execute(delete(Tag))
    session.rollback()
    article.tags.remove(tag)
    session.delete(tag)
    session.commit()
    assert names(session.get_one(Article, (1, 1))) == []


def test_what_may_be_taken_off_is(trade: World, session: Session) -> None:
    badges = [Badge(name="x"), Badge(name="y")]
    article = add(session, Article(title="one", badges=badges))
    session.delete(badges[0])
    session.commit()
    assert (article.version_id, [b.name for b in article.badges]) == (2, ["y"])
    session.execute(delete(Badge))
    session.commit()
    session.expire(article)
    assert (article.version_id, article.badges) == (3, [])


def test_restoring_a_link_to_the_dead_is_refused(trade: World, session: Session) -> None:
    article = tagged(session, "a")
    tag = article.tags[0]
    article.tags.clear()
    session.delete(tag)
    session.commit()
    with pytest.raises(RestoreClash, match="Tag 1, which is deleted"):
        restore(session, Article, 1, 1)
    article.tags.append(tag)
    with pytest.raises(DanglingReference, match="Tag 1"):
        session.commit()


def test_created_and_deleted_in_one_transaction_leaves_nothing(
    trade: World, session: Session
) -> None:
    article = Article(title="one", tags=[Tag(name="a")])
    session.add(article)
    session.flush()
    session.delete(article)
    session.commit()
    assert links(trade) == []


def test_the_database_keeps_its_links(trade: World, session: Session) -> None:
    tagged(session, "a")
    for statement in (
        "DELETE FROM article_tags",
        "UPDATE article_tags SET target_id = 2",
        "UPDATE article_tags SET added_in = 0",
    ):
        with pytest.raises(DatabaseError), trade.behind() as connection:
            connection.execute(text(statement))
    trade.sql("UPDATE article_tags SET removed_in = 2")
    with pytest.raises(DatabaseError):
        trade.sql("UPDATE article_tags SET removed_in = NULL")


def test_two_open_links_of_the_same_are_refused(trade: World, session: Session) -> None:
    tagged(session, "a")
    with pytest.raises(IntegrityError):
        trade.sql("INSERT INTO article_tags (owner_id, target_id, added_in) VALUES (1, 1, 2)")


def test_linking_while_the_target_is_deleted(postgresql_url: str) -> None:
    from tests.versioning.references.trade import Base
    from tests.versioning.world import world

    with world(postgresql_url) as db:
        Base.metadata.create_all(db.engine)
        alice, bob = db.session(change_model=Change), db.session(change_model=Change)
        add(alice, Tag(name="a"), Article(title="one"))
        article = bob.get_one(Article, (1, 1))
        article.tags.append(bob.get_one(Tag, (1, 1)))
        alice.delete(alice.get_one(Tag, (1, 1)))
        alice.flush()
        thread = threading.Thread(target=lambda: (threading.Event().wait(0.3), alice.commit()))
        thread.start()
        with pytest.raises(DanglingReference):
            bob.commit()
        thread.join()
        bob.rollback()
        assert db.count("article_tags") == 0
