"""The start makes a new database, and serves none that does not fit the models."""

from __future__ import annotations

import pytest
from sqlalchemy import Integer
from sqlalchemy.orm import mapped_column

from tests.migrations.shops import Shop, shop
from webapp.migrations import Unfit

WEIGHT = {"weight": lambda models: mapped_column(Integer)}


def refused(at_start: Shop) -> str:
    with pytest.raises(Unfit) as caught:
        at_start.make()
    assert "Nothing was changed" in str(caught.value)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_new_database_is_at_the_newest_revision(opened: Shop) -> None:
    assert opened.db.sql("SELECT version_num FROM alembic_version_shop") == [("shop_0001",)]
    assert opened.upgrade() == []


def test_starting_again_is_harmless(opened: Shop) -> None:
    opened.make()
    assert opened.unsound() == []


def test_a_database_that_is_behind_is_not_served(opened: Shop) -> None:
    later = shop(opened.db, opened.folder, **WEIGHT)
    later.write("Weigh them")
    told = refused(later)
    assert "at shop_0001, the program is at shop_0002" in told
    assert told.endswith("versioned-admin database upgrade")
    later.upgrade()
    later.make()


def test_a_database_that_is_ahead_is_not_served(opened: Shop) -> None:
    later = shop(opened.db, opened.folder, **WEIGHT)
    later.write("Weigh them")
    later.upgrade()
    next(opened.folder.glob("shop_0002*.py")).unlink()
    assert "start the newer version" in refused(opened)
    with pytest.raises(Unfit, match="ahead"):
        opened.upgrade()


def test_a_column_that_no_revision_has_yet_is_told(opened: Shop) -> None:
    told = refused(shop(opened.db, opened.folder, **WEIGHT))
    assert "the column product.weight is missing" in told
    assert "database revision --app shop" in told


def test_a_column_that_demands_what_no_model_gives_is_told(opened: Shop) -> None:
    told = refused(shop(opened.db, opened.folder, without=("price",), __table_args__=()))
    assert "the column product.price demands a value" in told


def test_a_table_that_no_revision_has_yet_is_told(opened: Shop) -> None:
    opened.db.sql("DROP TABLE line_digest")
    assert "the table line_digest is missing" in refused(opened)


def test_without_revisions_missing_tables_are_made(unrevised: Shop) -> None:
    unrevised.db.sql("DROP TABLE line_digest")
    unrevised.make()
    assert unrevised.differences() == []


def test_without_revisions_a_missing_column_is_told_all_the_same(
    unrevised: Shop,
) -> None:
    opened = unrevised
    assert "product.weight is missing" in refused(shop(opened.db, opened.folder, **WEIGHT))
