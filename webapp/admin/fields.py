"""The form fields of a column: one line or many, a choice, or a reference to another record."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import url_for
from wtforms import widgets
from wtforms.fields import Field
from wtforms.fields.choices import Choice, SelectFieldBase

from . import presentation
from .rare_values import MOST_BYTES
from .references import Target
from .values import Codec


class UntypedWidget:
    """In place of a control: bytes that are too many to be typed, and are kept."""

    def __call__(self, field: Field, **kwargs: Any) -> str:
        return presentation.untyped(field.id, field.data)


class ValueField(Field):
    """A column's value as text, written and read by the codec of its type.

    An empty text is NULL where the column allows it.
    """

    widget: Any

    def __init__(
        self,
        label: Any = None,
        validators: Any = None,
        *,
        codec: Codec,
        nullable: bool,
        widget: Any = None,
        **kwargs: Any,
    ) -> None:
        kwargs["description"] = kwargs.get("description") or codec.hint
        super().__init__(label, validators, widget=widget or widgets.TextInput(), **kwargs)
        self.codec = codec
        self.nullable = nullable
        self.widget_is_given = widget is not None

    def process(self, *args: Any, **kwargs: Any) -> None:
        """Then choose the widget: one line would swallow the line ends of a stored value."""
        super().process(*args, **kwargs)
        if self.widget_is_given:
            return
        if isinstance(self.data, bytes) and len(self.data) > MOST_BYTES and not self.raw_data:
            self.widget = UntypedWidget()
            return
        text = self._value()
        many = self.codec.lines or "\n" in text or "\r" in text
        one_line = widgets.DateInput() if self.codec.input_type == "date" else widgets.TextInput()
        self.widget = widgets.TextArea() if many else one_line

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else self.codec.write(self.data)

    def process_formdata(self, valuelist: list[Any]) -> None:
        if not valuelist:
            return
        text = typed(valuelist)
        if text or (self.codec.kind == "text" and not self.nullable):
            self.data = self.codec.read(text)
        else:
            self.data = None


class ChoiceField(SelectFieldBase):
    """A column with a fixed set of values. A stored value outside of the set stays choosable."""

    widget = widgets.Select()

    def __init__(
        self,
        label: Any = None,
        validators: Any = None,
        *,
        codec: Codec,
        nullable: bool,
        **kwargs: Any,
    ) -> None:
        super().__init__(label, validators, **kwargs)
        self.codec = codec
        self.nullable = nullable

    def selected(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else self.codec.write(self.data)

    def iter_choices(self) -> Iterator[Choice]:
        choices = list(self.codec.choices)
        if self.nullable or self.object_data is None:
            choices.insert(0, ("", ""))
        stored = "" if self.object_data is None else self.codec.write(self.object_data)
        if stored not in dict(choices):
            choices.append((stored, stored))
        yield from _marked(choices, self.selected(), stored)

    def process_formdata(self, valuelist: list[Any]) -> None:
        if valuelist:
            text = typed(valuelist)
            self.data = self.codec.read(text) if text else None


class ReferenceWidget:
    """A select; where there are too many records for one, a text field for the record's number,
    which offers the first of them, and says which record it holds."""

    def __call__(self, field: ReferenceField, **kwargs: Any) -> str:
        choices = field.target.choices()
        if choices.is_all:
            return widgets.Select()(field, **kwargs)
        offered, hint = f"{field.id}-offered", f"{field.id}-hint"
        described = [*str(kwargs.pop("aria-describedby", "")).split(), hint]
        told = {
            "list": offered,
            "aria-describedby": " ".join(described),
            "autocomplete": "off",
            "data-lookup": url_for(".lookup_view", field=field.name),
        }
        if field.target.looked_up:
            told["data-least"] = str(field.target.looked_up.least)
            kwargs.setdefault("placeholder", field.target.looked_up.placeholder or False)
        return presentation.reference_input(
            widgets.TextInput()(field, **kwargs, **told),
            offered,
            choices.pairs,
            hint,
            field.name_in_use(),
        )


class ReferenceField(SelectFieldBase):
    """A reference to a record: its live candidates, and the one in use even when it is deleted.

    The field's data is what the column holds, the id, or with `as_object` the row itself.
    """

    widget = ReferenceWidget()

    def __init__(
        self,
        label: Any = None,
        validators: Any = None,
        *,
        target: Target,
        as_object: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(label, validators, **kwargs)
        self.target = target
        self.as_object = as_object

    def key_of(self, data: Any) -> str:
        if data is None:
            return ""
        return self.target.key(data) if self.as_object else str(data)

    def selected(self) -> str:
        return str(self.raw_data[0]) if self.raw_data else self.key_of(self.data)

    def _value(self) -> str:
        return self.selected()

    def name_in_use(self) -> str:
        """The name of the record that the column holds; "" when it holds none."""
        stored = self.key_of(self.object_data)
        return self.target.label_of_gone(stored) if stored else ""

    def iter_choices(self) -> Iterator[Choice]:
        stored = self.key_of(self.object_data)
        choices = [("", ""), *self.target.choices().pairs]
        if stored not in dict(choices):
            choices.append((stored, self.target.label_of_gone(stored)))
        yield from _marked(choices, self.selected(), stored)

    def process_formdata(self, valuelist: list[Any]) -> None:
        if not valuelist:
            return
        sent = typed(valuelist)
        key = sent.strip()
        plain = key.removeprefix("#")  # a page calls record 42 “#42”
        if self.key_of(self.object_data) in (sent, key, plain):
            self.data = self.object_data
            return
        self.data = None
        if key:
            spellings = dict.fromkeys((sent, key, plain))  # a text may begin or end with a blank
            row = next(filter(None, map(self.target.live, spellings)), None)
            if row is None:
                raise ValueError(
                    "There is no record of this number, or it was deleted: choose another."
                )
            self.data = row if self.as_object else self.target.id_of(row)


def typed(valuelist: list[Any]) -> str:
    """The text that was sent. Raises ValueError when a file was."""
    if not isinstance(valuelist[0], str):
        raise ValueError("This field takes text, not a file.")
    return valuelist[0]


def _marked(choices: list[tuple[str, str]], chosen: str, stored: str) -> Iterator[Choice]:
    """The choices with the chosen one marked; the stored one where the post held none of them."""
    mark = chosen if chosen in dict(choices) else stored
    for value, label in choices:
        yield Choice(value, label, value == mark, {})
