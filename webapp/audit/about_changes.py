"""The base of the pages that show changes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from flask import abort

from webapp.admin.across import AcrossModels
from webapp.extensions import db
from webapp.versioning import FieldChange, ModelChanges, UnknownChange, WhatChanged, what_changed

NUMBER = re.compile(r"[1-9]\d{0,18}", re.ASCII)
LARGEST = 2**63 - 1
UNKNOWN = "There is no change with this number, or it made no version. Look for it in the feed."


class AboutChanges(AcrossModels):
    """Reads the change that an address names, and what its values refer to."""

    @staticmethod
    def number(text: str) -> int:
        """The number of a change in an address. 404 for what cannot be one."""
        if not NUMBER.fullmatch(text) or int(text) > LARGEST:
            abort(404, UNKNOWN)
        return int(text)

    @staticmethod
    def what(id: int, **page: Any) -> WhatChanged:
        try:
            return what_changed(db.session(), id, **page)
        except UnknownChange:
            abort(404, UNKNOWN)

    def prepare(self, models: Iterable[ModelChanges]) -> None:
        """Look up what the pages' values refer to, at once for each column of a model."""
        found: dict[type[Any], list[FieldChange]] = {}
        for each in models:
            changes = (change for record in each.records for change in record.changes)
            found.setdefault(each.model, []).extend(changes)
        for model, changes_of_it in found.items():
            self.subjects[model].look_up(changes_of_it)

    def may_undo(self, found: WhatChanged) -> bool:
        """Whether the views of all its models allow to take back what it did."""
        return all(
            self.subjects[each.model].may_undo(each.operation) for each in found.change.tallies
        )
