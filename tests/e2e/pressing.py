"""Presses, by the keyboard, whatever can be pressed on a page, each kind of control once."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Page, Response

NEXT = (Path(__file__).parent / "controls.js").read_text(encoding="utf-8")
#: Presses on one page before something goes round in circles.
MOST = 200
HEADING = "document.querySelector('h1')?.textContent ?? ''"


class Presses:
    """A walk through pages: `words` are those of what was pressed, `wrong` tells what went wrong.

    The head of the page, with the menus, is pressed where the walk begins. What was pressed on one
    page is not pressed again on another of its kind, as on those of two changes.
    """

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url = page, url
        self.words: set[str] = set()
        self.wrong: list[str] = []
        self._where = ""
        self._pressed: dict[str, list[str]] = {"head": []}
        page.on("dialog", lambda dialog: dialog.accept())  # a form with changes asks before it goes
        page.on("pageerror", lambda error: self._note(f"script error: {error}"))
        page.on("console", self._hear)
        page.on("response", self._answered)

    def walk(self, address: str) -> None:
        """Press everything on a page, and on those that ask something before its forms are done."""
        self._where = address
        answer = self.page.goto(self.url + address)
        if answer is None or answer.status != 200:
            self._note("is not there to be pressed")
        self._press_all(address)

    def _press_all(self, address: str | None) -> None:
        """All that is on the page; without an `address` to come back to, until it is left."""
        known = self._pressed.setdefault(self._kind(), [])
        self._tick()
        for _ in range(MOST):
            found = self.page.evaluate(NEXT, known + self._pressed["head"])
            if found is None:
                return
            if "kind" not in found:  # a dialog without anything new in it
                self.page.keyboard.press(found["how"])
                continue
            is_head = "|HEADER" in found["kind"]
            (self._pressed["head"] if is_head else known).append(found["kind"])
            self._where = f"{self.page.url}: {found['kind']}"
            if self._press(found):
                if address is None:
                    return
                self.page.goto(self.url + address)
                self._tick()
        self._note(f"{MOST} presses, and no end")

    def _press(self, found: dict[str, Any]) -> bool:
        """Whether it led away from the page."""
        if not found["focused"]:
            self._note("cannot be reached by the keyboard")
        self.words.add(found["words"])
        keys, how = self.page.keyboard, found["how"]
        if found["leaves"]:
            with self.page.expect_navigation(wait_until="load") as navigation:
                keys.press(how)
            answer = navigation.value
            if answer and answer.request.method == "POST" and answer.status == 200:
                self._press_all(None)  # no redirect, no error: it asks something
        elif how == "type":
            for key in ("a", "ArrowDown", "Escape"):
                keys.press(key)
        else:
            keys.press(how)
        return bool(found["leaves"])

    def _kind(self) -> str:
        """Path and heading without their numbers."""
        text = urlsplit(self.page.url).path + str(self.page.evaluate(HEADING))
        return re.sub(r"\d+", "#", text)

    def _tick(self) -> None:
        """Tick the first record of a list, for the actions on several."""
        if self.page.locator("[data-pick]").count():
            self.page.locator("[data-pick]").first.check()

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and "Failed to load" not in message.text:
            self._note(f"console: {message.text}")

    def _answered(self, answer: Response) -> None:
        is_page = answer.request.resource_type == "document"
        if answer.status >= (500 if is_page else 400):
            self._note(f"{answer.status} for {answer.request.method} {answer.url}")

    def _note(self, what: str) -> None:
        self.wrong.append(f"{self._where}: {what}")
