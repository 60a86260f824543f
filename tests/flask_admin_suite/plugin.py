"""For a pytest of its own: puts our view, in our look, in the place of Flask-Admin's.

Over `plain` models as the suite declares them, or with each of them made `versioned`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import flask_admin.contrib.sqla
import flask_admin.tests.conftest as suite
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from jinja2 import ChoiceLoader, FileSystemLoader
from sqlalchemy.dialects.postgresql import CITEXT

from webapp import changes, errors, versioning
from webapp.admin import VersionedModelView, presentation
from webapp.versioning import Versioned

TEMPLATES = Path(__file__).parents[2] / "templates"
IS_VERSIONED = os.environ["SUITE_MODELS"] == "versioned"
HAS_OUR_LOOK = os.environ["SUITE_LOOK"] == "ours"


class OurDatabase(SQLAlchemy):
    """The suite's database, in an application that has our templates and versions, as asked."""

    def init_app(self, app: Flask) -> None:
        super().init_app(app)
        assert app.jinja_loader is not None
        if HAS_OUR_LOOK:
            app.jinja_loader = ChoiceLoader([app.jinja_loader, FileSystemLoader(TEMPLATES)])
            presentation.init_app(app)
            errors.init_app(app)
        if IS_VERSIONED:
            versioning.enable_versioning(
                self.session, change_model=changes.Change, describe=changes.describe
            )

    def create_all(self, *args: Any, **kwargs: Any) -> None:
        super().create_all(*args, **kwargs)
        changes.Change.metadata.create_all(self.engine, [changes.Change.__table__])


def _provide(self: Any) -> None:
    self.db = OurDatabase()
    self.Base = self.db.Model
    if IS_VERSIONED:
        self.Base = type("Base", (Versioned, self.db.Model), {"__abstract__": True})


def pytest_configure() -> None:
    """Before the suite's modules are imported."""
    suite.SQLAProvider.__init__ = _provide  # type: ignore[method-assign]
    flask_admin.contrib.sqla.ModelView = VersionedModelView
    # its own is of a package that works with another driver of PostgreSQL alone
    sys.modules["citext"] = ModuleType("citext")
    sys.modules["citext"].CIText = CITEXT  # type: ignore[attr-defined]
