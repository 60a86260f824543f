"""Which records a request shows, of the models that want to know who looked (`__log_reads__`).

The pages say here what they show; whoever keeps the log asks for it when the answer is made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask import current_app, g, has_request_context, url_for
from sqlalchemy import inspect

from webapp.auth import who
from webapp.auth.policy import SEE_READERS

KEY = "looks"
#: The page that shows the log, where there is one.
LOG = "reads.index_view"


def asks(model: type[Any]) -> bool:
    """Whether the model wants to know who looked at its records."""
    return bool(getattr(model, "__log_reads__", False))


def key_of(model: type[Any]) -> str:
    """What the log calls the model: its table, that of the base class where several inherit."""
    return str(inspect(model).base_mapper.local_table.fullname)


def saw(*rows: Any) -> None:
    """The answer to this request shows values of these records. Repeating it is harmless."""
    if has_request_context():
        for row in rows:
            if asks(type(row)):
                _note(type(row), row.id)


def saw_ids(model: type[Any], ids: Iterable[Any]) -> None:
    """The same of records that are known by their ids."""
    if has_request_context() and asks(model):
        for id in ids:
            _note(model, id)


def _note(model: type[Any], id: Any) -> None:
    found: dict[type[Any], dict[Any, None]] = g.setdefault(KEY, {})
    found.setdefault(inspect(model).base_mapper.class_, {})[id] = None


def seen() -> Mapping[type[Any], Iterable[Any]]:
    """The ids of the records that the answer shows, by their model's base class."""
    found: Mapping[type[Any], Iterable[Any]] = g.get(KEY, {})
    return found


def log_url(view: Any, id: Any) -> str | None:
    """Address of who looked at a record, for those who may know; None where nothing is kept."""
    kept = asks(view.model) and LOG in current_app.view_functions
    if not kept or not who.person().may_site(SEE_READERS):
        return None
    return url_for(LOG, model=view.endpoint, record=str(id))
