"""The address that a watcher of the server asks."""

from __future__ import annotations

from pathlib import Path

from flask.testing import FlaskClient

from webapp import create_app


def test_is_ok_when_the_database_answers(client: FlaskClient) -> None:
    answer = client.get("/health")
    assert (answer.status_code, answer.text) == (200, "ok\n")
    assert "Set-Cookie" not in answer.headers


def test_is_503_when_the_database_is_away(tmp_path: Path) -> None:
    app = create_app(
        {"INSTANCE_PATH": str(tmp_path), "DATABASE_URL": f"sqlite:////{tmp_path}/gone/app.sqlite"}
    )
    answer = app.test_client().get("/health")
    assert (answer.status_code, answer.text) == (503, "database unavailable\n")


def test_answers_reading_requests_only(client: FlaskClient) -> None:
    assert client.post("/health").status_code == 405
