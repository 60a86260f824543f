"""An auditor's morning: the queue, a question, the editor's correction, the sign-off."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import LiveServer, watched
from webapp.catalog.models import Product
from webapp.extensions import db
from webapp.versioning import change, current

LANTERN = "Storm lantern"

pytestmark = pytest.mark.parametrize(
    ("width", "scheme"), [(1280, "light"), (375, "dark")], ids=["wide light", "narrow dark"]
)


@pytest.fixture
def shop(live_server: LiveServer) -> LiveServer:
    """A lantern whose price Alice has slipped by a decimal point, and one that she has not."""
    with live_server.app.app_context():
        for sku, name in (("L-1", LANTERN), ("L-2", "Hand lantern")):
            with change(db.session, actor="goods in"):
                db.session.add(Product(sku=sku, name=name, price=Decimal(15)))
                db.session.commit()
        for sku, price, why in (("L-1", 390, None), ("L-2", 39, "New list")):
            with change(db.session, actor="Alice", reason=why):
                product = db.session.scalars(current(Product).where(Product.sku == sku)).one()
                product.price = Decimal(price)
                db.session.commit()
    return live_server


@pytest.fixture
def bob(browser: Browser, width: int, scheme: str) -> Iterator[Page]:
    with watched(browser, width=width, scheme=scheme, person="Bob") as page:
        yield page


@pytest.fixture
def alice(browser: Browser, width: int, scheme: str) -> Iterator[Page]:
    with watched(browser, width=width, scheme=scheme, person="Alice") as page:
        yield page


def test_queue_question_correction_and_sign_off(bob: Page, alice: Page, shop: LiveServer) -> None:
    # what waits for Bob: two prices that rose by more than the policy lets pass
    bob.goto(f"{shop.url}/admin/")
    waiting = bob.get_by_role("region", name="What waits for you")
    expect(waiting).to_contain_text("2")
    waiting.get_by_role("link", name="Awaiting review").click()
    expect(bob.get_by_role("article")).to_have_count(2)
    slip, fine = bob.get_by_role("article").nth(0), bob.get_by_role("article").nth(1)
    expect(slip).to_contain_text("390.00")
    expect(slip).to_contain_text("Price changed by more than 20")
    fits(bob)

    # the common case takes one click
    fine.get_by_role("button", name="Sign off").click()
    expect(bob.get_by_role("status").first).to_contain_text("is signed off")
    expect(bob.get_by_role("article")).to_have_count(1)

    # the other one looks wrong
    slip.get_by_role("link", name="Ask or reject…").click()
    bob.get_by_label("Your question").fill("Is it not 39?")
    fits(bob)
    bob.get_by_role("button", name="Ask", exact=True).click()
    expect(bob.get_by_role("heading", name="All done")).to_be_visible()

    # Alice finds the question on her first page, corrects the record and says so
    alice.goto(f"{shop.url}/admin/")
    alice.get_by_role("link", name="Questions to answer").click()
    expect(alice.get_by_role("article")).to_contain_text("Is it not 39?")
    fits(alice)
    alice.get_by_role("link", name="Answer…").click()
    question = alice.url
    alice.get_by_role("link", name=f"Correct “{LANTERN}” first").click()
    alice.get_by_label("Price").fill("39")
    alice.get_by_label("Reason").fill("Slipped decimal point")
    alice.get_by_role("button", name="Save", exact=True).click()
    alice.goto(question)
    alice.get_by_role("radio", name="Slipped decimal point").check()
    fits(alice)
    alice.get_by_role("button", name="Answer", exact=True).click()
    expect(alice.get_by_role("status").first).to_contain_text("is with the auditors")

    # Bob reads the answer, follows the correction, and signs both off
    bob.goto(f"{shop.url}/admin/")
    bob.get_by_role("link", name="Answered questions").click()
    answered = bob.get_by_role("article")
    expect(answered).to_contain_text("with the correction Change #")
    answered.get_by_role("button", name="Sign off").click()
    expect(bob.get_by_role("status").first).to_contain_text("is signed off")
    bob.get_by_role("link", name="Awaiting review").click()
    correction = bob.get_by_role("article")
    expect(correction).to_contain_text("Slipped decimal point")
    correction.get_by_role("button", name="Sign off").click()
    expect(bob.get_by_role("heading", name="All done")).to_be_visible()

    # and the record's timeline tells it
    bob.goto(f"{shop.url}/admin/product/timeline/?id=1")
    for version in (2, 3):
        row = bob.locator(f"#v{version}")
        expect(row.get_by_role("link", name="Signed off")).to_be_visible()


def fits(page: Page) -> None:
    """Nothing is wider than the screen."""
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
