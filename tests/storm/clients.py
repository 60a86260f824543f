"""Clients that save over HTTP, as a browser would: read the edit page, add a token, press Save."""

from __future__ import annotations

import http.client
import json
import re
import threading
import time
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import urlencode, urlsplit

from tests import accounts

PATIENCE = 60
INPUT = re.compile(r'<input[^>]*name="(csrf_token|base_version|name)"[^>]*value="([^"]*)"')
TOKENS = re.compile(r'<textarea[^>]*name="tokens"[^>]*>\r?\n?(.*?)</textarea>', re.S)


@dataclass
class Client:
    """One of them: what was acknowledged and what was refused, by token."""

    address: str
    name: str
    board: int
    acknowledged: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)
    cookie: str = field(default_factory=lambda: f"session={accounts.cookie('Alice')}")

    def run(self, until: float) -> None:
        parts = urlsplit(self.address)
        assert parts.hostname
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=PATIENCE)
        try:
            while time.monotonic() < until:
                self._save(connection)
        except (OSError, http.client.HTTPException) as error:
            self.odd.append(repr(error))
        finally:
            connection.close()

    def _save(self, connection: http.client.HTTPConnection) -> None:
        url = f"/admin/board/edit/?id={self.board}"
        status, text = self.ask(connection, "GET", url)
        if status != 200:
            self.odd.append(f"GET {status}")
            return
        form = {name: unescape(value) for name, value in INPUT.findall(text)}
        found = TOKENS.search(text)
        assert found, text
        token = f"{self.name}-{len(self.acknowledged) + len(self.refused)}"
        form["tokens"] = json.dumps([*json.loads(unescape(found[1])), token])
        status, text = self.ask(connection, "POST", url, urlencode(form))
        if status == 302:
            self.acknowledged.append(token)
        elif status == 409:
            self.refused.append(token)
        else:
            self.odd.append(f"POST {status}")

    def ask(
        self, connection: http.client.HTTPConnection, method: str, url: str, body: str | None = None
    ) -> tuple[int, str]:
        headers = {"Cookie": self.cookie}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(method, url, body, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        given = answer.getheader("Set-Cookie")
        if given:
            self.cookie = given.partition(";")[0]
        return answer.status, text


def create_board(address: str) -> int:
    """An empty board, made on its page; its id."""
    parts = urlsplit(address)
    assert parts.hostname
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=PATIENCE)
    try:
        maker = Client(address, "maker", 1)
        _, page = maker.ask(connection, "GET", "/admin/board/new/")
        form = dict(INPUT.findall(page)) | {"name": "Storm", "tokens": "[]"}
        status, _ = maker.ask(connection, "POST", "/admin/board/new/", urlencode(form))
        assert status == 302
    finally:
        connection.close()
    return 1


def storm(address: str, board: int, clients: int, seconds: float) -> list[Client]:
    """That many clients, saving the same record at once for that long."""
    crowd = [Client(address, f"c{number}", board) for number in range(clients)]
    until = time.monotonic() + seconds
    threads = [threading.Thread(target=each.run, args=(until,)) for each in crowd]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return crowd
