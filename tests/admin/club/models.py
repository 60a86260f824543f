"""Teams and their members, letters that stay with a version, clauses that follow, and a tree."""

from __future__ import annotations

from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, validates

from webapp.extensions import db
from webapp.files import FileType, StoredFile
from webapp.versioning import (
    Versioned,
    collected,
    current_index,
    current_unique,
    floating,
    following,
    pinned,
)


class Place(Versioned, db.Model):
    __tablename__ = "club_place"
    name: Mapped[str]

    def __str__(self) -> str:
        return self.name


class Team(Versioned, db.Model):
    __tablename__ = "club_team"
    name: Mapped[str]
    members: Mapped[list[Member]] = collected("team")

    def __str__(self) -> str:
        return self.name


class Member(Versioned, db.Model):
    """Plays for a team as it is now."""

    __tablename__ = "club_member"
    __masked__ = ("code",)
    __table_args__ = (current_unique("team_id", "shirt"), current_index("team_id"))
    name: Mapped[str] = mapped_column(sa.String(40))
    shirt: Mapped[int | None]
    fee: Mapped[Decimal] = mapped_column(sa.Numeric(8, 2), default=Decimal(0))
    notes: Mapped[str | None] = mapped_column(sa.Text)
    is_paying: Mapped[bool] = mapped_column(default=True)
    code: Mapped[str | None]
    photo: Mapped[StoredFile | None] = mapped_column(FileType())
    home_id: Mapped[int | None]
    home: Mapped[Place | None] = floating("home_id")
    team_id: Mapped[int]
    team: Mapped[Team] = floating("team_id", on_delete="cascade", back_populates="members")

    def __str__(self) -> str:
        return f"{self.name} ({self.shirt})"

    @validates("name")
    def not_banned(self, key: str, value: str) -> str:
        if value == "banned":
            raise ValueError("May not play.")
        return value


class Letter(Versioned, db.Model):
    """Was written to a team as it was then."""

    __tablename__ = "club_letter"
    text: Mapped[str]
    team_id: Mapped[int]
    team_version_id: Mapped[int]
    team: Mapped[Team] = pinned("team_id", "team_version_id")


class Treaty(Versioned, db.Model):
    __tablename__ = "club_treaty"
    title: Mapped[str]


class Clause(Versioned, db.Model):
    """In force with the treaty as a whole."""

    __tablename__ = "club_clause"
    text: Mapped[str]
    treaty_id: Mapped[int]
    treaty_version_id: Mapped[int]
    treaty: Mapped[Treaty] = following("treaty_id", "treaty_version_id", on_delete="cascade")


class Seal(Versioned, db.Model):
    """Known by a text that people give it."""

    __tablename__ = "club_seal"
    id: Mapped[str] = mapped_column(sa.String(20), primary_key=True, sort_order=-2)  # type: ignore[assignment]
    color: Mapped[str]
    treaty_id: Mapped[int]
    treaty: Mapped[Treaty] = floating("treaty_id", on_delete="cascade")
    place_id: Mapped[int | None]
    place: Mapped[Place | None] = floating("place_id")


class Task(Versioned, db.Model):
    """Has tasks below it."""

    __tablename__ = "club_task"
    name: Mapped[str]
    parent_id: Mapped[int | None]
    parent: Mapped[Task | None] = floating("parent_id", on_delete="cascade")


class Match(Versioned, db.Model):
    """Refers to teams in two ways."""

    __tablename__ = "club_match"
    host_id: Mapped[int]
    host: Mapped[Team] = floating("host_id")
    guest_id: Mapped[int]
    guest: Mapped[Team] = floating("guest_id")
    place_id: Mapped[int | None]
    place: Mapped[Place | None] = floating("place_id")


class Note(db.Model):
    """Keeps no versions."""

    __tablename__ = "club_note"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
