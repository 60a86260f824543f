"""A shop that is open for a while, on either engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.migrations.shops import Shop, shop
from tests.versioning.world import World, world


@pytest.fixture
def db(database_url: str) -> Iterator[World]:
    with world(database_url) as made:
        yield made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "migrations"


#: The first revision, and the file of a database at it, as the first test made them.
_REVISION: list[str] = []
_FILE: list[bytes] = []


@pytest.fixture
def begun(db: World, folder: Path) -> Shop:
    """The shop with its first revision, before it has a database."""
    made = shop(db, folder)
    if not _REVISION:
        _REVISION.append(made.write("The tables of the shop"))
    folder.mkdir(exist_ok=True)
    folder.joinpath("shop_0001_the_tables_of_the_shop.py").write_text(_REVISION[0])
    return made


@pytest.fixture
def opened(begun: Shop) -> Shop:
    """The shop at its first revision, with records that have a past."""
    file = Path(str(begun.db.engine.url.database))
    if begun.db.is_sqlite and _FILE:
        file.write_bytes(_FILE[0])
        return begun
    begun.make()
    begun.fill()
    if begun.db.is_sqlite:
        begun.db.engine.dispose()  # the last connection takes the write-ahead log into the file
        _FILE.append(file.read_bytes())
    return begun


@pytest.fixture
def unrevised(db: World, folder: Path) -> Shop:
    """The shop of somebody who never wrote a revision."""
    made = shop(db, folder)
    made.make()
    made.fill()
    return made
