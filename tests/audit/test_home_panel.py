"""The home page's part on changes: the latest, and the numbers of the last weeks."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from flask import Flask

from tests.admin.conftest import Shop
from tests.admin.shop.models import Gadget, Maker
from tests.audit.builders import mixed, stock, transaction
from webapp.audit.home_panel import last_weeks
from webapp.extensions import db


def latest(client: Any) -> list[int]:
    page = client.get("/admin/").text
    return [int(n) for n in re.findall(r'/admin/changes/(\d+)/">Change', page)]


def test_the_latest_changes_come_first(client: Any, shop: Shop) -> None:
    first, second = stock(shop), mixed(shop)
    assert latest(client) == [second, first]
    page = client.get("/admin/").text
    assert "Spring" in page and "1 deleted" in page


def test_a_shop_without_changes_says_so(client: Any) -> None:
    page = client.get("/admin/").text
    assert "Nothing was changed yet." in page
    assert "0 in 12 weeks" in page


def test_five_are_shown_in_a_fixed_number_of_statements(
    client: Any, shop: Shop, statements: list[str]
) -> None:
    stock(shop)
    statements.clear()
    client.get("/admin/")
    few = len(statements)
    for number in range(6):
        shop.edit(Gadget, 1, price=number + 1)
    statements.clear()
    client.get("/admin/")
    assert len(statements) == few
    assert len(latest(client)) == 5


@pytest.mark.parametrize("settings", [{"TIMEZONE": "Europe/Berlin"}])
def test_a_week_begins_on_monday_where_the_reader_is(app: Flask, shop: Shop) -> None:
    def add(id: int) -> Any:
        return lambda: db.session.add(Maker(id=id, name=f"M{id}"))

    sunday = dt.datetime(2030, 6, 2, 21, 59, tzinfo=dt.UTC)  # 23:59 in Berlin
    transaction(shop, add(1), at=sunday)
    transaction(shop, add(2), at=sunday + dt.timedelta(minutes=1))
    transaction(shop, add(3), at=sunday + dt.timedelta(minutes=2))
    with app.test_request_context():
        weeks = last_weeks(sunday + dt.timedelta(days=2))
    assert [week.changes for week in weeks[-2:]] == [1, 2]
    assert weeks[-1].begins == sunday + dt.timedelta(minutes=1)
    assert len(weeks) == 12
