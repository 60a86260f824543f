"""The log of reads: who looked at which record when, of the models that ask for it.

It is the one thing that a GET writes. It is evidence, so it is written before the answer goes out:
a page whose look cannot be noted is not shown.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Flask, Response, current_app, g, request
from sqlalchemy import BigInteger, Index, Integer, Text, insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, mapped_column
from werkzeug.exceptions import ServiceUnavailable

from webapp import changes, database, errors
from webapp.admin import looks
from webapp.auth import who
from webapp.extensions import db
from webapp.versioning import UtcDateTime, is_versioned, utcnow

LONGEST_ADDRESS = 1000
REFUSED = (
    "Who looks at these records is kept, and that could not be written now. So the page is not"
    " shown. Nothing was changed: wait a moment and open it again."
)
#: Pages by endpoint, or by the method of a model's view; another is called by its own name.
PAGES = {
    "details_view": "record",
    "edit_view": "edit form",
    "timeline_view": "timeline",
    "compare_view": "comparison",
    "index_view": "list",
    "export": "export",
    "file_view": "file",
    "restore_view": "restore",
    "undo_view": "undo",
    "search.index_view": "search",
    "changes.change_view": "change",
    "changes.undo_view": "undo of a change",
    "review.index_view": "review queue",
    "review.all_view": "sign-off of many",
    "review.change_view": "review",
    "mine.index_view": "own changes",
}


class ReadAccess(db.Model):
    """One person's look at one record. Append-only, as the changes are."""

    __tablename__ = "read_access"

    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, sort_order=-1
    )
    at: Mapped[dt.datetime] = mapped_column(UtcDateTime, index=True)
    person: Mapped[str] = mapped_column(Text)
    #: The table of the record's versions.
    model: Mapped[str] = mapped_column(Text)
    #: Its id as addresses spell it.
    record: Mapped[str] = mapped_column(Text)
    page: Mapped[str] = mapped_column(Text)
    #: Path and query: the filter of a list, the moment of a page of the past.
    address: Mapped[str] = mapped_column(Text)
    request_id: Mapped[str] = mapped_column(Text)

    __table_args__ = (
        Index("ix_read_access_record", "model", "record", "id"),
        Index("ix_read_access_person", "person", "id"),
        {"info": {"append_only": True}},
    )


def init_app(app: Flask, views: list[Any]) -> None:
    """Keep the log for the models of these views. Raises ValueError for one without versions."""
    for view in views:
        model = getattr(view, "model", None)
        if model is not None and looks.asks(model) and not is_versioned(model):
            raise ValueError(
                f"{model.__name__}.__log_reads__: it works for Versioned models alone."
            )
    app.after_request(keep)


def keep(response: Response) -> Response:
    """Write who looked at what this answer shows, in a transaction of its own; else a 503."""
    seen = looks.seen()
    if not seen or not _shows(response):
        return response
    if request.method not in database.SAFE_METHODS:
        db.session.rollback()  # what is left undone would hold SQLite's write lock
    try:
        with database.aside() as connection:
            connection.execute(insert(ReadAccess), _rows(seen))
    except SQLAlchemyError as error:
        current_app.logger.error("A look could not be noted", exc_info=error)
        response.close()
        refused = errors.show(ServiceUnavailable(REFUSED, retry_after=5))
        assert isinstance(refused, Response)
        return refused
    return response


def _shows(response: Response) -> bool:
    """Whether the answer holds the page, not a way elsewhere or a word on why there is none."""
    is_page = not 300 <= response.status_code < 400 and not g.get("shows_error")
    return is_page and request.method != "HEAD"


def _rows(seen: Any) -> list[dict[str, Any]]:
    shared = {
        "at": utcnow(),
        "person": who.person().name or changes.ANONYMOUS,
        "page": page_of(request.endpoint or ""),
        "address": request.full_path.rstrip("?")[:LONGEST_ADDRESS],
        "request_id": changes.request_id(),
    }
    return [
        {**shared, "model": looks.key_of(model), "record": str(id)}
        for model, ids in seen.items()
        for id in ids
    ]


def page_of(endpoint: str) -> str:
    """What the page at an endpoint is called."""
    method = endpoint.rpartition(".")[2]
    return PAGES.get(endpoint) or PAGES.get(method) or method.removesuffix("_view")
