"""A mail server that keeps what it is handed, for the tests that send."""

from __future__ import annotations

import socketserver
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from queue import Queue
from threading import Thread


class Handler(socketserver.StreamRequestHandler):
    """As much of SMTP as a client without TLS and password speaks."""

    def handle(self) -> None:
        self.say("220 tests")
        while line := self.rfile.readline():
            word = line[:4].upper()
            if word == b"DATA":
                self.say("354 go on")
                self.server.received.put(self.data())  # type: ignore[attr-defined]
            if word == b"QUIT":
                self.say("221 bye")
                return
            self.say("250 good")

    def data(self) -> EmailMessage:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line)
        found = message_from_bytes(b"".join(lines), policy=policy.default)
        assert isinstance(found, EmailMessage)
        return found

    def say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())


@contextmanager
def serving() -> Iterator[tuple[str, Queue[EmailMessage]]]:
    """The address of a mail server, and what it has received."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        received: Queue[EmailMessage] = Queue()
        server.received = received  # type: ignore[attr-defined]
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"smtp://127.0.0.1:{server.server_address[1]}", received
        server.shutdown()
