"""Children in the form of the record that they belong to: which, by which reference, with whose
rights.

A view declares them as in Flask-Admin: `inline_models = [OrderLine]`, or with options
`[(OrderLine, {"form_columns": ["product", "quantity"]})]`. What they look like and who may do what
with them is said by the children's own view.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from flask_admin.form.rules import RuleSet
from sqlalchemy import ColumnElement, Select, inspect, select
from sqlalchemy.orm import RelationshipDirection, joinedload
from sqlalchemy.orm.attributes import set_committed_value
from wtforms.fields.core import UnboundField

from webapp.auth import who
from webapp.versioning import Reference, current, is_versioned, key_columns, references_of

from . import presentation
from .forms import OWN_FIELDS
from .link_fields import LinksField

#: Children that a form holds at most, and empty rows that it offers, unless the options say so.
MOST, EXTRA = 50, 3
#: Beyond it no option goes: a request of so many fields would be refused as too large.
LARGEST = 200
#: Options of ours; all others are settings of the view that makes the rows' fields.
OWN_OPTIONS = ("reference", "form_label", "most", "extra")


class Inline:
    """One model's records as rows in the form of their owner.

    Options: `reference` names the reference to the owner where there are several; `form_label` is
    the heading, `most` the number of rows that the form holds, `extra` that of empty ones. Any
    other is a setting of the children's view, such as `form_columns`, for these rows alone.
    """

    def __init__(self, owner: Any, default_view: Any, model: type[Any], options: Any) -> None:
        self.owner, self.default_view, self.model = owner, default_view, model
        self.options = {name: it for name, it in options.items() if name not in OWN_OPTIONS}
        self.reference = _reference(owner, model, options.get("reference"))
        self.most = min(int(options.get("most", MOST)), LARGEST)
        self.extra = int(options.get("extra", EXTRA))
        self.relation = _collected(owner.model, self.reference)
        self.key = self.relation or model.__name__.lower()
        self.given_label = options.get("form_label")

    @property
    def label(self) -> str:
        """The heading over the rows."""
        if self.given_label or not self.relation:
            return str(self.given_label or self.view.name)
        return str(self.owner.get_column_name(self.relation))

    @property
    def word(self) -> str:
        """What one of the children is called in a sentence: “order line”."""
        word = presentation.word_for(self.model)
        return word[0].lower() + word[1:] if word[1:].islower() else word

    @property
    def article(self) -> str:
        """With its article, for the button that adds one: “an order line”."""
        return f"{'an' if self.word[:1].lower() in 'aeiou' else 'a'} {self.word}"

    @cached_property
    def view(self) -> Any:
        """The children's own view, whose rights and hooks count; a plain one for lack of one."""
        found = (each for each in who.views_of(self.model) if each.model is self.model)
        given = next((each for each in found if isinstance(each, self.default_view)), None)
        name = f"{self.owner.endpoint}_{self.key}"
        return given or self.default_view(self.model, self.owner.session, endpoint=name)

    @cached_property
    def forms(self) -> Any:
        """A copy of the children's view that makes the forms of rows: without the owner, which
        stands above them, and without a reason, which is that of the whole save."""
        view = copy.copy(self.view)
        view.__dict__.pop("_trimmed_forms", None)
        ours = {"inline_models": None, "form_rules": None, "form_create_rules": None}
        for name, value in {**ours, "form_edit_rules": None, **self.options}.items():
            setattr(view, name, value)
        held = {self.reference.name, *self.reference.columns, self.reference.version}
        view.form_excluded_columns = [*(view.form_excluded_columns or ()), *filter(None, held)]
        if view.form_columns:
            view.form_columns = [name for name in view.form_columns if name not in held]
        view._refresh_forms_cache()
        for name in ("_create_form_class", "_edit_form_class"):
            self._strip(view, view.__dict__[name])
        return view

    def _strip(self, view: Any, form: type[Any]) -> None:
        rules = self.options.get("form_rules")
        listed = RuleSet(view, rules).visible_fields if rules else None
        for name in [name for name in dir(form) if isinstance(getattr(form, name), UnboundField)]:
            # A row has no room for links, and two edits of them would not be merged there.
            left_out = name in OWN_FIELDS or getattr(form, name).field_class is LinksField
            if left_out or (listed is not None and name not in listed):
                setattr(form, name, None)

    # -- rights, asked by the page and by its POST alike

    def is_shown(self) -> bool:
        """Whether the person may see the children, and that they belong to the owner."""
        hidden = self.owner.is_hidden(self.key) or self.view.is_hidden(self.reference.name)
        return bool(self.view.is_accessible() and not hidden)

    @property
    def may_edit(self) -> bool:
        return bool(self.view.can_edit and not self.owner.is_kept(self.key))

    @property
    def may_create(self) -> bool:
        """Also whether the person may say whose child it is."""
        kept = self.owner.is_kept(self.key) or self.view.is_kept(self.reference.name)
        return bool(self.view.can_create and not kept)

    @property
    def may_remove(self) -> bool:
        return bool(self.view.can_delete and not self.owner.is_kept(self.key))

    # -- rows

    def url_of(self, child: Any) -> str | None:
        """Address of the child's own page; None where it has none that the person may see."""
        if not self.view.can_view_details or self.view.blueprint is None:
            return None
        return str(self.view.record_url("details", child.id))

    def belongs(self, owner_id: Any) -> ColumnElement[bool]:
        """Whether a row of the children's table refers to that owner."""
        found: ColumnElement[bool] = getattr(self.model, self.reference.columns[0]) == owner_id
        return found

    def is_of(self, child: Any, owner: Any) -> bool:
        return bool(getattr(child, self.reference.columns[0]) == owner.id)

    def living(self, owner: Any, limit: int) -> list[Any]:
        """The owner's children, oldest first or in the order of their keys, with all that they
        refer to: one statement."""
        order = [getattr(self.model, name) for name in key_columns(self.model)] or [self.model.id]
        query = current(self.model).where(self.belongs(owner.id)).order_by(*order)
        return self._load(query.limit(limit), owner)

    def versions(self, where: ColumnElement[bool], owner: Any) -> list[Any]:
        """Versions of children, of whatever age: one statement."""
        return self._load(select(self.model).where(where), owner)

    def _load(self, query: Select[Any], owner: Any) -> list[Any]:
        rows = list(self.owner.session.session.scalars(query.options(*self._with_referred())))
        if self.reference.kind != "pinned":
            for row in rows:
                if row.is_current_version and self.is_of(row, owner):
                    set_committed_value(row, self.reference.name, owner)
        return rows

    def _with_referred(self) -> Iterator[Any]:
        for each in inspect(self.model).relationships:
            single = each.direction is RelationshipDirection.MANYTOONE and not each.uselist
            if single and each.key != self.reference.name:
                yield joinedload(getattr(self.model, each.key))

    def new_child(self, owner: Any) -> Any:
        """A child of the owner, not in the session yet."""
        child = self.view.build_new_instance()
        setattr(child, self.reference.name, owner)
        if owner.id is not None:  # what is unique within the owner is looked at before the flush
            setattr(child, self.reference.columns[0], owner.id)
        return child


def declared(owner: Any, default_view: Any) -> tuple[Inline, ...]:
    """The children that the view names in `inline_models`. Raises ValueError for what cannot be."""
    found: dict[str, Inline] = {}
    for each in owner.inline_models or ():
        model, options = each if isinstance(each, tuple) else (each, {})
        if not (isinstance(model, type) and isinstance(options, Mapping)):
            _refuse(owner, f"{each!r} is neither a model nor a pair of a model and its options.")
        if not is_versioned(model):
            _refuse(owner, f"{model.__name__} keeps no versions. Give it a view of its own.")
        inline = Inline(owner, default_view, model, options)
        if inline.key in found:
            _refuse(owner, f"{inline.key} is there twice. Name another reference for one of them.")
        found[inline.key] = inline
    return tuple(found.values())


def refuse_in_place(owner: Any) -> None:
    """Raise ValueError where Flask-Admin's own inline forms would edit versions in place."""
    for each in owner.inline_models or ():
        model = each[0] if isinstance(each, tuple) else getattr(each, "model", each)
        if is_versioned(model):
            _refuse(owner, f"{model.__name__} keeps versions, and {owner.model.__name__} does not.")


def _reference(owner: Any, model: type[Any], wanted: str | None) -> Reference:
    """The one reference by which the children belong to the owner."""
    found = [
        each
        for each in references_of(model)
        if issubclass(owner.model, each.target)
        and len(each.columns) == 1
        and wanted in (None, each.name)
    ]
    if len(found) == 1:
        return found[0]
    names = ", ".join(each.name for each in found)
    return _refuse(
        owner,
        f"{model.__name__} refers to {owner.model.__name__} in several ways ({names}): choose one"
        ' by the option {"reference": …}.'
        if found
        else f"{model.__name__} declares no reference to {owner.model.__name__}"
        f"{f' called {wanted}' if wanted else ''}. Declare one with floating(), following() or"
        " pinned().",
    )


def _collected(owner: type[Any], reference: Reference) -> str | None:
    """The owner's `collected` relation over the reference, where it has one."""
    for each in inspect(owner).relationships:
        is_other_side = getattr(each, "by", None) == reference.name
        if is_other_side and issubclass(reference.model, each.mapper.class_):
            return str(each.key)
    return None


def _refuse(owner: Any, why: str) -> Any:
    raise ValueError(f"{type(owner).__name__}.inline_models: {why}")
