"""The trade over each kind of database, and a session on it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from tests.versioning.references.trade import Base, Change
from tests.versioning.tables import create_tables
from tests.versioning.world import World


def no_waiting_for_the_disk(dbapi_connection: Any, record: Any) -> None:
    dbapi_connection.execute("PRAGMA synchronous = OFF").close()


@pytest.fixture
def trade(db: World) -> World:
    if db.is_sqlite:
        event.listen(db.engine, "connect", no_waiting_for_the_disk)
    create_tables(db.engine, Base.metadata)
    return db


@pytest.fixture
def session(trade: World) -> Session:
    return trade.session(change_model=Change)
