"""The models that most of the core's tests use."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from webapp.versioning import ChangeRecord, Versioned, install_guards


class Base(DeclarativeBase):
    pass


class Change(ChangeRecord, Base):
    __tablename__ = "change"


class Note(Versioned, Base):
    __tablename__ = "note"
    __unversioned__ = ("views",)

    title: Mapped[str]
    body: Mapped[str | None]
    draft: Mapped[str | None] = mapped_column(deferred=True)
    stars: Mapped[int] = mapped_column(default=0)
    views: Mapped[int] = mapped_column(default=0, server_default=text("0"))


install_guards(Base.metadata)
