"""Blame names the version that gave a record the links that it has."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from tests.versioning.references.trade import Article, Change, Tag, add
from tests.versioning.world import World
from webapp.versioning import blame, change, hide_columns, restore


@pytest.fixture
def article(session: Session) -> Article:
    """With tags a and b at version 1."""
    made: Article = add(session, Article(title="one", tags=[Tag(name="a"), Tag(name="b")]))
    return made


def given(session: Session, version: int | None = None) -> int:
    return blame(session, Article, 1, version)["tags"].version_id


def retitled(session: Session, article: Article, title: str = "two") -> None:
    article.title = title
    session.commit()


def test_links_of_the_first_version_stay_its_own(session: Session, article: Article) -> None:
    retitled(session, article)
    assert given(session) == 1


def test_no_links_at_all_are_those_of_the_first_version(session: Session, article: Article) -> None:
    retitled(session, article)
    assert blame(session, Article, 1)["badges"].version_id == 1


def test_whoever_adds_one_gave_the_set(session: Session, article: Article) -> None:
    with change(session, actor="Alice", reason="New"):
        article.tags.append(Tag(name="c"))
        session.commit()
    retitled(session, article)
    found = blame(session, Article, 1)["tags"]
    assert (found.version_id, found.actor, found.reason) == (2, "Alice", "New")


def test_whoever_takes_one_out_gave_the_set(session: Session, article: Article) -> None:
    article.tags.pop()
    session.commit()
    retitled(session, article)
    assert given(session) == 2


def test_taken_out_and_put_back_is_blamed_on_the_return(session: Session, article: Article) -> None:
    tag = article.tags.pop()
    session.commit()
    article.tags.append(tag)
    session.commit()
    retitled(session, article)
    assert given(session) == 3


def test_taken_out_and_put_back_in_one_version_is_nothing(
    session: Session, article: Article
) -> None:
    tag = article.tags.pop()
    session.flush()
    article.tags.append(tag)
    article.title = "two"
    session.commit()
    assert article.version_id == 2
    assert given(session) == 1


def test_an_older_version_knows_nothing_newer(session: Session, article: Article) -> None:
    retitled(session, article)
    article.tags.clear()
    session.commit()
    assert (given(session, 2), given(session)) == (1, 3)


def test_it_reaches_past_a_deletion_and_its_restore(session: Session, article: Article) -> None:
    session.delete(article)
    session.commit()
    restore(session, Article, 1, 1)
    session.commit()
    assert given(session) == 1


def test_what_a_restore_leaves_out_is_its_own(session: Session, article: Article) -> None:
    article.tags.append(Tag(name="c"))
    session.commit()
    session.delete(article)
    session.commit()
    restore(session, Article, 1, 1)
    session.commit()
    assert given(session) == 4


def test_it_does_not_reach_past_a_re_creation(session: Session, article: Article) -> None:
    tags = list(article.tags)
    session.delete(article)
    session.commit()
    session.expunge(article)
    add(session, Article(id=1, title="one", tags=tags))
    assert given(session) == 3


def test_it_takes_a_statement_for_each_kind(
    trade: World, session: Session, article: Article
) -> None:
    for name in "cde":
        article.tags.append(Tag(name=name))
        session.commit()
    fresh = trade.session(change_model=Change)
    fresh.connection()
    with trade.executions() as seen:
        blame(fresh, Article, 1)
    assert seen.count("SELECT") == 4  # two as ever, and one for tags and for badges each


def test_links_that_are_hidden_are_not_spoken_of(session: Session, article: Article) -> None:
    hide_columns(lambda model: frozenset({"tags"}))
    try:
        assert "tags" not in blame(session, Article, 1)
    finally:
        hide_columns(None)
