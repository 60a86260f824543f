"""`form_ajax_refs`: references that are never listed, but looked up as one types.

Flask-Admin's own loader knows records by the whole primary key, and so by a version. These answer
for the living records by their id alone, at the address of all look-ups, `/lookup/`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_admin.model.ajax import AjaxModelLoader
from sqlalchemy import inspect
from sqlalchemy.orm import RelationshipDirection

from . import hidden
from .references import LookedUp, Target

OPTIONS = ("fields", "page_size", "placeholder", "minimum_input_length")
#: Records that a look-up answers with: unless told, and at most.
FEW, MANY = 10, 100


class LivingLoader(AjaxModelLoader):
    """What Flask-Admin asks of a reference that is looked up; `target` is what the field asks."""

    def __init__(self, name: str, options: dict[Any, Any], target: Target) -> None:
        super().__init__(name, options)
        self.target = target
        self.model = target.model

    def format(self, model: Any) -> tuple[Any, str] | None:
        return None if model is None else (self.target.id_of(model), self.target.name_of(model))

    def get_one(self, pk: Any) -> Any | None:
        """The living record of that id; None for any other."""
        return self.target.live(str(pk))

    def get_list(self, query: str, offset: int = 0, limit: int = FEW) -> list[Any]:
        """Never more than the reference's own page size, whatever `limit` says."""
        return self.target.found(query)[offset : offset + limit]


def loader_of(view: Any, name: str, options: Mapping[str, Any]) -> LivingLoader:
    """The loader of a reference of the view's model. Raises ValueError for what cannot be."""
    if unknown := sorted(set(options) - {*OPTIONS}):
        _refuse(view, name, f"{', '.join(unknown)} is no option of it: use {', '.join(OPTIONS)}.")
    model = _target(view, name)
    fields = tuple(_column_name(view, name, model, each) for each in options.get("fields") or ())
    if not fields:
        _refuse(view, name, "name the columns to look into, in “fields”.")
    size = min(max(int(options.get("page_size", FEW)), 1), MANY)
    least = max(int(options.get("minimum_input_length", 1)), 0)
    asked = LookedUp(fields, size, str(options.get("placeholder", "")), least)
    return LivingLoader(name, dict(options), Target(view.session, model, asked))


def target_of(view: Any, name: str) -> Target | None:
    """What a reference of the view's `form_ajax_refs` leads to; None for any other reference."""
    loader = getattr(view, "_form_ajax_refs", {}).get(name)
    if loader is not None and not isinstance(loader, LivingLoader):
        _refuse(view, name, "give it options: a loader of one's own would list all versions.")
    return None if loader is None else loader.target


def _target(view: Any, name: str) -> Any:
    given = view.form_references.get(name)
    relation = inspect(view.model).relationships.get(name)
    if given is None and relation is None:
        _refuse(view, name, f"{view.model.__name__} has no such reference.")
    if relation is not None and relation.direction is not RelationshipDirection.MANYTOONE:
        _refuse(view, name, "it leads to many records, not to one.")
    return given or relation.mapper.class_


def _column_name(view: Any, name: str, model: Any, field: Any) -> str:
    key = str(getattr(field, "key", field))
    if key not in inspect(model).column_attrs:
        _refuse(view, name, f"{model.__name__} has no column {key} to look into.")
    if hidden.hides(model, key):
        _refuse(view, name, f"{key} is masked, and its values could be found out that way.")
    return key


def _refuse(view: Any, name: str, why: str) -> None:
    raise ValueError(f"{type(view).__name__}.form_ajax_refs[{name!r}]: {why}")
