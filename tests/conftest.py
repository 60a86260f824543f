"""What every test may ask for: a database, an application over it, a client.

`database_url` runs a test once on SQLite (a file) and once on PostgreSQL; `sqlite_url` and
`postgresql_url` name one of them. Each test gets an empty database of its own.
"""

from __future__ import annotations

import gc
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn
from zlib import crc32

import hypothesis
import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import URL
from werkzeug.routing import Rule

from tests import accounts, postgresql, schemas
from tests.shared import app_for

# Most of what tests leave behind lives on (models, applications): to look through it as often as
# usual took a tenth of the time.
gc.set_threshold(20_000, 20, 100)

# Machines that build and test are shared and slow at times: an example is wrong, never late.
hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")


#: Folders of tests about pages. All run on both engines, in CI too; with TEST_ONE_DATABASE=1, for a
#: quick look while working, each of these runs on one engine, half of them on either.
PAGES = {"accounts", "admin", "audit", "auth", "integrity"}
#: Files of these folders whose subject differs between the engines.
ON_BOTH = {"test_databases.py", "test_home.py", "test_hostile.py", "test_kinds.py"}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if os.environ.get("TEST_ONE_DATABASE") != "1":
        return
    left = [item for item in items if _is_for_the_other_engine(item)]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in set(left)]


def _is_for_the_other_engine(item: pytest.Item) -> bool:
    engine = getattr(item, "callspec", None) and item.callspec.params.get("database_url")
    if item.path.parent.name not in PAGES or item.path.name in ON_BOTH or not engine:
        return False
    name = item.nodeid.replace("sqlite", "*").replace("postgresql", "*")
    return engine != ("sqlite", "postgresql")[crc32(name.encode()) % 2]


def missing(what: str) -> NoReturn:
    """A tool that is not there: at home the test is skipped, in CI it fails."""
    if os.environ.get("CI") == "true":
        pytest.fail(what, pytrace=False)
    pytest.skip(what)


@pytest.fixture(scope="session", autouse=True)
def templates_compiled_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Each test has an application of its own; compiling its templates would take half the time."""
    cache = FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(Flask.jinja_options, "bytecode_cache", cache)
        yield


@pytest.fixture(scope="session", autouse=True)
def rules_compiled_once() -> Iterator[None]:
    """Each test has an application of its own; compiling its addresses would take half the time.

    What Werkzeug compiles of a rule depends on nothing but its text, as long as it has no defaults.
    """
    known: dict[Any, Any] = {}
    compile_rule = Rule._compile_builder

    def compiled(rule: Rule, append_unknown: bool = True) -> Any:
        key = tuple(rule._trace), append_unknown
        if rule.defaults or key not in known:
            known[key] = compile_rule(rule, append_unknown)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rule, "_compile_builder", compiled)
        yield


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[URL]:
    named = postgresql.named_server()
    if named:
        yield named
        schemas.drop_all(named)
        return
    programs = postgresql.programs()
    if programs is None:
        missing(postgresql.HOW_TO_GET_IT)
    with postgresql.server(programs) as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'test.sqlite'}"


@pytest.fixture
def postgresql_url(postgresql_server: URL) -> Iterator[str]:
    with postgresql.schema(postgresql_server, f"test_{uuid.uuid4().hex}") as url:
        yield url.render_as_string(hide_password=False)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """An empty database; the test runs on each engine."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def settings() -> dict[str, Any]:
    """Settings of the application; a test file may override them."""
    return {}


@pytest.fixture
def app(
    request: pytest.FixtureRequest, database_url: str, tmp_path: Path, settings: dict[str, Any]
) -> Iterator[Flask]:
    """The application with its tables, over each engine.

    Forms need no CSRF token here; that every POST does otherwise is tested where it belongs.
    """
    given = {
        **accounts.SETTINGS,
        "TESTING": True,
        "WTF_CSRF_ENABLED": False,
        "DATABASE_URL": database_url,
        "INSTANCE_PATH": str(tmp_path / "instance"),
        **settings,
    }
    with app_for(request, given) as app:
        yield app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without a screen, Carol signed in: each request has its own context, as in life.

    pytest-flask's own keeps a request's context, and so its database session, open for the next.
    """
    return app.test_client()


@pytest.fixture
def _push_request_context() -> None:
    """In place of pytest-flask's, which would run all requests of a test in one context."""


@pytest.fixture
def _monkeypatch_response_class() -> None:
    """In place of pytest-flask's, which asks for `monkeypatch` in every test: see `app_for`."""


@pytest.fixture
def _configure_application() -> None:
    """In place of pytest-flask's, likewise; a test that wants other settings says `settings`."""
