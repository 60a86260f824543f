"""The door: what `create_app` promises to whoever calls it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from webapp import auth, create_app
from webapp.config import ConfigError


def test_importing_the_package_loads_neither_flask_nor_a_database() -> None:
    code = "import sys, webapp; print({'flask', 'sqlalchemy', 'webapp.factory'} & set(sys.modules))"
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert shown.strip() == "set()"


def test_takes_settings_of_flask_too(tmp_path: Path) -> None:
    app = create_app({"INSTANCE_PATH": str(tmp_path), "SESSION_COOKIE_NAME": "admin"})
    assert app.config["SESSION_COOKIE_NAME"] == "admin"


def test_two_applications_live_side_by_side(tmp_path: Path) -> None:
    one, two = (create_app({"INSTANCE_PATH": str(tmp_path / name)}) for name in ("one", "two"))
    assert one.config["SECRET_KEY"] != two.config["SECRET_KEY"]
    assert one.test_client().get("/health").status_code == 200
    assert two.test_client().get("/health").status_code == 200


def test_an_app_that_python_cannot_import_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^VERSIONED_ADMIN_APPS names 'no\.such\.app'"):
        create_app({"INSTANCE_PATH": str(tmp_path), "APPS": "no.such.app"})


@pytest.mark.parametrize("name", ["json", "math"])
def test_an_app_without_models_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match=rf"^VERSIONED_ADMIN_APPS names '{name}'.*models\.py"):
        create_app({"INSTANCE_PATH": str(tmp_path), "APPS": [name]})


def test_an_error_inside_an_app_is_shown_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_shop").mkdir()
    (tmp_path / "broken_shop" / "__init__.py").write_text("import no_such_library")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ModuleNotFoundError, match="no_such_library"):
        create_app({"INSTANCE_PATH": str(tmp_path), "APPS": ["broken_shop"]})


def test_production_sends_its_cookie_over_https_only(tmp_path: Path) -> None:
    app = create_app(
        {"INSTANCE_PATH": str(tmp_path), "ENV": "production", "SECRET_KEY": "Vb3-qk92_LmZx81!"}
    )
    assert app.config["SESSION_COOKIE_SECURE"] is True
    given = app.test_client().get("/sign-in", base_url="https://localhost").headers["Set-Cookie"]
    assert given.startswith("__Host-session=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(given.split("; "))
    assert "Domain=" not in given


def test_finds_the_templates_and_static_files(app: Flask) -> None:
    assert app.jinja_env.get_template("errors/error.html")
    assert app.static_folder is not None
    assert Path(app.static_folder).is_dir()


def test_the_root_leads_to_the_admin(client: FlaskClient) -> None:
    answer = client.get("/")
    assert (answer.status_code, answer.location) == (302, "/admin/")


def test_every_post_needs_a_csrf_token(tmp_path: Path) -> None:
    app = create_app({"INSTANCE_PATH": str(tmp_path)})
    app.add_url_rule("/save", "save", lambda: "saved", methods=["POST"])
    auth.allow(app, "save", everybody=True)
    answer = app.test_client().post("/save")
    assert (answer.status_code, "CSRF" in answer.text) == (400, True)
