"""Books and topics made past the pages, and read again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Flask
from sqlalchemy import select

from tests.admin.tagged.models import Book, Mark, Topic
from webapp.extensions import db
from webapp.versioning import change, current, links_at

SETTINGS = {"APPS": ("tests.admin.tagged",)}


@dataclass
class Shelf:
    """The shelf of one application."""

    app: Flask

    def topics(self, *names: str) -> list[int]:
        """New topics; their ids."""
        with self.app.app_context(), change(db.session, actor="Carol"):
            made = [Topic(name=name) for name in names]
            db.session.add_all(made)
            db.session.commit()
            return [each.id for each in made]

    def book(self, title: str = "Dunes", topics: Any = (), marks: Any = ()) -> int:
        with self.app.app_context(), change(db.session, actor="Carol"):
            book = Book(
                title=title,
                topics=[_living(Topic, each) for each in topics],
                marks=[Mark(id=each) for each in marks],
            )
            db.session.add(book)
            db.session.commit()
            return book.id

    def link(self, id: int, *topics: int, actor: str = "Bob", **values: Any) -> None:
        """Give a book these topics and no others."""
        with self.app.app_context(), change(db.session, actor=actor):
            book = _living(Book, id)
            book.topics = [_living(Topic, each) for each in topics]
            for name, value in values.items():
                setattr(book, name, value)
            db.session.commit()

    def delete(self, model: Any, id: Any) -> None:
        with self.app.app_context(), change(db.session, actor="Bob"):
            db.session.delete(_living(model, id))
            db.session.commit()

    def linked(self, id: int, name: str = "topics") -> list[tuple[Any, ...]]:
        """What each version of a book is linked to, oldest first."""
        with self.app.app_context():
            numbers = select(Book.version_id).where(Book.id == id).order_by(Book.version_id)
            versions = [(id, each) for each in db.session.scalars(numbers)]
            found = links_at(db.session(), Book, versions)
            return [found[each][name] for each in versions]


def _living(model: Any, id: Any) -> Any:
    return db.session.scalars(current(model).where(model.id == id)).one()
