"""What a page across models knows of each: its name, addresses, and how its values are shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flask import url_for
from flask_admin import Admin

from webapp.auth.policy import Permission
from webapp.extensions import db
from webapp.versioning import MASKED, ChangedRecord, FieldChange, Operation, Tally, recorded_models

from . import looks, presentation, runs
from .shown import Layout, Shown
from .view import VersionedModelView


@dataclass(frozen=True)
class Subject:
    """A model that keeps versions. `key` names it in addresses.

    `view` is its page in the admin; None where there is none, or where it may not be seen. Only
    with a view are values shown: how they are written, and who may read them, is the view's to say.
    """

    model: type[Any]
    key: str
    name: str
    view: Any | None

    def fields(self, record: ChangedRecord) -> tuple[Shown, ...]:
        """What changed of a record, laid out as on its timeline."""
        assert self.view is not None
        looks.saw_ids(self.model, (record.id,))
        layout: Layout = self.view.layout(runs.TIMELINE)
        return layout.changes(record.changes, first=record.operation == Operation.CREATE)

    @property
    def hidden(self) -> frozenset[str]:
        """The fields that the person never sees."""
        return frozenset() if self.view is None else self.view.hidden_fields_now()

    def label(self, name: str) -> str:
        assert self.view is not None
        return str(self.view.get_column_name(name))

    def show(self, name: str, value: Any) -> str:
        """Text of a column's value; "" for none."""
        assert self.view is not None
        return str(value) if value is MASKED else str(self.view.show_value(name, value))

    def look_up(self, changes: Iterable[FieldChange]) -> None:
        """Fetch the names of the records that the values refer to, at once for each column."""
        if self.view is not None:
            self.view.look_up_all(changes)

    def compare_url(self, record: ChangedRecord) -> str:
        """The comparison of the record's version with its predecessor."""
        assert self.view is not None
        a, b = max(record.version_id - 1, 1), record.version_id
        return url_for(f"{self.view.endpoint}.compare_view", id=str(record.id), a=a, b=b, all=1)

    def timeline_url(self, id: Any, version: int | None = None) -> str | None:
        """The record's timeline, from that version on."""
        if self.view is None:
            return None
        page = f"{self.view.endpoint}.timeline_view"
        if version is None:
            return url_for(page, id=str(id))
        return url_for(page, id=str(id), before=version + 1, _anchor=f"v{version}")

    def edit_url(self, id: Any) -> str | None:
        """The record's edit page, for whoever may edit it."""
        if not self.may_edit():
            return None
        assert self.view is not None
        return url_for(f"{self.view.endpoint}.edit_view", id=str(id))

    def may_review(self) -> bool:
        """Whether the policy lets the person review changes of the model."""
        return self.view is not None and bool(self.view.may(Permission.REVIEW))

    def may_edit(self) -> bool:
        """Whether the person may edit records of the model."""
        return self.view is not None and bool(self.view.can_edit)

    def may_undo(self, operation: str) -> bool:
        """Whether its view allows what takes such a version back."""
        if self.view is None:
            return False
        made = operation in (Operation.CREATE, Operation.RESTORE)
        return bool(self.view.can_restore and (self.view.can_delete or not made))


class Subjects:
    """All models that keep versions, in the order of their names."""

    def __init__(self, admin: Admin) -> None:
        views: dict[type[Any], Any] = {}
        for view in admin._views:
            if isinstance(view, VersionedModelView):
                views.setdefault(view.model, view)
        found = [_subject(model, views.get(model)) for model in recorded_models(db.session())]
        self._by_model = {each.model: each for each in sorted(found, key=lambda s: s.name.lower())}

    def __getitem__(self, model: type[Any]) -> Subject:
        return self._by_model[model]

    def of(self, model: type[Any]) -> Subject:
        """The model's, or that of the model which it inherits from."""
        known = next((each for each in model.__mro__ if each in self._by_model), None)
        return Subject(model, "", model.__name__, None) if known is None else self[known]

    @cached_property
    def shown(self) -> Mapping[str, Subject]:
        """Those whose pages may be seen, by key."""
        return {each.key: each for each in self._by_model.values() if each.view is not None}

    def touched(self, tallies: Iterable[Tally]) -> list[tuple[Subject, list[tuple[str, int]]]]:
        """The numbers of a change, model by model: how many records by which operation."""
        found: dict[type[Any], list[tuple[str, int]]] = {}
        for each in tallies:
            found.setdefault(each.model, []).append((each.operation, each.records))
        return [(each, found[model]) for model, each in self._by_model.items() if model in found]


def name_of(row: Any) -> str:
    """A record's name in one line."""
    return presentation.shortened(presentation.name_of(row))


def _subject(model: type[Any], view: Any | None) -> Subject:
    if view is None or not view.is_accessible():
        return Subject(model, "", model.__name__, None)
    return Subject(model, view.endpoint, view.name, view)
