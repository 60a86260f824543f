"""Fields of `__masked__` columns: they take a new value and never show the stored one.

Left empty, they keep it: they are rendered empty, so an empty one is untouched, and not written.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wtforms.fields import BooleanField
from wtforms.fields.choices import Choice
from wtforms.fields.core import UnboundField

from webapp.versioning import masked_columns

from . import presentation
from .fields import ChoiceField, ReferenceField, ValueField
from .values import codec_for

KEEP = "Keep what is stored"
NOTE = "What is stored is never shown. Left empty, it stays as it is."
#: Sent to remove what is stored: by a box beside a text, or as a choice that no record can have.
REMOVE = " "


class SecretMixin:
    """What the three kinds have in common: only what was typed is in sight."""

    raw_data: Any
    data: Any
    object_data: Any
    render_kw: Any
    description: Any
    flags: Any

    @property
    def may_remove(self) -> bool:
        return self.object_data is not None and bool(self.flags.optional)

    def process(self, *args: Any, **kwargs: Any) -> None:
        super().process(*args, **kwargs)  # type: ignore[misc]
        self.render_kw = {**(self.render_kw or {}), "autocomplete": "off"}
        if self.object_data is not None:
            self.description = NOTE

    def process_formdata(self, valuelist: list[Any]) -> None:
        if self.may_remove and self.removes(valuelist):
            self.data = None
        elif valuelist and valuelist[0] != "":
            super().process_formdata(valuelist)  # type: ignore[misc]

    def removes(self, valuelist: list[Any]) -> bool:
        return valuelist[:1] == [REMOVE]

    def selected(self) -> str:
        return str(self.raw_data[0]) if self.raw_data else ""

    def _offer(self, choices: list[tuple[str, str]]) -> Iterator[Choice]:
        offered = [("", KEEP if self.object_data is not None else "")]
        if self.may_remove:
            offered.append((REMOVE, "Remove what is stored"))
        for value, label in [*offered, *(pair for pair in choices if pair[0])]:
            yield Choice(value, label, value == self.selected(), {})


class SecretWidget:
    """A text's own widget, and a box that removes the value where there is one to remove."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def __call__(self, field: Any, **kwargs: Any) -> Any:
        control = self.inner(field, **kwargs)
        if not field.may_remove:
            return control
        is_ticked = field.removes(field.raw_data or [])
        return presentation.with_removal(control, field.name, f"{field.id}-remove", is_ticked)


class SecretField(SecretMixin, ValueField):
    """A value as text, of which only what was typed is shown."""

    def process(self, *args: Any, **kwargs: Any) -> None:
        super().process(*args, **kwargs)
        self.widget = SecretWidget(self.widget)

    def removes(self, valuelist: list[Any]) -> bool:
        """Whether the box was ticked; a blank that was typed is a value."""
        return REMOVE in valuelist[1:]

    def _value(self) -> str:
        return self.selected()


class SecretChoiceField(SecretMixin, ChoiceField):
    """A choice of which the stored one is not marked."""

    def iter_choices(self) -> Iterator[Choice]:
        yield from self._offer(list(self.codec.choices))


class SecretReferenceField(SecretMixin, ReferenceField):
    """A reference that does not tell where it leads."""

    def name_in_use(self) -> str:
        return ""

    def iter_choices(self) -> Iterator[Choice]:
        yield from self._offer(list(self.target.choices().pairs))


KINDS: dict[Any, Any] = {
    ValueField: SecretField,
    ChoiceField: SecretChoiceField,
    ReferenceField: SecretReferenceField,
}


def concealed(model: type[Any], prop: Any, field: UnboundField[Any] | None) -> Any:
    """The field, or the one that conceals the value where the column, or one that holds the
    relation, is masked; None for a field that cannot."""
    columns: Any = getattr(prop, "local_columns", None) or getattr(prop, "columns", ())
    mapper = model.__mapper__
    own = set(map(id, mapper.c.values()))  # `in` would ask the columns' own `==`
    names = {mapper.get_property_by_column(each).key for each in columns if id(each) in own}
    if field is None or not names & masked_columns(model):
        return field
    if field.field_class is BooleanField:
        field.kwargs |= {"codec": codec_for(prop.columns[0].type), "nullable": False}
        field.field_class = SecretChoiceField
        return field
    if field.field_class not in KINDS:
        return None
    field.field_class = KINDS[field.field_class]
    return field
