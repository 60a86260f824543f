"""The references that a model declares, as its pages show them: by the names of their records."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import inspect

from webapp.versioning import Reference, link_names, references_of

from . import presentation


class Declared:
    """A model's references by the columns that hold them, and its links by their names."""

    def __init__(self, model: type[Any]) -> None:
        self.all = references_of(model)
        self.by_id = {each.columns[0]: each for each in self.all if len(each.columns) == 1}
        relations = inspect(model).relationships
        self.linked = {name: relations[name].mapper.class_ for name in link_names(model)}
        self.by_version = {each.version: each for each in self.all if each.version}

    @property
    def targets(self) -> dict[str, type[Any]]:
        """The model behind each column that holds the id of a record, and behind each link."""
        return {name: each.target for name, each in self.by_id.items()} | self.linked

    def label(self, column: str, label_of: Any) -> str | None:
        """What to call a column of a reference: as the reference, “Supplier”, or its version."""
        if column in self.by_id:
            return str(label_of(self.by_id[column].name))
        if column in self.by_version:
            return presentation.sentence(f"{label_of(self.by_version[column].name)} version")
        return None

    def in_place(self, columns: Iterable[str]) -> list[str]:
        """The columns, each reference by its own name where its first column stood."""
        held = {name: each for each in self.all for name in _columns(each)}
        found = [held[name].name if name in held else name for name in columns]
        return list(dict.fromkeys(found))


def _columns(reference: Reference) -> tuple[str, ...]:
    return (*reference.columns, *([reference.version] if reference.version else ()))
