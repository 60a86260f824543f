"""Which numbers can be drawn over time, and how they lie in their box."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from tests.admin.conftest import Shop
from tests.admin.shop.models import Badge, Loose
from webapp.admin.plot import Plot, plot
from webapp.extensions import db


def drawn(app: Flask, model: Any, id: int, name: str) -> Plot | None:
    with app.app_context():
        return plot(db.session(), model, id, name, name, str)


@pytest.mark.parametrize(
    ("first", "second", "is_drawn"),
    [(0.0, 1.0, True), (1e-17, -1e-17, True), (1.0, 1.0, False), (1.0, None, False),
     (1.0, 1e308, False), (-1e299, 1e299, True)],
)  # fmt: skip
def test_finite_numbers_that_differ(
    app: Flask, shop: Shop, first: float, second: float | None, is_drawn: bool
) -> None:
    id = shop.add(Loose, a_double=first)
    shop.edit(Loose, id, a_double=second, a_string="other")
    found = drawn(app, Loose, id, "a_double")
    assert (found is not None) == is_drawn
    assert found is None or ("nan" not in found.points and "inf" not in found.points)


@pytest.mark.parametrize("name", ["a_string", "a_boolean", "a_json"])
def test_what_is_no_number_is_not_drawn(app: Flask, shop: Shop, name: str) -> None:
    id = shop.add(Loose, a_string="a", a_json=[1])
    shop.edit(Loose, id, a_string="b", a_json=[2])
    assert drawn(app, Loose, id, name) is None


@pytest.mark.parametrize("name", ["code", "visits"])
def test_masked_and_excluded_numbers_are_not_drawn(app: Flask, shop: Shop, name: str) -> None:
    id = shop.add(Badge, owner="Alice", code="1")
    shop.edit(Badge, id, code="2", visits=3)
    assert drawn(app, Badge, id, name) is None
