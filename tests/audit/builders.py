"""What the tests of the pages of changes do and read."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sqlalchemy import func, select

from tests.admin.conftest import Shop
from tests.admin.shop.models import Gadget, Maker
from webapp.changes import Change
from webapp.extensions import db
from webapp.versioning import change, current

FEED = "/admin/changes/"
ROW = re.compile(r'<tr role="row" id="c(\d+)"')


def numbers(page: Any) -> list[int]:
    """The changes that a page of the feed lists."""
    return [int(number) for number in ROW.findall(page.text)]


def last_change(shop: Shop) -> int:
    with shop.app.app_context():
        return db.session.scalar(select(func.max(Change.id))) or 0


def transaction(shop: Shop, work: Callable[[], None], **context: Any) -> int:
    """One change that does `work`; its number."""
    with shop.app.app_context(), change(db.session, **context):
        work()
        db.session.commit()
    return last_change(shop)


def stock(shop: Shop) -> int:
    """One change: two gadgets and a maker are created."""

    def work() -> None:
        db.session.add_all([Gadget(id=1, name="Kettle", sku="K", price=29)])
        db.session.add_all([Gadget(id=2, name="Pan", sku="P", price=40), Maker(id=1, name="Acme")])

    return transaction(shop, work, actor="Alice", reason="First stock", origin="web")


def mixed(shop: Shop) -> int:
    """After `stock`, one change: a gadget edited, one created, the other and the maker deleted."""

    def work() -> None:
        kettle, pan = db.session.scalars(current(Gadget).order_by(Gadget.id))
        kettle.price = 31
        db.session.delete(pan)
        db.session.add(Gadget(id=3, name="Lid", sku="L"))
        db.session.delete(db.session.scalars(current(Maker)).one())

    return transaction(shop, work, actor="Bob", reason="Spring", request_id="abc123")


def edit_all(shop: Shop, **values: Any) -> int:
    """One change of every gadget."""

    def work() -> None:
        for row in db.session.scalars(current(Gadget)):
            for name, value in values.items():
                setattr(row, name, value)

    return transaction(shop, work, actor="Bob")
