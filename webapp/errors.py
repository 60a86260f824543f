"""Error pages: what happened, that nothing was lost, and what to do next. Never a traceback."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import unquote_to_bytes

from flask import Flask, Response, current_app, g, render_template, request, url_for
from sqlalchemy.exc import InterfaceError, OperationalError
from werkzeug.exceptions import (
    BadRequest,
    Conflict,
    HTTPException,
    InternalServerError,
    NotFound,
    SecurityError,
    ServiceUnavailable,
)

from webapp import changes
from webapp.versioning import UnknownVersion, VersionConflict

V = TypeVar("V", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Page:
    """The words of one error page."""

    title: str
    explanation: str
    advice: str


PAGES = {
    400: Page(
        "This request could not be read",
        "The address or the form holds something that does not belong there, or the form was open"
        " for so long that its protection has run out. Nothing was changed.",
        "Go back, reload the page and try again.",
    ),
    401: Page(
        "Please sign in",
        "You are not signed in, or no longer. Nothing was changed.",
        "Sign in, then open the page again.",
    ),
    403: Page(
        "You may not do this",
        "Your account is not allowed to do this. Nothing was changed.",
        "Go back to the start page, or ask an administrator for the right to do it.",
    ),
    404: Page(
        "There is nothing at this address",
        "The record or page does not exist, or the address was cut off or mistyped.",
        "Check the address, or look for the record in its list. A deleted record keeps its"
        " timeline.",
    ),
    405: Page(
        "This address does not take this kind of request",
        "The page was called in a way that it does not answer. Nothing was changed.",
        "Open the page from its link or button.",
    ),
    409: Page(
        "Someone else saved in the meantime",
        "The record has a newer version than the one that you started from. Theirs is kept and"
        " yours was not written.",
        "Go back to copy what you typed, open the record again and apply your change to it.",
    ),
    413: Page(
        "That is too much at once",
        "The form is larger than this server accepts. Nothing was changed.",
        "Go back and shorten the longest field, or save in smaller parts.",
    ),
    422: Page(
        "Some values cannot be saved",
        "The form holds values that do not fit their fields. Nothing was changed.",
        "Go back, correct the fields and save again.",
    ),
    429: Page(
        "That was too often",
        "There were too many requests of this kind in a short time. Nothing was changed.",
        "Wait a few minutes, then try again.",
    ),
    500: Page(
        "Something went wrong here",
        "This is our fault, not yours. What was not saved completely was not saved at all.",
        "Try again. If it happens again, tell an administrator the reference below.",
    ),
    503: Page(
        "The database does not answer",
        "The page needs the database, which cannot be reached now. Nothing was changed.",
        "Wait a moment and reload the page. If it lasts, tell an administrator.",
    ),
}

#: Refusals after which the list is the way on.
ASK_THE_LIST = {400, 404, 409, 422}


def init_app(app: Flask) -> None:
    app.before_request(refuse_unreadable)
    app.register_error_handler(HTTPException, show)
    app.register_error_handler(VersionConflict, lambda error: show(Conflict()))
    app.register_error_handler(UnknownVersion, lambda error: show(NotFound()))
    app.register_error_handler(OperationalError, show_unavailable)
    app.register_error_handler(InterfaceError, show_unavailable)


def show(error: HTTPException) -> Response | HTTPException:
    """The page of an error; a redirect, which Werkzeug also raises, goes through unchanged."""
    if error.code is None or error.code < 400:
        return error
    if isinstance(error, SecurityError):  # no page could name its own address under that host
        return Response("This name is not answered here.\n", error.code, mimetype="text/plain")
    g.shows_error = True  # whatever the view had in hand is not shown
    page = PAGES.get(error.code) or Page(error.name, error.description or "", PAGES[400].advice)
    body = render_template(
        "errors/error.html",
        code=error.code,
        title=page.title,
        explanation=_of_this_case(error) or page.explanation,
        advice=page.advice,
        back_url=_list() if error.code in ASK_THE_LIST else None,
        reference=_reference(error.code),
    )
    headers = dict(error.get_headers(request.environ))
    headers["Content-Type"] = "text/html; charset=utf-8"
    return Response(body, error.code, headers)


def show_unavailable(error: OperationalError | InterfaceError) -> Response | HTTPException:
    """A database that is away or locked: the log gets the cause, the page what to do."""
    if getattr(error.orig, "sqlite_errorname", None) == "SQLITE_ERROR":
        raise error  # a statement that is wrong: no waiting mends it, so it is a 500
    current_app.logger.error("The database failed", exc_info=error)
    return show(ServiceUnavailable(retry_after=5))


def _reference(code: int) -> str:
    """The number on the page of a failure, which stands in the log beside the cause."""
    reference = changes.request_id()
    level = logging.ERROR if code >= 500 else logging.INFO
    told = (reference, code, request.method, request.path)
    current_app.logger.log(level, "Reference %s: %s for %s %s", *told)
    return reference


def _list() -> str | None:
    """The list of the records that the address was about."""
    endpoint = f"{request.blueprint}.index_view"
    if endpoint == request.endpoint or endpoint not in current_app.view_functions:
        return None
    return url_for(endpoint)


def _of_this_case(error: HTTPException) -> str | None:
    """What a view wrote about this very case; the standard descriptions say less than the page."""
    if isinstance(error, InternalServerError) or error.description == type(error).description:
        return None
    return error.description


def names_bad_text(view: V) -> V:
    """Mark a view that answers a NUL in its form itself: it names the field and keeps the rest."""
    view.names_bad_text = True  # type: ignore[attr-defined]
    return view


def refuse_unreadable() -> None:
    """NUL characters and broken UTF-8 fit no record and no column, so they end here as a 400."""
    path = request.environ.get("PATH_INFO", "").encode("latin-1")
    query = unquote_to_bytes(request.environ.get("QUERY_STRING", ""))
    try:
        address = path.decode() + query.decode()
    except UnicodeDecodeError:
        raise BadRequest("The address is not valid UTF-8.") from None
    view = current_app.view_functions.get(request.endpoint or "")
    names_only = getattr(view, "names_bad_text", False)
    typed = (
        text
        for name, values in request.form.lists()
        for text in ((name,) if names_only else (name, *values))
    )
    if "\0" in address or any("\0" in text for text in typed):
        raise BadRequest("The request holds a NUL character.")
