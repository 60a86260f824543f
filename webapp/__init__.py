"""The door: `create_app()`. Importing this package loads nothing else of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flask import Flask


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    """The application, configured by `config`, then by the environment, then by the defaults.

    `config` holds settings by name (`{"DATABASE_URL": ...}`) and may hold any of Flask's own.
    Makes the instance folder and its secret key where they are needed; opens no database.
    Raises `webapp.config.ConfigError` for a setting that cannot work.
    """
    from webapp.factory import build

    return build(config or {})
