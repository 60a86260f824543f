"""Flask-Admin's suite for its SQLAlchemy back end fails over our view nowhere but where we mean it.

The suite lies in the installed package. It runs in a process of its own, with one of its three ways
to give a view its database: ours.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.flask_admin_suite import differences

ROOT = Path(__file__).parents[2]
OURS = "not Lite and not with_session_deprecated"
#: The suite's extension for HSTORE would have to lie in the schema of the test.
POSTGRESQL = f"{OURS} and postgres and not hstore"
OUTCOME = re.compile(r"^(PASSED|FAILED|ERROR) \S+::(\w+)", re.MULTILINE)


def run(folder: Path, models: str, look: str, chosen: str, url: str = "") -> tuple[set[str], int]:
    """The names of the tests that fail, and how many pass."""
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = flask_babel\n")
    told = {"SUITE_MODELS": models, "SUITE_LOOK": look, "SQLALCHEMY_DATABASE_URI": url}
    options = ["-c", str(folder / "pytest.ini"), "--rootdir", str(folder), "-rA", "-q", "--tb=no"]
    plugins = ["no:cacheprovider", "no:xdist", "no:flask", "tests.flask_admin_suite.plugin"]
    given = [f"-p{name}" for name in plugins]
    suite = ["--pyargs", "flask_admin.tests.sqla", "-k", chosen, "-W", "ignore"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *given, *suite],
        cwd=ROOT,
        env=os.environ | told,
        capture_output=True,
        text=True,
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    found = OUTCOME.findall(done.stdout)
    return (
        {name for outcome, name in found if outcome != "PASSED"},
        sum(outcome == "PASSED" for outcome, _ in found),
    )


def test_over_plain_models_our_view_passes_as_the_stock_one_does(tmp_path: Path) -> None:
    failed, passed = run(tmp_path, "plain", "theirs", f"{OURS} and not postgres")
    assert failed == set() and passed > 100


def test_over_plain_models_our_look_differs_where_we_say(tmp_path: Path) -> None:
    failed, passed = run(tmp_path, "plain", "ours", f"{OURS} and not postgres")
    assert failed == differences.names(differences.LOOK) and passed > 90


def test_over_versioned_models_it_differs_where_we_say(tmp_path: Path) -> None:
    failed, passed = run(tmp_path, "versioned", "ours", f"{OURS} and not postgres")
    assert failed == differences.names(differences.VERSIONED) and passed > 50


@pytest.mark.parametrize(
    ("models", "reasons"), [("plain", {}), ("versioned", differences.POSTGRESQL)]
)
def test_the_types_of_postgresql(
    tmp_path: Path, postgresql_url: str, models: str, reasons: dict[str, list[str]]
) -> None:
    failed, passed = run(tmp_path, models, "ours", POSTGRESQL, postgresql_url)
    assert failed == differences.names(reasons) and len(failed) + passed == 3


def test_the_table_in_contributing_names_every_difference() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    for reasons in (differences.LOOK, differences.VERSIONED, differences.POSTGRESQL):
        for reason, names in reasons.items():
            assert f"| {reason} | {', '.join(f'`{name}`' for name in names)} |" in text
