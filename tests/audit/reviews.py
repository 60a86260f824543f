"""What the tests of reviews do and read."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any

from flask import Flask
from sqlalchemy import func, inspect, select

from tests import accounts
from tests.admin.conftest import Shop
from tests.admin.shop.models import Gadget
from tests.audit.builders import last_change, transaction
from webapp.admin.policies import Every, Policy
from webapp.audit.due import RULES, Rule
from webapp.audit.models import Review
from webapp.extensions import db

QUEUE, MINE, ALL = "/admin/review/", "/admin/review/mine/", "/admin/review/all/"
ITEM = re.compile(r'<article class="sheet review-item" id="c(\d+)"')


def review(app: Flask, model: type[Any], *policies: Policy) -> None:
    """Have the changes of a model reviewed, as its view's `review_policy` would."""
    view = view_of(app, model)
    base = inspect(model).base_mapper.class_
    had = [each for each in app.extensions[RULES] if each.model is not model]
    rules = [Rule(base, model, view.endpoint, each) for each in policies or (Every(),)]
    app.extensions[RULES] = [*had, *rules]


def view_of(app: Flask, model: type[Any]) -> Any:
    views = app.extensions["admin"][0]._views
    return next(view for view in views if getattr(view, "model", None) is model)


def edit(shop: Shop, actor: str = "Alice", id: int = 1, **values: Any) -> int:
    """An edit of a gadget; the number of its change."""
    shop.edit(Gadget, id, actor=actor, **values)
    return last_change(shop)


def change_by(shop: Shop, actor: str | None, work: Callable[[], None], **context: Any) -> int:
    return transaction(shop, work, actor=actor, **context)


def rows(shop: Shop, change_id: int | None = None) -> list[Review]:
    """All that was said, of a change or of all, in order."""
    with shop.app.app_context():
        query = select(Review).order_by(Review.change_id, Review.n)
        if change_id is not None:
            query = query.where(Review.change_id == change_id)
        found = list(db.session.scalars(query))
        db.session.expunge_all()
        return found


def thread(shop: Shop, change_id: int) -> list[tuple[str, str | None]]:
    """Act and person of each row about a change."""
    return [(row.act, row.person) for row in rows(shop, change_id)]


def state(shop: Shop, change_id: int) -> str | None:
    with shop.app.app_context():
        query = select(Review.act).where(
            Review.change_id == change_id, Review.followed_by.is_(None)
        )
        return db.session.scalars(query).one_or_none()


def count(shop: Shop) -> int:
    with shop.app.app_context():
        return db.session.scalar(select(func.count()).select_from(Review)) or 0


def numbers(page: Any) -> list[int]:
    """The changes that a list of reviews shows."""
    return [int(number) for number in ITEM.findall(page.text)]


def url(change_id: int) -> str:
    return f"{QUEUE}{change_id}/"


def seen(page: Any) -> dict[str, str]:
    """What the first form of a review's page sends along."""
    pairs = re.findall(r'<input type="hidden" name="(n|digest)" value="([^"]*)"', page.text)
    assert {name for name, _ in pairs[:2]} == {"n", "digest"}, page.text
    return dict(pairs[:2])


def say(client: Any, change_id: int, act: str, comment: str = "", **more: Any) -> Any:
    """Open the page of a review and send one of its forms."""
    data = {**seen(client.get(url(change_id))), "act": act, "comment": comment, **more}
    return client.post(url(change_id), data=data)


def forged(shop: Shop, change_id: int, act: str, comment: str = "", **more: Any) -> dict[str, Any]:
    """The form that Carol would send, for whoever has no such form."""
    page = accounts.as_(shop.app, "Carol").get(url(change_id))
    return {**seen(page), "act": act, "comment": comment, **more}


def bulk_form(page: str) -> dict[str, str]:
    """What the page of the sign-off of many sends along."""
    names = "act|count|digest"
    return dict(re.findall(rf'<input type="hidden" name="({names})" value="([^"]*)"', page))


def shown(page: Any) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", page.text)).split())
