"""Books with topics and marks: links of both kinds, to records known by numbers and by texts."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webapp.extensions import db
from webapp.versioning import Versioned, floating, linked


class Topic(Versioned, db.Model):
    """Not deleted while a book is about it."""

    __tablename__ = "tagged_topic"
    name: Mapped[str] = mapped_column(sa.String(60))

    def __str__(self) -> str:
        return self.name


class Mark(Versioned, db.Model):
    """Known by a text; taken off its books when it is deleted."""

    __tablename__ = "tagged_mark"
    id: Mapped[str] = mapped_column(sa.String(60), primary_key=True, sort_order=-2)  # type: ignore[assignment]
    meaning: Mapped[str] = mapped_column(sa.String(60), default="")

    def __str__(self) -> str:
        return self.meaning or self.id


class Hall(Versioned, db.Model):
    """Its books stand as rows in its form."""

    __tablename__ = "tagged_hall"
    name: Mapped[str] = mapped_column(sa.String(60))


class Book(Versioned, db.Model):
    __tablename__ = "tagged_book"
    title: Mapped[str] = mapped_column(sa.String(60))
    hall_id: Mapped[int | None]
    hall: Mapped[Hall | None] = floating("hall_id")
    topics: Mapped[list[Topic]] = linked()
    marks: Mapped[list[Mark]] = linked(on_delete="unlink")

    def __str__(self) -> str:
        return self.title
