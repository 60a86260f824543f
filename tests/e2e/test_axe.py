"""Every page by axe-core, in light and dark, wide and narrow: what it can find of WCAG 2.2 AA."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.e2e.conftest import LiveServer, Scheme, watched
from tests.e2e.every_page import OPEN_PAGES, PAGES, marked

__all__ = ["marked"]

LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
LOOKS: list[tuple[Scheme, int]] = [("light", 1280), ("dark", 375)]
#: Menus stay shut, since an open one lies over the page.
UNFOLD = "for (const fold of document.querySelectorAll('details:not(.drop)')) fold.open = true"


def violations(page: Page, part: str | None = None) -> list[str]:
    """What is wrong on the page, or on a part of it; a line for each element."""
    options = {"runOnly": LEVELS, "resultTypes": ["violations"]}
    found: list[dict[str, Any]] = Axe().run(page, part, options).response["violations"]
    return [f"{each['id']}: {node['html'][:200]}" for each in found for node in each["nodes"]]


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
@pytest.mark.parametrize(("person", "addresses"), [("Carol", PAGES), (None, OPEN_PAGES)])
def test_no_page_breaks_a_rule_that_a_machine_can_check(
    browser: Browser,
    marked: LiveServer,
    person: str | None,
    addresses: list[str],
    scheme: Scheme,
    width: int,
) -> None:
    found: dict[str, list[str]] = {}
    with watched(browser, person=person, scheme=scheme, width=width) as page:
        page.emulate_media(reduced_motion="reduce")  # no colour is measured on its way to another
        for address in addresses:
            page.goto(marked.url + address)
            page.evaluate(UNFOLD)
            if lines := violations(page):
                found[address] = lines
    assert found == {}


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_no_open_menu_does(
    browser: Browser, marked: LiveServer, scheme: Scheme, width: int
) -> None:
    with watched(browser, scheme=scheme, width=width) as page:
        page.emulate_media(reduced_motion="reduce")
        page.goto(f"{marked.url}/admin/product/")
        page.locator("[data-pick]").first.check()
        menus = page.locator("details.drop")
        found = []
        for menu in menus.all():
            menu.locator("summary").press("Enter")  # which shuts the one before
            found.append(violations(page, "details.drop[open]"))
    assert len(found) > 4 and found == [[]] * len(found)
