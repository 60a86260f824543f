"""Values as people read them. The one module of the admin that marks a string safe."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from flask import Flask, current_app, url_for
from markupsafe import Markup, escape
from sqlalchemy.orm.collections import InstrumentedList

from webapp.versioning import data_columns, is_versioned, utcnow

from . import documents, times, values

#: Characters of a value that a list shows, and from which on a timeline folds it.
LONG = 80
#: Characters up to which a name goes into an address.
LONGEST_ADDRESS = 500


def init_app(app: Flask) -> None:
    """The filters of the templates: `|moment`, `|ago`, `|person` and `|change_link`."""
    for each in (moment, ago, person, change_link):
        app.add_template_filter(each, each.__name__)


def moment(value: dt.datetime | None) -> str:
    """Date and time to the minute, in the display time zone."""
    if value is None:
        return ""
    shown = times.local(value)
    return f"{shown.day} {shown:%b %Y, %H:%M}"


def ago(value: dt.datetime | None) -> str:
    return "" if value is None else times.ago(value, utcnow())


def text_of(value: Any) -> str:
    """Any value as plain text; "" for None."""
    for known, write in WRITERS:
        if isinstance(value, known):
            return write(value)
    return str(value)


def name_of(row: Any) -> str:
    """What to call a record: its `__str__`, else its first text, else its number."""
    named: Any = type(row).__str__
    if named is not object.__str__:
        return str(row)
    names = data_columns(type(row)) if is_versioned(type(row)) else ()
    texts = (getattr(row, name) for name in names)
    return next((text for text in texts if isinstance(text, str) and text), f"#{row.id}")


def is_long(value: Any) -> bool:
    text = text_of(value)
    return len(text) > LONG or "\n" in text


def shortened(value: Any) -> str:
    """The text in one line, cut to the width of a list's cell."""
    line = " ".join(text_of(value).split())
    return line if len(line) <= LONG else line[: LONG - 1].rstrip() + "…"


def escaped(text: Any) -> Markup:
    """Text that stays text where a template of Flask-Admin marks it safe."""
    return escape(text)


def versions_link(number: int, url: str) -> Markup:
    return Markup('<a class="versions" href="{}">{}</a>').format(url, number)


def person(actor: str | None) -> str | Markup:
    """Who it was, as a link to all that they changed."""
    name = shortened(actor)
    if not actor or len(actor) > LONGEST_ADDRESS or not _has_page("changes.index_view"):
        return name
    url = url_for("changes.index_view", actor=actor)
    return Markup('<a class="person" href="{}">{}</a>').format(url, name)


def change_link(number: int | None) -> str | Markup:
    """“Change #7” as a link to all that it did; "" for none."""
    name = "" if number is None else f"Change #{number}"
    if number is None or not _has_page("changes.change_view"):
        return name
    url = url_for("changes.change_view", number=number)
    return Markup('<a class="change-link" href="{}">{}</a>').format(url, name)


def last_change(at: dt.datetime, actor: str | None) -> Markup:
    """When and by whom the newest version was made."""
    when = Markup('<time datetime="{}">{}</time>').format(at.isoformat(), moment(at))
    return (
        when + Markup(' <small class="by">by {}</small>').format(person(actor)) if actor else when
    )


def cells(shorten: bool) -> dict[type, Callable[..., Any]]:
    """Flask-Admin's type formatters: of lists, or of the details page."""

    def cell(view: Any, value: Any, name: str) -> Any:
        if isinstance(value, Markup):
            return value
        return shortened(value) if shorten else text_of(value)

    return {object: cell}


def exported(value: Any) -> Any:
    """A value for a spreadsheet: text that would be run as a formula is made text again."""
    if not isinstance(value, str):
        return value
    return f"'{value}" if value.startswith(("=", "+", "-", "@", "\t", "\r", "\0")) else value


def _has_page(endpoint: str) -> bool:
    """Whether the application has the room that shows changes; this one stands below it."""
    return endpoint in current_app.view_functions


def _aware_or_naive(value: dt.datetime) -> str:
    if value.utcoffset() is None:
        return value.isoformat(sep=" ")
    return f"{times.local(value):%Y-%m-%d %H:%M:%S}"


# The first that fits wins: a bool is an int, a datetime a date, and a str an enum's value.
WRITERS: tuple[tuple[Any, Callable[[Any], str]], ...] = (
    (type(None), lambda value: ""),
    (bool, lambda value: "Yes" if value else "No"),
    (enum.Enum, values.label_of),
    (str, str),
    (dt.datetime, _aware_or_naive),
    (dt.timedelta, values.write_duration),
    (Decimal, lambda value: format(value, "f")),
    (bytes, lambda value: f"{len(value)} bytes"),
    (InstrumentedList, lambda value: ", ".join(map(str, value))),
    ((dict, list), documents.write),
)
