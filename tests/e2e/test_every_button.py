"""Every button, menu, fold, choice, box and dialog is pressed in the demo, each page by a role that
works with it: no script fails, nothing is refused by the content security policy, no answer is 5xx.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.e2e.conftest import LiveServer, watched
from tests.e2e.pressing import Presses

#: The lists come last: there records are deleted.
PAGES = {
    "Alice": [
        "/admin/",
        "/admin/product/new/",
        "/admin/product/edit/?id=64",
        "/admin/product/timeline/?id=64",
        "/admin/product/compare/?id=64&a=1&b=2&all=1",
        "/admin/product/restore/?id=64&version=1",
        "/admin/product/undo/?id=97&version=2",
        "/admin/order/new/",
        "/admin/order/edit/?id=1",
        "/admin/search/?q=a",
        "/admin/changes/530/undo/",
        "/admin/review/525/",
        "/admin/review/mine/",
        "/admin/product/details/?id=64",
        "/admin/product/?deleted=1",
        "/admin/product/",
    ],
    "Bob": [
        "/admin/",
        "/admin/product/?as_of=2026-01-01",
        "/admin/product/details/?id=64&as_of=2026-01-01",
        "/admin/changes/",
        "/admin/changes/540/",
        "/admin/review/report/",
        "/admin/review/549/",
        "/admin/review/548/",
        "/admin/review/",
        "/admin/review/all/",
        "/admin/reads/",
        "/admin/events/",
        "/confirm",
        "/passkeys",
        "/second-step",
    ],
    "Carol": [
        "/admin/",
        "/admin/integrity/",
        "/admin/integrity/product/",
        "/admin/integrity/product/repair/",
        "/admin/supplier/edit/?id=1",
        "/admin/contract/edit/?id=1",
        "/admin/contract/",
        "/admin/accounts/",
        "/admin/accounts/new/",
        "/admin/accounts/4/",
    ],
}
#: Some of what each must have come upon, numbers as #: in menus, in dialogs, on pages that ask.
FOUND = {
    "Alice": {
        "Add an order line",
        "Apply filters",
        "Change # record",
        "Compare moments",
        "Delete # record",
        "Delete this record…",
        "Keep it",
        "Restore # record",
        "Restore as version #",
        "Save and add another",
        "See what will happen",
        "Undo as version #",
        "Undo the change",
    },
    "Bob": {"Add it", "Ask", "Filter", "Go on", "Reject", "Set it up", "Sign off # changes"},
    "Carol": {"Delete # record", "Disable the account", "Make a link", "Make the account"},
}


@pytest.mark.parametrize("person", PAGES)
def test_whatever_is_pressed_answers(
    browser: Browser, demo_server: LiveServer, person: str
) -> None:
    with watched(browser, person=person) as page:
        presses = Presses(page, demo_server.url)
        for address in PAGES[person]:
            presses.walk(address)
        assert presses.wrong == []
    assert presses.words >= FOUND[person]
