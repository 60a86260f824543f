"""Row 19: the recipe's hook `new_version(session)` may be overridden in a model."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import ForeignKey, event
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, validates

from tests.versioning.world import World
from webapp.versioning import Versioned, VersioningError


class Base(DeclarativeBase):
    pass


class Log(Base):
    __tablename__ = "log"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]


class Folder(Versioned, Base):
    __tablename__ = "folder"
    pages: Mapped[int] = mapped_column(default=0)


class Page(Versioned, Base):
    __tablename__ = "page"
    title: Mapped[str]
    revision: Mapped[int] = mapped_column(default=0)

    def new_version(self, session: Session) -> None:
        self.revision += 1
        Versioned.new_version(self, session)
        session.add(Log(text=f"{self.title} is version {self.version_id}"))
        for folder in session.info.get("folders", ()):
            folder.pages += 1


@pytest.fixture
def session(db: World) -> Session:
    Base.metadata.create_all(db.engine, tables=[Log.__table__])  # type: ignore[list-item]
    db.create(Folder, Page)
    return db.session(change_model=None)


def make(session: Session, *objects: Any) -> None:
    session.add_all(objects)
    session.commit()


def test_it_is_called_once_for_each_version(db: World, session: Session) -> None:
    page = Page(title="a")
    make(session, page)
    for title in ("b", "c"):
        page.title = title
        session.commit()
    assert db.rows(Page, "title", "revision") == [
        (1, 1, False, "a", 0),
        (1, 2, False, "b", 1),
        (1, 3, True, "c", 2),
    ]
    assert db.sql("SELECT text FROM log ORDER BY id") == [
        ("b is version 2",),
        ("c is version 3",),
    ]


def test_it_is_not_called_for_equal_values_or_amendments(db: World, session: Session) -> None:
    page = Page(title="a")
    make(session, page)
    page.title = "a"
    session.commit()
    page.title = "b"
    session.flush()
    page.title = "c"
    session.commit()
    assert db.rows(Page, "title", "revision")[1:] == [(1, 2, True, "c", 1)]


def test_it_may_edit_other_records(db: World, session: Session) -> None:
    page, folder = Page(title="a"), Folder()
    make(session, page, folder)
    session.info["folders"] = [folder]
    page.title = "b"
    session.commit()
    assert db.rows(Folder, "pages") == [(1, 1, False, 0), (1, 2, True, 1)]


def test_it_may_edit_a_record_that_was_set_to_what_it_is(db: World, session: Session) -> None:
    page, folder = Page(title="a"), Folder()
    make(session, page, folder)
    session.info["folders"] = [folder]
    folder.pages = 0
    page.title = "b"
    session.commit()
    assert db.rows(Folder, "pages") == [(1, 1, False, 0), (1, 2, True, 1)]


def test_it_may_edit_a_record_that_is_edited_anyway(db: World, session: Session) -> None:
    pages, folder = [Page(title="a"), Page(title="b")], Folder()
    make(session, folder, *pages)
    session.info["folders"] = [folder]
    folder.pages = 10
    for page in pages:
        page.title += "!"
    session.commit()
    assert db.rows(Folder, "pages") == [(1, 1, False, 0), (1, 2, True, 12)]


def test_what_it_did_is_rolled_back_with_the_version(db: World, session: Session) -> None:
    page, folder = Page(title="a"), Folder()
    make(session, page, folder)
    session.info["folders"] = [folder]
    page.title = "b"
    session.flush()
    session.rollback()
    assert (page.revision, folder.pages, db.count("log")) == (0, 0, 0)
    page.title = "c"
    session.commit()
    assert db.rows(Page, "title", "revision")[-1] == (1, 2, True, "c", 1)


def test_an_error_in_it_leaves_nothing(db: World, session: Session) -> None:
    page, other = Page(title="a"), Page(title="b")
    make(session, page, other)
    session.info["folders"] = [None]
    page.title = other.title = "lost"
    with pytest.raises(AttributeError):
        session.commit()
    session.rollback()
    session.info.clear()
    page.title = "c"
    session.commit()
    assert db.rows(Page, "title") == [(1, 1, False, "a"), (1, 2, True, "c"), (2, 1, True, "b")]


def test_one_that_does_not_call_the_original_is_refused(db: World) -> None:
    class Bases(DeclarativeBase):
        pass

    class Wrong(Versioned, Bases):
        __tablename__ = "wrong"
        title: Mapped[str]

        def new_version(self, session: Session) -> None:
            pass

    db.create(Wrong, guards=False)
    session = db.session(change_model=None)
    wrong = Wrong(title="a")
    make(session, wrong)
    wrong.title = "b"
    with pytest.raises(VersioningError, match="overwritten in place"):
        session.commit()
    session.rollback()
    assert db.rows(Wrong, "title") == [(1, 1, True, "a")]


# --- references that follow, pin, or are set within the flush ---


def references() -> tuple[Any, Any]:
    class Bases(DeclarativeBase):
        pass

    class Author(Bases):
        __tablename__ = "author"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str]

    class Book(Versioned, Bases):
        __tablename__ = "book"
        title: Mapped[str]
        author_id: Mapped[int | None] = mapped_column(ForeignKey("author.id"))
        author: Mapped[Author | None] = relationship()

    return Author, Book


@pytest.fixture
def library(db: World) -> Any:
    """Author 1 and book 1 by them."""
    Author, Book = references()
    Author.metadata.create_all(db.engine, tables=[Author.__table__])
    db.create(Book)
    session = db.session(change_model=None)
    make(session, Author(name="Ann"), Author(name="Ben"))
    make(session, Book(title="a", author_id=1))
    return session, Author, Book


def test_a_reference_set_to_a_persistent_object(db: World, library: Any) -> None:
    session, Author, Book = library
    book = session.get_one(Book, (1, 1))
    book.author = session.get_one(Author, 2)
    session.commit()
    assert db.rows(Book, "author_id") == [(1, 1, False, 1), (1, 2, True, 2)]
    assert book.author.name == "Ben"


def test_a_reference_set_to_a_new_object(db: World, library: Any) -> None:
    session, Author, Book = library
    book = session.get_one(Book, (1, 1))
    book.author = Author(id=30, name="Cay")
    session.commit()
    assert db.rows(Book, "author_id") == [(1, 1, False, 1), (1, 2, True, 30)]


def test_a_reference_set_to_a_new_object_without_a_key_yet(db: World, library: Any) -> None:
    session, Author, Book = library
    book = session.get_one(Book, (1, 1))
    book.author = Author(name="Cay")
    session.commit()
    assert db.rows(Book, "author_id") == [(1, 1, False, 1), (1, 2, True, 3)]


def test_a_reference_to_a_new_object_beside_an_edit(db: World, library: Any) -> None:
    session, Author, Book = library
    book = session.get_one(Book, (1, 1))
    book.title, book.author = "b", Author(name="Cay")
    session.commit()
    assert db.rows(Book, "title", "author_id") == [(1, 1, False, "a", 1), (1, 2, True, "b", 3)]


def test_a_reference_set_to_none(db: World, library: Any) -> None:
    session, _, Book = library
    book = session.get_one(Book, (1, 1))
    book.author = None
    session.commit()
    assert db.rows(Book, "author_id") == [(1, 1, False, 1), (1, 2, True, None)]


def test_a_reference_set_to_the_same_object(db: World, library: Any) -> None:
    session, Author, Book = library
    book = session.get_one(Book, (1, 1))
    book.author = session.get_one(Author, 1)
    session.commit()
    assert db.rows(Book) == [(1, 1, True)]


def test_a_reference_changed_and_changed_back(db: World, library: Any) -> None:
    session, _, Book = library
    book = session.get_one(Book, (1, 1))
    first = book.author
    book.author = None
    book.author = first
    session.commit()
    assert db.rows(Book) == [(1, 1, True)]


def test_a_reference_amended(db: World, library: Any) -> None:
    session, Author, Book = library
    book = session.get_one(Book, (1, 1))
    book.title = "b"
    session.flush()
    book.author = session.get_one(Author, 2)
    session.flush()
    book.author = Author(name="Cay")
    session.commit()
    assert db.rows(Book, "title", "author_id") == [(1, 1, False, "a", 1), (1, 2, True, "b", 3)]


def test_a_reference_rolled_back(db: World, library: Any) -> None:
    session, Author, Book = library
    book = session.get_one(Book, (1, 1))
    book.author = session.get_one(Author, 2)
    session.flush()
    session.rollback()
    assert (book.author_id, book.author.name) == (1, "Ann")


def test_a_reference_to_a_new_versioned_object(db: World) -> None:
    class Bases(DeclarativeBase):
        pass

    class Shelf(Versioned, Bases):
        __tablename__ = "shelf"
        name: Mapped[str]

    class Book(Versioned, Bases):
        __tablename__ = "book"
        shelf_id: Mapped[int | None]
        shelf: Mapped[Shelf | None] = relationship(
            primaryjoin="and_(foreign(Book.shelf_id) == Shelf.id, Shelf.is_current_version)"
        )

    db.create(Shelf, Book)
    session = db.session(change_model=None)
    book = Book()
    make(session, book)
    book.shelf = Shelf(name="new")
    session.commit()
    assert db.rows(Book, "shelf_id") == [(1, 1, False, None), (1, 2, True, 1)]


def test_a_reference_to_a_new_object_in_a_flush_that_wrote_others_first(
    db: World, library: Any
) -> None:
    session, Author, Book = library
    book, other = session.get_one(Book, (1, 1)), Book(title="other", author_id=2)
    make(session, other)
    book.author, other.title = Author(name="Cay"), "edited"
    session.add(Book(title="third", author=Author(name="Dee")))
    session.commit()
    found = {(row[0], row[3]): row[4] for row in db.rows(Book, "title", "author_id") if row[2]}
    assert found.keys() == {(1, "a"), (2, "edited"), (3, "third")}
    names = dict(db.sql("SELECT id, name FROM author"))
    assert [names[id] for _, id in sorted(found.items())] == ["Cay", "Ben", "Dee"]


# --- SQLAlchemy's own hooks ---


def listening_model() -> Any:
    class Bases(DeclarativeBase):
        pass

    class Named(Versioned, Bases):
        __tablename__ = "named"
        title: Mapped[str]
        slug: Mapped[str | None]

        @validates("title")
        def tidy(self, key: str, title: str) -> str:
            return title.strip()

    def set_slug(mapper: Any, connection: Any, named: Named) -> None:
        named.slug = named.title.lower()

    event.listen(Named, "before_insert", set_slug)
    event.listen(Named, "before_update", set_slug)
    return Named


def test_a_listener_before_the_update_sets_columns_of_the_new_row(db: World) -> None:
    Named = listening_model()
    db.create(Named)
    session = db.session(change_model=None)
    named = [Named(title="One"), Named(title=" Two ")]
    make(session, *named)
    for obj in named:
        obj.title += "!"
    session.commit()
    session.refresh(named[0])
    named[0].title = "One! "  # which the validator makes what it was
    session.commit()
    assert db.rows(Named, "title", "slug") == [
        (1, 1, False, "One", "one"),
        (1, 2, True, "One!", "one!"),
        (2, 1, False, "Two", "two"),
        (2, 2, True, "Two!", "two!"),
    ]


def test_before_flush_of_ones_own(db: World, session: Session) -> None:
    """Attached later than the core's: what it edits is not planned and must not slip through."""
    page = Page(title="a")
    make(session, page)

    def edit(session: Session, *rest: Any) -> None:
        page.title = "late"

    event.listen(session, "before_flush", edit)
    session.add(Log(text="x"))
    with pytest.raises((VersioningError, IntegrityError)):
        session.commit()
    event.remove(session, "before_flush", edit)
    session.rollback()
    assert db.rows(Page, "title") == [(1, 1, True, "a")]
