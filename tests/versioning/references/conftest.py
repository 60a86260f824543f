"""The trade over each kind of database, and a session on it."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from tests.versioning.references.trade import Base, Change
from tests.versioning.world import World


@pytest.fixture
def trade(db: World) -> World:
    Base.metadata.create_all(db.engine)
    return db


@pytest.fixture
def session(trade: World) -> Session:
    return trade.session(change_model=Change)
