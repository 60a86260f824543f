"""Row 17: binary values."""

from __future__ import annotations

from sqlalchemy import LargeBinary
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from tests.versioning.shapes.walk import Walk
from webapp.versioning import ChangeRecord, Versioned, install_guards


class Base(DeclarativeBase):
    pass


class Change(ChangeRecord, Base):
    __tablename__ = "change"


class Picture(Versioned, Base):
    __tablename__ = "picture"

    pixels: Mapped[bytes]
    small: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)


install_guards(Base.metadata)


class TestBinary(Walk):
    model = Picture
    first = {"pixels": bytes(range(256)), "small": b"\x00\xff"}
    second = {"pixels": b"", "small": None}
