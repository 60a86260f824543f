"""The tab of these tests does notice what it is there to notice."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.e2e.conftest import LiveServer, watched


def test_an_inline_script_is_stopped_and_fails_the_test(
    browser: Browser, live_server: LiveServer
) -> None:
    with (
        pytest.raises(AssertionError, match="Content Security Policy"),
        watched(browser) as page,
    ):
        page.goto(f"{live_server.url}/admin/")
        page.evaluate(
            "document.head.append(Object.assign(document.createElement('script'),"
            " {textContent: 'document.title = \"stolen\"'}))"
        )
        assert page.title() != "stolen"
