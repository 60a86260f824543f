"""Which fields a person left alone: those that come back as the page had rendered them.

Whatever a text cannot carry (the microseconds of a time, the difference between '' and NULL, digits
beyond a scale) survives, because an untouched field is never written.
"""

from __future__ import annotations

from typing import Any

from wtforms import widgets
from wtforms.fields import BooleanField, Field
from wtforms.fields.choices import SelectFieldBase


def came_back(field: Field, rendered: Field) -> bool:
    """Whether the posted `field` is what a browser sends for `rendered`, its twin before the edit.

    A field that was not posted at all says nothing and counts as untouched; only a checkbox says
    "no" by its absence.
    """
    if hasattr(field, "came_back"):
        return bool(field.came_back(rendered))
    sent = as_sent(rendered)
    if sent is None:
        return False
    if not field.raw_data and not isinstance(field, BooleanField):
        return True
    return [normal(str(value)) for value in field.raw_data or []] == sent


def as_sent(field: Field) -> list[str] | None:
    """The values that a browser sends for the field as rendered; None for a field of parts."""
    if isinstance(field, BooleanField):
        return [field._value()] if field.data else []
    if hasattr(field, "selected"):
        return [normal(field.selected())]
    if isinstance(field, SelectFieldBase):
        return _selected(field)
    if not hasattr(field, "_value"):
        return None
    text = normal(str(field._value() if field._value() is not None else ""))
    # A browser drops line ends from an <input>; only a <textarea> keeps them.
    return [text if isinstance(field.widget, widgets.TextArea) else text.replace("\n", "")]


def normal(text: str) -> str:
    """Text as it looks after its way through a browser: line ends as LF, NUL replaced."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")


def _selected(field: Any) -> list[str]:
    choices = list(field._iter_choices_normalized())
    chosen = [str(choice.value) for choice in choices if choice.selected]
    if not chosen and choices and not getattr(field.widget, "multiple", False):
        chosen = [str(choices[0].value)]  # a browser shows and sends the first
    return chosen
