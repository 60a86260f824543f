"""Values as people read them. The one module of the admin that marks a string safe."""

from __future__ import annotations

import datetime as dt
import enum
import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from flask import Flask, current_app
from markupsafe import Markup, escape
from sqlalchemy.orm.collections import InstrumentedList

from webapp.files import StoredFile
from webapp.versioning import is_versioned, key_columns, masked_columns, shown_columns, utcnow

from . import documents, identity, times, values
from .addresses import url_of

#: Characters of a value that a list shows, and from which on a timeline folds it.
LONG = 80
#: Characters up to which a name goes into an address.
LONGEST_ADDRESS = 500
#: Where a class name falls into words: OrderLine, HTTPLog.
WORD_ENDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
#: Characters that hide, or turn the direction of the text around them.
UNSEEN = re.compile(
    "[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u200b\\u2060-\\u2064\\ufeff\\u202a-\\u202e\\u2066-\\u2069]"
)


def init_app(app: Flask) -> None:
    """The filters of the templates: `|moment`, `|day`, `|ago`, `|visible`, `|person`,
    `|change_link`."""
    for each in (moment, day, ago, visible, person, change_link):
        app.add_template_filter(each, each.__name__)


def moment(value: dt.datetime | None) -> str:
    """Date and time to the minute, in the display time zone."""
    if value is None:
        return ""
    shown = times.local(value)
    return f"{shown.day} {shown:%b %Y, %H:%M}"


def day(value: dt.datetime | None) -> str:
    """The day, in the display time zone."""
    return moment(value).partition(",")[0]


def ago(value: dt.datetime | None) -> str:
    return "" if value is None else times.ago(value, utcnow())


def text_of(value: Any) -> str:
    """Any value as plain text; "" for None."""
    for known, write in WRITERS:
        if isinstance(value, known):
            return write(value)
    return str(value)


def name_of(row: Any) -> str:
    """What to call a record: its `__str__`, else its first text that is no part of its key, else
    its number."""
    model = type(row)
    named: Any = model.__str__
    if named is not object.__str__:
        return str(row) or numbered(row)
    names = shown_columns(model) if is_versioned(model) else ()
    left_out = masked_columns(model).union(key_columns(model) if names else ())
    texts = (getattr(row, name) for name in names if name not in left_out)
    found = next((text for text in texts if type(text) is str and text), None)
    return numbered(row) if found is None else shortened(found)


def told(row: Any) -> str:
    """The record in a sentence: Product “Kettle”, or Product 42 when it has no name."""
    name = name_of(row)
    return name if name == numbered(row) else f"{word_for(type(row))} “{name}”"


def numbered(row: Any) -> str:
    """A record by its number: “Product 42”."""
    model = type(row)
    return f"{word_for(model)} {getattr(row, identity.id_name(model))}"


def word_for(model: type[Any]) -> str:
    """What to call one record of a model: “Order line” for the class OrderLine."""
    return sentence(WORD_ENDS.sub(" ", model.__name__))


def sentence(words: str) -> str:
    """Words with one capital, at their beginning; abbreviations stay as they are."""
    first, *rest = words.split(" ")
    lowered = (word.lower() if word[1:].islower() else word for word in rest)
    return " ".join([first[:1].upper() + first[1:], *lowered])


def is_long(value: Any) -> bool:
    text = text_of(value)
    return len(text) > LONG or "\n" in text


def shortened(value: Any) -> str:
    """The text in one line, cut to the width of a list's cell."""
    line = " ".join(text_of(value).split())
    return line if len(line) <= LONG else line[: LONG - 1].rstrip() + "…"


def visible(text: Any) -> Markup:
    """Text in which the characters that nobody would see are named. It stays text."""
    if isinstance(text, str) and text.isprintable():
        return escape(text)
    return Markup(UNSEEN.sub(_named, escape(text)))


def _named(match: re.Match[str]) -> str:
    return f'<span class="unseen">U+{ord(match[0]):04X}</span>'


def escaped(text: Any) -> Markup:
    """Text that stays text where a template of Flask-Admin marks it safe."""
    return escape(text)


def versions_link(number: int, url: str) -> Markup:
    return Markup('<a class="versions" href="%s">%s</a>') % (url, number)


def record_link(row: Any, url: str | None, version: int | None = None) -> Markup:
    """A record's name as a link to its page, with the version where one is meant."""
    name = visible(shortened(name_of(row)))
    named = Markup('<a href="%s">%s</a>') % (url, name) if url else name
    return named if version is None else named + Markup(" <small>version %s</small>") % version


def record_links(named: Iterable[tuple[str, str | None]], more: int) -> Markup:
    """Records' names as links to their pages, and how many there are besides."""
    link = Markup('<a href="{}">{}</a>')
    shown = [link.format(url, visible(name)) if url else visible(name) for name, url in named]
    rest = Markup(" <small>and {:,} more</small>").format(more) if more else ""
    return Markup(", ").join(shown) + rest


def person(actor: str | None) -> str | Markup:
    """Who it was, as a link to all that they changed."""
    name = visible(shortened(actor))
    if not actor or len(actor) > LONGEST_ADDRESS or not _has_page("changes.index_view"):
        return name
    url = url_of("changes.index_view", actor=actor)
    return Markup('<a class="person" href="%s">%s</a>') % (url, name)


def change_link(number: int | None) -> str | Markup:
    """“Change #7” as a link to all that it did; "" for none."""
    name = "" if number is None else f"Change #{number}"
    if number is None or not _has_page("changes.change_view"):
        return name
    url = url_of("changes.change_view", number=number)
    return Markup('<a class="change-link" href="%s">%s</a>') % (url, name)


def changes_of(model_key: str) -> str | None:
    """Address of all changes of one model; None where no room shows them."""
    has_page = _has_page("changes.index_view")
    return url_of("changes.index_view", model=model_key) if has_page else None


def reference_input(
    control: str, list_id: str, pairs: Iterable[tuple[str, str]], hint_id: str, in_use: str
) -> Markup:
    """A text field for a record's number, with records to pick from and a word on both."""
    option = Markup('<option value="{}">{}</option>')
    offered = Markup("").join(option.format(key, name) for key, name in pairs)
    now = Markup("Now: <b>{}</b>. ").format(in_use) if in_use else ""
    return Markup(
        '{}<datalist id="{}">{}</datalist><small class="form-text" id="{}">{}Not all records'
        " are listed: type a part of the name and pick one of those offered, or type"
        " the number, which stands on the record’s page, like #42.</small>"
    ).format(Markup(control), list_id, offered, hint_id, now)


def bytes_in_words(size: int) -> str:
    """Like "512 bytes", "34 KB", "2 MB": rounded, in powers of 1024."""
    for unit, length in (("MB", 1024 * 1024), ("KB", 1024)):
        if size >= length:
            return f"{size / length:.3g} {unit}"
    return f"{size:,} bytes"


def file_words(stored: StoredFile) -> str:
    """A file as its name, size and digest, by which two of one name are told apart."""
    return f"{stored.name}, {bytes_in_words(stored.size)}, SHA-256 {stored.sha256[:16]}…"


def file_link(stored: StoredFile, address: str) -> Markup:
    """The file's name as a link to it, with the image itself before it, small."""
    size = bytes_in_words(stored.size)
    image = Markup('<img class="thumb" src="{}" alt="" loading="lazy">').format(address)
    link = Markup('<a class="file" href="{}">{}{}</a> <small>{}</small>')
    return link.format(address, image if stored.is_image else "", visible(stored.name), size)


def upload_input(
    field_id: str,
    name: str,
    label: str,
    *,
    token: str,
    stored: StoredFile | None,
    address: str,
    images: bool,
    may_remove: bool,
    attributes: dict[str, Any],
) -> Markup:
    """The controls of a file: what is there, the choice of another, and a box for none."""
    kinds = "image/png,image/jpeg,image/gif,image/webp"
    given = {"accept": kinds} if images else {}
    given |= {key: value for key, value in attributes.items() if value not in (False, None)}
    options = Markup("").join(Markup(' {}="{}"').format(*pair) for pair in given.items())
    now = Markup("")
    if stored is not None and address:
        now = Markup('<p class="file-now">Now: {}</p>').format(file_link(stored, address))
    elif stored is not None:
        now = Markup(
            '<p class="file-now">Chosen and not saved yet: <b>{}</b> <small>{}</small></p>'
        )
        now = now.format(visible(stored.name), bytes_in_words(stored.size))
    box = Markup(
        '<label class="file-none"><input type="checkbox" name="{}-remove" value="1">'
        ' Remove the file<span class="sr-only">: {}</span></label>'
    ).format(name, label)
    return Markup(
        '{}<input type="hidden" name="{}" value="{}">'
        '<input type="file" id="{}" name="{}-upload"{}>{}'
    ).format(now, name, token, field_id, name, options, box if stored and may_remove else "")


def untyped(field_id: str, value: bytes) -> Markup:
    """What stands in a form for bytes that are too many to be typed."""
    return Markup(
        '<output class="form-control-plaintext" id="{}">{:,} bytes, kept as they are.'
        " They are too many to be edited here.</output>"
    ).format(field_id, len(value))


def with_removal(control: str, name: str, box_id: str, is_ticked: bool) -> Markup:
    """A field, and a box that removes what is stored."""
    return Markup(
        '{}<span class="removal"><input type="checkbox" name="{}" value=" " id="{}"{}>'
        '<label for="{}">Remove what is stored</label></span>'
    ).format(Markup(control), name, box_id, Markup(" checked") if is_ticked else "", box_id)


def last_change(at: dt.datetime, actor: str | None) -> Markup:
    """When and by whom the newest version was made."""
    when = Markup('<time datetime="%s">%s</time>') % (at.isoformat(), moment(at))
    return when + Markup(' <small class="by">by %s</small>') % person(actor) if actor else when


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
    (StoredFile, lambda value: file_words(value)),
    (str, str),
    (dt.datetime, _aware_or_naive),
    (dt.timedelta, values.write_duration),
    (Decimal, lambda value: format(value, "f")),
    (bytes, lambda value: f"{len(value)} bytes"),
    (InstrumentedList, lambda value: ", ".join(map(str, value))),
    ((dict, list), documents.write),
)
