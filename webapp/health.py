"""The address `/health` for whoever watches the server: it answers when the database does."""

from __future__ import annotations

from flask import Flask, Response

from webapp import database


def init_app(app: Flask) -> None:
    app.add_url_rule("/health", "health", show)


def show() -> Response:
    """`ok`, or 503 when the database does not answer. Reads no session and sets no cookie."""
    try:
        database.check()
    except database.DatabaseUnavailable:
        return Response("database unavailable\n", 503, mimetype="text/plain")
    return Response("ok\n", mimetype="text/plain")
