"""The check tells in words how a database differs from the models."""

from __future__ import annotations

import pytest
from sqlalchemy import Integer, String
from sqlalchemy.orm import mapped_column

from tests.migrations.shops import MAKER, Shop, shop


def test_nothing_differs_at_first(opened: Shop) -> None:
    assert opened.differences() == []


@pytest.mark.parametrize("name", ["ix_product_name_current", "uq_product_one_current"])
def test_a_dropped_index(opened: Shop, name: str) -> None:
    opened.db.sql(f"DROP INDEX {name}")
    assert opened.differences() == [f"the index {name} of product is missing"]


def test_a_dropped_guard(opened: Shop) -> None:
    opened.unguard("product", "delete")
    assert opened.differences() == ["the guard product_guard_delete of product is missing"]


def test_a_guard_that_does_not_ask_for_a_new_column(opened: Shop) -> None:
    opened.db.sql("ALTER TABLE product ADD COLUMN weight INTEGER")
    later = shop(opened.db, opened.folder, weight=mapped_column(Integer))
    assert later.differences() == ["the guard product_guard_update of product says another thing"]


def test_a_column_that_is_missing_or_differs_or_is_of_no_model(opened: Shop) -> None:
    more = {"weight": mapped_column(Integer), "name": mapped_column(String(99), nullable=True)}
    later = shop(opened.db, opened.folder, without=("colour",), **more)
    found = later.differences()
    assert "the column product.weight is missing" in found
    assert "the column product.colour is there, and no model has it" in found
    (altered,) = (each for each in found if "product.name" in each)
    assert "VARCHAR(length=120), the model says String(length=99)" in altered
    assert "may not be NULL, the model says otherwise" in altered


def test_a_key_that_is_missing(opened: Shop) -> None:
    later = shop(opened.db, opened.folder, **MAKER)
    told = "the constraint fk_product_maker_id_version_living_maker_record of product is missing"
    assert told in later.differences()


def test_a_table_that_is_missing(opened: Shop) -> None:
    opened.db.sql("DROP TABLE line_digest")
    assert opened.differences() == ["the table line_digest is missing"]
