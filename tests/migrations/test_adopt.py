"""A database that is older than revisions is marked as at the first, where it fits."""

from __future__ import annotations

import pytest
from sqlalchemy import Integer
from sqlalchemy.orm import mapped_column

from tests.migrations.shops import Shop, shop
from webapp.migrations import Unfit


@pytest.fixture
def older(opened: Shop) -> Shop:
    """The shop as it was before there were revisions."""
    opened.db.sql("DROP TABLE alembic_version_shop")
    return opened


def test_tables_that_fit_are_marked_and_kept(older: Shop) -> None:
    before = older.db.sql("SELECT * FROM product ORDER BY id, version_id")
    assert older.upgrade() == ["shop: its tables were there and fit, marked as shop_0001"]
    assert older.unsound() == []
    assert older.db.sql("SELECT * FROM product ORDER BY id, version_id") == before


def test_later_revisions_follow(older: Shop) -> None:
    older.upgrade()
    later = shop(older.db, older.folder, weight=mapped_column(Integer))
    later.write("Weigh them")
    older.db.sql("DROP TABLE alembic_version_shop")
    assert later.upgrade()[-1] == "shop: shop_0002, Weigh them."
    assert later.unsound() == []


def test_what_is_wholly_missing_is_made(older: Shop) -> None:
    older.db.sql("DROP INDEX ix_product_name_current")
    older.db.sql("DROP TABLE line_digest")
    older.unguard("product", "delete")
    told = older.upgrade()
    assert "shop: made the index ix_product_name_current" in told
    assert "shop: made the table line_digest" in told
    assert "shop: made the guards of product anew, which did not stand" in told
    assert older.differences() == []


def test_tables_that_do_not_fit_are_left_with_a_word(older: Shop) -> None:
    if not older.db.is_sqlite:
        older.db.sql("ALTER TABLE line DROP COLUMN quantity CASCADE")
    else:
        older.unguard("line", "update")
        older.db.sql("ALTER TABLE line DROP COLUMN quantity")
    with pytest.raises(Unfit, match=r"line\.quantity is missing.*Nothing was changed"):
        older.upgrade()
    assert (
        older.differences()[0]
        == "the tables of shop are at no revision, the program is at shop_0001"
    )


def test_the_start_does_not_serve_them_before(older: Shop) -> None:
    with pytest.raises(Unfit, match=r"not marked with a revision.* database upgrade"):
        older.make()
