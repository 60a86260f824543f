"""A real server on a free port and a real browser, for the tests that click.

`live_server` has empty tables, `demo_server` the demo data; both are fresh for each test. `page`
is a tab in a fresh profile; a script error or a request to another host fails its test.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    expect,
    sync_playwright,
)
from waitress.wasyncore import close_all

from tests import accounts
from tests.conftest import missing
from webapp import create_app, database
from webapp.cli import bound_port, listen, load_demo_data

Scheme = Literal["dark", "light"]
LOCAL = ("127.0.0.1", "localhost")
CHROMIUM = "/usr/bin/chromium"
QUIET = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass(frozen=True)
class LiveServer:
    """A running application: `url` without a slash at its end, and `app` to look behind it."""

    url: str
    app: Flask


def _app(folder: Path) -> Flask:
    app = create_app({**accounts.SETTINGS, "INSTANCE_PATH": str(folder), "DATABASE_URL": ""})
    with app.app_context():
        database.create_tables()
    accounts.welcome(app)
    return app


@contextmanager
def serve(app: Flask) -> Iterator[LiveServer]:
    """The server that people run. At the end it answers what was asked, then lets go of all."""
    server = listen(app, "127.0.0.1", 0)
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield LiveServer(f"http://127.0.0.1:{bound_port(server)}", app)
    finally:
        server.task_dispatcher.shutdown()
        server.trigger.pull_trigger(lambda: _let_go(server))  # in its own thread
        thread.join()
        with app.app_context():
            database.close()


def _let_go(server: Any) -> None:
    """Close the connections with the files that they had still to send, then the server."""
    for channel in list(server.active_channels.values()):
        channel.handle_close()
    close_all(server._map)


@pytest.fixture
def tabs() -> Iterator[ExitStack]:
    """The test's tabs. They close before the servers stop: a page may still be loading."""
    with ExitStack() as open_tabs:
        yield open_tabs


@pytest.fixture
def live_server(tmp_path: Path, tabs: ExitStack) -> Iterator[LiveServer]:
    with serve(_app(tmp_path / "instance")) as server, tabs:
        yield server


@pytest.fixture(scope="session")
def demo_instance(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An instance folder with the demo data, to be copied."""
    folder = tmp_path_factory.mktemp("demo") / "instance"
    app = _app(folder)
    with app.app_context():
        load_demo_data(app)
        database.close()
    return folder


@pytest.fixture
def demo_server(demo_instance: Path, tmp_path: Path, tabs: ExitStack) -> Iterator[LiveServer]:
    folder = tmp_path / "instance"
    shutil.copytree(demo_instance, folder)
    with serve(_app(folder)) as server, tabs:
        yield server


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        missing(f"{CHROMIUM} is missing: install it (Debian: apt-get install chromium).")
    expect.set_options(timeout=15_000)  # a page is slow while other tests use the processors
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, tabs: ExitStack) -> Page:
    return tabs.enter_context(watched(browser))


@contextmanager
def watched(
    browser: Browser,
    *,
    width: int = 1280,
    scheme: Scheme = "light",
    person: str | None = "Carol",
) -> Iterator[Page]:
    """A tab in which that person is signed in, and that fails the test for a script error, for a
    word of the console (a violation of the content security policy is one), or for a request that
    leaves the machine."""
    complaints: list[str] = []

    def watch(page: Page) -> None:
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: complaints.append(f"script error: {error}"))
        page.on("request", lambda request: complaints.extend(_foreign(request.url)))
        page.on("console", lambda message: complaints.extend(_serious(message)))

    with browser.new_context(
        locale="en-GB",
        timezone_id="UTC",
        color_scheme=scheme,
        viewport={"width": width, "height": 900},
    ) as context:
        if person:
            sign_in(context, person)
        context.on("page", watch)
        yield context.new_page()
    assert complaints == []


def sign_in(context: BrowserContext, person: str = "Carol") -> None:
    """Let the tabs of the context be that person's."""
    home = {"domain": "127.0.0.1", "path": "/"}
    context.add_cookies([{"name": "session", "value": accounts.cookie(person), **home}])


def _serious(message: ConsoleMessage) -> list[str]:
    # Chromium says so of every page that is answered with 4xx, as some are meant to be.
    is_an_answer = message.text.startswith("Failed to load resource: the server responded with")
    if message.type not in ("error", "warning") or is_an_answer:
        return []
    return [f"console: {message.text}"]


def _foreign(url: str) -> list[str]:
    parts = urlsplit(url)
    at_home = parts.scheme in ("about", "blob", "data") or parts.hostname in LOCAL
    return [] if at_home else [f"request to {url}"]
