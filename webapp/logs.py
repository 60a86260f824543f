"""The log: one line for each event, with the request's id; never a value out of a record.

In production a line is a JSON object. An error of the database is told by its kind alone, since
its text holds the statement and what it was about. A failure that repeats keeps its line and loses
its traceback, so that it fills no disk; that requests wait for a thread is said once a minute.
"""

from __future__ import annotations

import json
import logging
import time
import traceback
from collections import OrderedDict
from datetime import UTC, datetime
from threading import Lock
from typing import Any

from flask import Flask, g, has_request_context, request
from flask.logging import default_handler
from sqlalchemy.exc import SQLAlchemyError

from webapp import changes

#: Tracebacks of one place in this many seconds; the next ones are left out.
MOST, WITHIN = 3, 60.0
MOST_PLACES = 500
LONGEST = 4000
#: Modules whose errors quote the database: the statement, or the values in it.
QUOTING = ("psycopg", "sqlalchemy", "sqlite3")


def init_app(app: Flask) -> None:
    app.logger.setLevel(logging.INFO)
    production = app.config["ENV"] == "production"
    default_handler.setFormatter(Lines() if production else Words())
    default_handler.filters = [Calm()]
    server = logging.getLogger("waitress")
    server.handlers, server.propagate = [default_handler], False
    logging.getLogger("waitress.queue").filters = [Seldom()]


class Calm(logging.Filter):
    """Leaves the traceback out of a failure that repeats."""

    def __init__(self) -> None:
        super().__init__()
        self._seen: OrderedDict[Any, list[float]] = OrderedDict()
        self._lock = Lock()

    def filter(self, record: logging.LogRecord) -> bool:
        """Always true: each line stands, since somebody may ask for its reference."""
        if record.exc_info and record.exc_info[1] is not None and self._is_known(record):
            record.exc_info, record.exc_text = None, None
            record.msg = f"{record.msg} (as before, its traceback is left out)"
        return True

    def _is_known(self, record: logging.LogRecord) -> bool:
        assert record.exc_info
        kind, _, trace = record.exc_info
        frames = traceback.extract_tb(trace)
        place = (kind, frames[-1].filename, frames[-1].lineno) if frames else (kind,)
        now = time.monotonic()
        with self._lock:
            times = [each for each in self._seen.pop(place, []) if now - each < WITHIN]
            known = len(times) >= MOST
            self._seen[place] = times if known else [*times, now]
            if len(self._seen) > MOST_PLACES:
                self._seen.popitem(last=False)
        return known


class Seldom(logging.Filter):
    """Lets one line pass in `WITHIN` seconds: a busy server would say so at each request."""

    def __init__(self) -> None:
        super().__init__()
        self._last = -WITHIN

    def filter(self, record: logging.LogRecord) -> bool:
        now = time.monotonic()
        if now - self._last < WITHIN:
            return False
        self._last = now
        return True


class Words(logging.Formatter):
    """A line as people read it."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        id = _request_id()
        return super().format(record) + (f" [{id}]" if id and not record.exc_info else "")

    def formatException(self, ei: Any) -> str:
        return told(ei[1])


class Lines(logging.Formatter):
    """A line as programs read it: one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, Any] = {
            "at": at.isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "message": record.getMessage()[:LONGEST],
            "logger": record.name,
        }
        if has_request_context():
            line |= {"request_id": _request_id(), "method": request.method, "path": request.path}
            line["person"] = g.get("actor") or None
        if record.exc_info and record.exc_info[1] is not None:
            line["traceback"] = told(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False)


def told(error: BaseException) -> str:
    """Where an error arose and of what kind it is; its text only where that quotes no database."""
    parts: list[str] = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        frames = "".join(traceback.format_tb(current.__traceback__))
        parts.append(f"{frames}{type(current).__name__}{_text_of(current)}")
        current = current.__cause__ or (
            None if current.__suppress_context__ else current.__context__
        )
    return "\n\n".join(reversed(parts))


def _text_of(error: BaseException) -> str:
    quotes = isinstance(error, SQLAlchemyError) or type(error).__module__.startswith(QUOTING)
    if not quotes:
        text = str(error)[:LONGEST]
        return f": {text}" if text else ""
    orig = getattr(error, "orig", None) or error
    kind = getattr(orig, "sqlstate", None) or getattr(orig, "sqlite_errorname", None)
    return f" ({kind})" if kind else ""


def _request_id() -> str | None:
    return changes.request_id() if has_request_context() else None
