"""A database with records that several columns name together."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.versioning.keys.models import Base, Change, Station
from tests.versioning.tables import create_tables
from tests.versioning.world import World


@pytest.fixture
def keyed(db: World) -> World:
    """All tables, guards and digests."""
    create_tables(db.engine, Base.metadata)
    return db


@pytest.fixture
def session(keyed: World) -> Session:
    return keyed.session(Change)


def add(session: Session, *objects: Any) -> None:
    session.add_all(objects)
    session.commit()


def add_station(session: Session, country: str = "FR", code: str = "AB-1", **more: Any) -> Station:
    """A committed station, version 1."""
    station = Station(country=country, code=code, **more)
    add(session, station)
    return station
