"""A shop over each kind of database, and a session on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy.orm import Session

from tests.versioning.answers.shop import Shop, open_shop


@pytest.fixture
def shop(database_url: str) -> Iterator[Shop]:
    with open_shop(database_url) as made:
        yield made


@pytest.fixture
def session(shop: Shop) -> Iterator[Session]:
    with shop.factory() as made:
        yield made
