"""What a view allows and the policy grants: one answer for pages, buttons and forms alike."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from flask import g, has_request_context
from flask_admin.contrib.sqla import ModelView
from flask_admin.model.base import FilterGroup
from sqlalchemy import inspect
from wtforms.fields.core import UnboundField

from webapp.auth import who
from webapp.auth.policy import Permission, Rules
from webapp.versioning import is_versioned, key_columns

P = Permission


class Right:
    """`can_edit` and the like: in a request, what the view says and the person may do."""

    def __init__(self, name: str, permission: Permission, declared: bool) -> None:
        self.name, self.permission, self.declared = name, permission, declared

    def __get__(self, view: Any, owner: Any = None) -> bool:
        declared = self.declared if view is None else view.__dict__.get(self.name, self.declared)
        if view is None or not declared or not has_request_context():
            return bool(declared)
        return bool(view.may(self.permission))

    def __set__(self, view: Any, value: bool) -> None:
        view.__dict__[self.name] = value


RIGHTS = {
    "can_create": P.CREATE,
    "can_edit": P.EDIT,
    "can_delete": P.DELETE,
    "can_export": P.EXPORT,
    "can_view_details": P.SEE,
    "can_bulk": P.BULK,
}


class Kept:
    """What Flask-Admin makes at start-up, in a request without what is kept from the person."""

    def __init__(self, keep: Callable[[Any, Any], Any]) -> None:
        self.keep = keep

    def __set_name__(self, owner: type[Any], name: str) -> None:
        self.name = name

    def __get__(self, view: Any, owner: Any = None) -> Any:
        if view is None:
            return self
        every = view.__dict__.get(self.name)
        if not every or not has_request_context():
            return every
        known: dict[Any, Any] = g.setdefault("kept_lists", {})
        key = (view, self.name)
        if key not in known:
            known[key] = self.keep(view, every)
        return known[key]

    def __set__(self, view: Any, value: Any) -> None:
        view.__dict__[self.name] = value


def _named(view: Any, every: Any) -> Any:
    return [each for each in every if not view.is_hidden(each[0])]


def _sorted(view: Any, every: Any) -> Any:
    return {name: column for name, column in every.items() if not view.is_hidden(name)}


def _searched(view: Any, every: Any) -> Any:
    return [each for each in every if not _is_kept(view, each[0])]


def _filtered(view: Any, every: Any) -> Any:
    return {
        name: each
        for name, each in every.items()
        if not _is_kept(view, getattr(each[1], "column", None))
    }


def _grouped(view: Any, every: Any) -> Any:
    shown = {index for index, _ in (view._filter_args or {}).values()}
    kept: OrderedDict[Any, FilterGroup] = OrderedDict()
    for name, group in every.items():
        kept[name] = FilterGroup(group.label)
        kept[name].filters = [each for each in group if each["index"] in shown]
    return OrderedDict((name, group) for name, group in kept.items() if group.filters)


def _trimmed(view: Any, form: Any) -> Any:
    """The form class without the fields that the person may not write: they are not there to be
    filled in, whatever is sent."""
    renamed = getattr(form, "_renamed", {})
    names = [name for name in dir(form) if isinstance(getattr(form, name, None), UnboundField)]
    kept = frozenset(name for name in names if view.is_kept(renamed.get(name, name)))
    if not kept:
        return form
    made: dict[Any, Any] = view.__dict__.setdefault("_trimmed_forms", {})
    if (form, kept) not in made:
        made[form, kept] = type(form.__name__, (form,), dict.fromkeys(kept))
    return made[form, kept]


def _is_kept(view: Any, attribute: Any) -> bool:
    """Whether a column, mapped or of a table, belongs to what is hidden, of whichever model."""
    owner = getattr(attribute, "class_", None)
    if owner is not None:
        return attribute.key in who.hidden_fields(owner)
    table = getattr(attribute, "table", None)
    mappers = inspect(view.model).registry.mappers if table is not None else ()
    return any(  # a subclass in the same table has columns that its base class does not know
        mapper.get_property_by_column(attribute).key in who.hidden_fields(mapper.class_)
        for mapper in mappers
        if mapper.local_table is table and mapper.columns.contains_column(attribute)
    )


class GuardedView(ModelView):
    """What the policy says, in the hooks by which Flask-Admin asks.

    `permissions`, `hidden_fields` and `read_only_fields` say it of a view's model, by role.
    """

    #: What each exposed method needs; one that is not named here is refused to everybody.
    view_permissions: Mapping[str, str] = {
        "index_view": P.SEE,
        "details_view": P.SEE,
        "timeline_view": P.SEE,
        "compare_view": P.SEE,
        "newest_view": P.EDIT,
        "create_view": P.CREATE,
        "edit_view": P.EDIT,
        "delete_view": P.DELETE,
        "restore_view": P.RESTORE,
        "undo_view": P.RESTORE,
        "action_view": P.BULK,
        "export": P.EXPORT,
        "file_view": P.SEE,
        "lookup_view": P.SEE,  # for who may use a form that asks: the view looks
        "ajax_lookup": P.EDIT,  # of models without versions alone
        "ajax_update": P.EDIT,
    }
    #: By role, what it may do with this model, in place of what it may do with all.
    permissions: Mapping[str, Any] = {}
    #: By role, the fields that it never sees.
    hidden_fields: Mapping[str, Any] = {}
    #: By role, the fields that it sees and never writes.
    read_only_fields: Mapping[str, Any] = {}

    can_create: Any = Right("can_create", P.CREATE, True)
    can_edit: Any = Right("can_edit", P.EDIT, True)
    can_delete: Any = Right("can_delete", P.DELETE, True)
    can_export: Any = Right("can_export", P.EXPORT, False)
    can_view_details: Any = Right("can_view_details", P.SEE, True)
    can_bulk: Any = Right("can_bulk", P.BULK, True)

    _list_columns: Any = Kept(_named)
    _details_columns: Any = Kept(_named)
    _export_columns: Any = Kept(_named)
    _sortable_columns: Any = Kept(_sorted)
    _search_fields: Any = Kept(_searched)
    _filter_args: Any = Kept(_filtered)
    _filter_groups: Any = Kept(_grouped)
    _create_form_class: Any = Kept(_trimmed)
    _edit_form_class: Any = Kept(_trimmed)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """A view's `can_edit = False` stays what it says, asked together with the policy."""
        super().__init_subclass__(**kwargs)
        for name, permission in RIGHTS.items():
            given = cls.__dict__.get(name)
            if isinstance(given, bool):
                setattr(cls, name, Right(name, permission, given))

    def __init__(self, model: Any, *args: Any, **kwargs: Any) -> None:
        self.rules = Rules(self.permissions, self.hidden_fields, self.read_only_fields)
        self._check_fields(model)
        super().__init__(model, *args, **kwargs)

    @property
    def can_restore(self) -> bool:
        """Whether older values may be brought back: where records may be edited at all."""
        return bool(self.can_edit and self.may(P.RESTORE))

    def may(self, permission: str) -> bool:
        """Whether the policy grants it to the person, for this model."""
        return who.person().may(permission, self.rules)

    def is_accessible(self) -> bool:
        """Hook: whether the person may see the model at all."""
        return self.may(P.SEE)

    def hidden_fields_now(self) -> frozenset[str]:
        """The fields of the model that the person never sees."""
        return who.hidden_fields(self.model)

    def kept_fields(self) -> frozenset[str]:
        """The fields of the model that the person never writes."""
        return who.read_only_fields(self.model)

    def fixed_fields(self) -> frozenset[str]:
        """The fields that the person does not write in a record that is there: `kept_fields`, and
        the columns that its id is made of."""
        return self.kept_fields().union(key_columns(self.model))

    def is_hidden(self, name: Any) -> bool:
        """Whether a column is hidden, a relation by the columns that hold it, and a dotted column
        also by what is hidden on the other side."""
        first, _, rest = str(name).partition(".")
        hidden = self.hidden_fields_now()
        if first in hidden:
            return True
        relation = inspect(self.model).relationships.get(first)
        if relation is None:
            return False
        mapper = inspect(self.model)
        held = {mapper.get_property_by_column(each).key for each in relation.local_columns}
        return held <= hidden or rest in who.hidden_fields(relation.mapper.class_)

    def is_kept(self, attribute: str) -> bool:
        """Whether a field of the form is one that the person may not write, a relation by the
        columns that it writes."""
        kept = self.kept_fields()
        mapper = inspect(self.model)
        if attribute not in mapper.relationships:
            return attribute in kept
        columns = mapper.relationships[attribute].local_columns
        return attribute in kept or bool(
            {mapper.get_property_by_column(each).key for each in columns} & kept
        )

    def _check_fields(self, model: Any) -> None:
        known = set(inspect(model).attrs.keys())
        for by_role in (self.hidden_fields, self.read_only_fields):
            if unknown := {name for names in by_role.values() for name in names} - known:
                raise ValueError(f"{model.__name__} has no field {sorted(unknown)} to keep.")
        hidden = {name for names in self.hidden_fields.values() for name in names}
        if is_versioned(model) and (told := hidden.intersection(key_columns(model))):
            raise ValueError(
                f"{type(self).__name__}.hidden_fields: {sorted(told)} cannot be hidden, since"
                f" the ids of {model.__name__} are made of them and stand in every address."
            )
