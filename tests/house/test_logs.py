"""The log: a request's id, no values of records, no flood."""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from webapp import logs
from webapp.extensions import db


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


def line(error: BaseException | None = None, **more: Any) -> logging.LogRecord:
    info = (type(error), error, error.__traceback__) if error else None
    return logging.LogRecord("webapp", logging.ERROR, __file__, 1, "It failed", (), info, **more)


STATEMENT, VALUES = "INSERT INTO account (name) VALUES (:it)", {"it": "the secret"}


def failure() -> BaseException:
    try:
        db.session.execute(text(STATEMENT), VALUES)
    except Exception:
        found = sys.exc_info()[1]
        assert found
        return found
    raise AssertionError


def test_a_line_is_an_object_with_the_id_of_the_request(app: Flask) -> None:
    with app.test_request_context("/admin/?search=secret"):
        told = json.loads(logs.Lines().format(line()))
    assert (told["level"], told["message"], told["path"]) == ("error", "It failed", "/admin/")
    assert len(told["request_id"]) == 32
    assert "secret" not in str(told)


def test_an_error_of_the_database_is_told_by_its_kind_alone(app: Flask) -> None:
    with app.app_context():
        error = failure()
    for formatter in (logs.Lines(), logs.Words()):
        told = formatter.format(line(error))
        assert "SQLITE_CONSTRAINT_NOTNULL" in told
        assert "INSERT" not in told and "the secret" not in told


def test_another_error_keeps_its_words(app: Flask) -> None:
    try:
        raise RuntimeError("the disk is full")
    except RuntimeError as error:
        assert "RuntimeError: the disk is full" in logs.Words().format(line(error))


def test_a_busy_server_says_so_once_a_minute(
    app: Flask, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr("webapp.logs.time.monotonic", lambda: now[0])
    for _ in range(3):
        logging.getLogger("waitress.queue").warning("Task queue depth is 9")
    now[0] += logs.WITHIN
    logging.getLogger("waitress.queue").warning("Task queue depth is 9")
    told = capfd.readouterr().err.splitlines()
    assert len(told) == 2 and all("WARNING Task queue depth is 9" in each for each in told)


def test_a_failure_that_repeats_keeps_its_line_and_loses_its_traceback() -> None:
    calm, kept = logs.Calm(), []
    for _ in range(6):
        try:
            raise RuntimeError("again")
        except RuntimeError as error:
            record = line(error)
        assert calm.filter(record)
        kept.append(record.exc_info is not None)
    assert kept == [True] * logs.MOST + [False] * (6 - logs.MOST)
