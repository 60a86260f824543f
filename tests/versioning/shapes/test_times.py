"""Row 17: dates, times with and without a zone, and spans of time."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import DateTime
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from tests.versioning.shapes.walk import Walk
from tests.versioning.world import World
from webapp.versioning import ChangeRecord, Versioned, install_guards


class Base(DeclarativeBase):
    pass


class Change(ChangeRecord, Base):
    __tablename__ = "change"


class Meeting(Versioned, Base):
    __tablename__ = "meeting"

    day: Mapped[date]
    at: Mapped[datetime]
    hour: Mapped[time]
    takes: Mapped[timedelta | None]


class Flight(Versioned, Base):
    __tablename__ = "flight"

    leaves: Mapped[datetime] = mapped_column(DateTime(timezone=True))


install_guards(Base.metadata)


class TestTimes(Walk):
    model = Meeting
    first = {
        "day": date(1, 1, 1),
        "at": datetime(2030, 1, 1, 12, 0, 0, 1),
        "hour": time(23, 59, 59, 999999),
        "takes": timedelta(days=-1, microseconds=1),
    }
    second = {
        "day": date(9999, 12, 31),
        "at": datetime(2030, 1, 1, 12, 0, 0, 2),
        "hour": time(0),
        "takes": None,
    }


def aware(hour: int) -> datetime:
    return datetime(2030, 6, 1, hour, 0, 0, 5, tzinfo=UTC)


class TestAware(Walk):
    """SQLite's type of SQLAlchemy forgets the zone: there the moment is what it was told in UTC."""

    model = Flight
    first = {"leaves": aware(1)}
    second = {"leaves": aware(2)}

    def plain(self, values: dict[str, Any]) -> dict[str, Any]:
        leaves = values["leaves"]
        told = leaves.replace(tzinfo=UTC) if leaves.tzinfo is None else leaves.astimezone(UTC)
        return {**values, "leaves": told}

    def test_the_same_moment_with_its_zone_is_no_edit(self, db: World, session: Session) -> None:
        obj = self.added(session)
        assert self.seen(obj, self.first) == self.first
        obj.leaves = aware(1)
        session.commit()
        assert self.stored(db) == [(1, True, "create", self.first)]
