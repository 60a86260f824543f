"""Setting one field of many records: the field of the edit form, alone in a form of its own."""

from __future__ import annotations

from typing import Any

from sqlalchemy import inspect
from wtforms.fields import Field

from webapp.versioning import masked_columns, restorable

PREFIX = "set-"


def settable(view: Any) -> dict[str, str]:
    """Field name -> label, of what can be set on many records of the view at once.

    Left out are fields that the edit form does not show, that keep no history, that are masked, and
    those that write more than the column of their name.
    """
    form, rules = view._edit_form_class(), view._form_edit_rules
    shown = set(form._fields if rules is None else rules.visible_fields)
    relations = inspect(view.model).relationships
    kept = {*restorable(view.model), *relations.keys()} - masked_columns(view.model)
    return {
        name: form[name].label.text
        for name, attribute in form.columns_by_field().items()
        if name in shown and attribute in kept and _is_plain(form[name], attribute in relations)
    }


def form_of(view: Any, name: str, posted: Any) -> Any:
    """The view's edit form with that field alone; its names in HTML begin with `PREFIX`."""
    form = view._edit_form_class(posted, prefix=PREFIX)
    for other in [each for each in form._fields if each != name]:
        del form[other]
    return form


def sent(form: Any, posted: Any) -> list[tuple[str, str]]:
    """The field as it was posted, to be posted again."""
    return [(field.name, text) for field in form for text in posted.getlist(field.name)]


def values(view: Any, form: Any) -> dict[str, Any]:
    """What the field sets, by attribute of the model: of a relation, the columns that hold it."""
    ((name, attribute),) = form.columns_by_field().items()
    data = form[name].data
    mapper = inspect(view.model)
    if attribute not in mapper.relationships:
        return {attribute: data}
    target = mapper.relationships[attribute].mapper
    return {
        mapper.get_property_by_column(local).key: None
        if data is None
        else getattr(data, target.get_property_by_column(remote).key)
        for local, remote in mapper.relationships[attribute].local_remote_pairs or ()
    }


def _is_plain(field: Any, is_relation: bool) -> bool:
    writes_itself = type(field).populate_obj is Field.populate_obj
    return writes_itself and (not is_relation or getattr(field, "as_object", False))
