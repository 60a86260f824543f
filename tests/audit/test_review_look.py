"""The pages of reviews as they are rendered: the checks that every page has to pass."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests import accounts
from tests.admin.conftest import Shop
from tests.admin.shop.models import Gadget
from tests.audit.builders import edit_all, stock
from tests.audit.reviews import edit, review, say, url
from tests.look.markup import Markup, Page
from tests.ready import make_ready
from webapp import create_app, database

#: Who looks at what, and what is sent; a number stands for a change of `page`.
PAGES: dict[str, tuple[str, str, dict[str, str] | None]] = {
    "queue": ("Bob", "/admin/review/", None),
    "own changes in the queue": ("Carol", "/admin/review/", None),
    "queried": ("Carol", "/admin/review/?state=query", None),
    "signed off": ("Bob", "/admin/review/?state=sign-off&actor=Alice&field=gadget.price", None),
    "no match": ("Bob", "/admin/review/?actor=Zoe", None),
    "errors": ("Bob", "/admin/review/?from=x&field=y&state=z", None),
    "due": ("Bob", url(2), None),
    "own": ("Carol", url(3), None),
    "question": ("Bob", url(4), None),
    "question to oneself": ("Alice", url(4), None),
    "ended": ("Bob", url(5), None),
    "rejected": ("Carol", url(6), None),
    "not due": ("Bob", url(1), None),
    "many records": ("Bob", url(8), None),
    "without words": ("Bob", url(2), {"act": "reject", "n": "0", "digest": "x"}),
    "too late": ("Bob", url(4), {"act": "sign-off", "n": "0", "digest": "x"}),
    "all at once": ("Bob", "/admin/review/all/", None),
    "all at once, stale": ("Carol", "/admin/review/all/", {"count": "1", "digest": "x"}),
    "all of nothing": ("Bob", "/admin/review/all/?actor=Zoe", None),
    "mine": ("Alice", "/admin/review/mine/", None),
    "mine, none": ("Dave", "/admin/review/mine/", None),
    "home of an auditor": ("Bob", "/admin/", None),
    "home of an administrator": ("Carol", "/admin/", None),
    "change": ("Alice", "/admin/changes/4/", None),
    "timeline": ("Alice", "/admin/gadget/timeline/?id=1", None),
    "record": ("Alice", "/admin/gadget/details/?id=1", None),
}


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """All of them, of one application on SQLite: the markup is the same on each engine."""
    folder = tmp_path_factory.mktemp("look")
    app = create_app(
        {
            **accounts.SETTINGS,
            "WTF_CSRF_ENABLED": False,
            "PROPAGATE_EXCEPTIONS": False,
            "DATABASE_URL": f"sqlite:///{folder / 'look.sqlite'}",
            "INSTANCE_PATH": str(folder),
            "APPS": ("tests.admin.shop",),
        }
    )
    make_ready(app)
    fill(Shop(app))
    yield {name: visit(app, name) for name in PAGES}
    with app.app_context():
        database.close()


def fill(shop: Shop) -> None:
    stock(shop)
    review(shop.app, Gadget)
    edit(shop, actor="Alice", price=31)
    edit(shop, actor="Carol", notes="own")
    bob = accounts.as_(shop.app, "Bob")
    for price, act in ((32, "query"), (33, "sign-off"), (34, "reject")):
        say(bob, edit(shop, actor="Alice", price=price), act, "Said <b>so</b>")
    edit(shop, actor="Alice", price=35)
    edit_all(shop, notes="A lid. " * 40)


def visit(app: Flask, page: str) -> str:
    name, address, form = PAGES[page]
    person = accounts.as_(app, name)
    answer = person.get(address) if form is None else person.post(address, data=form)
    expected = {"errors": 400, "without words": 422, "too late": 409, "all at once, stale": 409}
    assert answer.status_code == expected.get(page, 200), page
    return answer.text


@pytest.fixture(params=PAGES)
def page(request: pytest.FixtureRequest, pages: dict[str, str]) -> Page:
    return Page(pages[request.param])


class TestMarkup(Markup):
    """Of each of the pages."""


def test_what_was_said_is_text(pages: dict[str, str]) -> None:
    assert "Said &lt;b&gt;so&lt;/b&gt;" in pages["question"]
    assert not [name for name, text in pages.items() if "<b>so</b>" in text]
