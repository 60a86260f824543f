"""The shop of the admin's tests, seen from its changes."""

from __future__ import annotations

from tests.admin.conftest import Shop, app, settings, shop, statements

__all__ = ["Shop", "app", "settings", "shop", "statements"]
