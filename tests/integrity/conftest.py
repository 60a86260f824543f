"""The shop of the admin's tests, whose stored history some tests spoil."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import text

from tests.admin.conftest import Shop, app, settings, shop, statements
from webapp.extensions import db

__all__ = ["Shop", "app", "settings", "shop", "statements"]


def spoil(app: Flask, *statements: str, table: str = "shop_gadget") -> None:
    """Run SQL as one who first takes the guards of a table away."""
    with app.app_context(), db.engine.begin() as connection:
        on = "" if connection.dialect.name == "sqlite" else f' ON "{table}"'
        for what in ("insert", "update", "delete"):
            connection.execute(text(f"DROP TRIGGER IF EXISTS {table}_guard_{what}{on}"))
        for statement in statements:
            connection.execute(text(statement))
