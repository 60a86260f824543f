"""A board to which clients pin tokens."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON
from sqlalchemy.orm import Mapped, mapped_column

from webapp.extensions import db
from webapp.versioning import Versioned


class Board(Versioned, db.Model):
    __tablename__ = "storm_board"
    name: Mapped[str]
    tokens: Mapped[list[Any]] = mapped_column(JSON, default=list)
