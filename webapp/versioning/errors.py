"""What versioning refuses, each error saying what happened and what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class VersioningError(Exception):
    """Base of every refusal by this package. Nothing was written when it is raised."""


class ReadOnlyVersion(VersioningError):
    """An edit of a superseded version, of a tombstone, or of the version columns by hand."""


class RecordExists(VersioningError):
    """A new object bears the id of a record that is alive."""


class UnknownVersion(VersioningError, LookupError):
    """No version of that record has that number."""


class VersionConflict(VersioningError):
    """Someone else saved a newer version of the record since it was read.

    Attributes:
        model: the mapped class.
        id: the record's id.
        base_version: the version number that the edit started from.
        current_version: the newest version number now, or None when no row is left.
        base: values of the base version by attribute name.
        theirs: values of the newest version by attribute name.
        yours: the values that were about to be saved, changed attributes only.
    """

    def __init__(
        self,
        model: type[Any],
        id: Any,
        base_version: int,
        current_version: int | None,
        *,
        base: Mapping[str, Any],
        theirs: Mapping[str, Any],
        yours: Mapping[str, Any],
    ) -> None:
        self.model = model
        self.id = id
        self.base_version = base_version
        self.current_version = current_version
        self.base = dict(base)
        self.theirs = dict(theirs)
        self.yours = dict(yours)
        super().__init__(
            f"{model.__name__} {id} was saved as version {current_version} after you read version"
            f" {base_version}. Your change was not written and theirs is kept: roll back, read the"
            " current version and apply your change to it."
        )
