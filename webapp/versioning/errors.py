"""What versioning refuses, each error saying what happened and what to do next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal


class VersioningError(Exception):
    """Base of every refusal by this package. Nothing was written when it is raised."""


class ReadOnlyVersion(VersioningError):
    """An edit of a superseded version, of a tombstone, or of the version columns by hand."""


class RecordExists(VersioningError):
    """A new object bears the id of a record that is alive.

    Attributes:
        model: the class of the new object.
        id: the id.
    """

    model: type[Any] | None = None
    id: Any = None


class BadKey(VersioningError):
    """An id cannot be made of its key columns (`key_of`), or would not be the record's own.

    A part is missing, empty or of another type; the id is too long, or says otherwise than its
    columns; or a key column of a record was to be changed.

    Attributes:
        names: the attributes that it is about.
    """

    def __init__(self, message: str, names: Sequence[str]) -> None:
        self.names = tuple(names)
        super().__init__(message)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self), self.names)


class UnknownVersion(VersioningError, LookupError):
    """No version of that record has that number."""


@dataclass(frozen=True)
class Clash:
    """What is in the way of bringing values back to a record.

    `kind` is "taken" (another living record, `holder`, has the values, which must be unique),
    "gone" (the values refer to the record `holder`, which is deleted) or "changed" (the record
    itself was changed since: `present` is what the field holds now). `fields` and `values` are
    attribute names and what they would be set to, MASKED where not for showing; both are empty
    where the whole record is meant.
    """

    model: type[Any]
    id: Any
    kind: Literal["taken", "gone", "changed"]
    fields: tuple[str, ...] = ()
    values: tuple[Any, ...] = ()
    holder_model: type[Any] | None = None
    holder: Any = None
    present: Any = None

    def __str__(self) -> str:
        record = f"{self.model.__name__} {self.id}"
        pairs = zip(self.fields, self.values, strict=True)
        what = ", ".join(f"{name} {value!r}" for name, value in pairs)
        holder = f"{self.holder_model.__name__ if self.holder_model else 'row'} {self.holder}"
        return {
            "taken": f"{record}: {what} is now taken by {holder}",
            "gone": f"{record}: {what} refers to {holder}, which is deleted",
            "changed": f"{record} was changed since" + (f": {', '.join(self.fields)}" * bool(what)),
        }[self.kind]


class RestoreClash(VersioningError):
    """Values of old cannot come back: they are taken, or refer to what is deleted.

    Attributes:
        clashes: each thing in the way.
    """

    def __init__(self, clashes: Sequence[Clash]) -> None:
        self.clashes = tuple(clashes)
        super().__init__(
            f"{_listed(self.clashes)}. Nothing was written: change that first, or restore the"
            " other fields alone."
        )


class SelectionChanged(VersioningError):
    """Some of the records that were to be changed together are not as they were looked at."""


class UndoBlocked(VersioningError):
    """A change cannot be undone as a whole.

    Attributes:
        change_id: the change.
        clashes: each thing in the way.
    """

    def __init__(self, change_id: int, clashes: Sequence[Clash]) -> None:
        self.change_id = change_id
        self.clashes = tuple(clashes)
        super().__init__(
            f"Change {change_id} cannot be undone as a whole: {_listed(self.clashes)}. Nothing was"
            " written: undo the later changes first, or undo single versions."
        )


@dataclass(frozen=True)
class Referrer:
    """A living record and the reference by which it leads to another: `name` is its attribute."""

    model: type[Any]
    id: Any
    name: str
    target_model: type[Any]
    target_id: Any

    def __str__(self) -> str:
        return (
            f"{self.model.__name__} {self.id} ({self.name}: {self.target_model.__name__}"
            f" {self.target_id})"
        )


class StillReferenced(VersioningError):
    """Records cannot be deleted, since living ones refer to them.

    Attributes:
        referrers: the first 100 references that stand in the way.
        total: how many there are.
    """

    def __init__(self, referrers: Sequence[Referrer], total: int) -> None:
        self.referrers = tuple(referrers)
        self.total = total
        shown = "; ".join(map(str, self.referrers[:10]))
        more = f"; and {total - 10} more" if total > 10 else ""
        super().__init__(
            f"What is to be deleted is still in use by {shown}{more}. Nothing was deleted: roll"
            " back, then change or delete these first."
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.referrers, self.total)


class DanglingReference(VersioningError):
    """A reference was set to a record that is deleted, or that never was.

    Attributes:
        referrers: the references that lead nowhere, at most 100.
    """

    def __init__(self, referrers: Sequence[Referrer]) -> None:
        self.referrers = tuple(referrers)
        super().__init__(
            f"{'; '.join(map(str, self.referrers[:10]))}: the record referred to is deleted or"
            " unknown. Nothing was written: roll back, then choose a living one or restore it."
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.referrers,)


class UnknownChange(VersioningError, LookupError):
    """No change has that number, or it made no version."""


def _listed(clashes: Sequence[Clash], at_most: int = 10) -> str:
    more = len(clashes) - at_most
    shown = "; ".join(map(str, clashes[:at_most]))
    return f"{shown}; and {more} more" if more > 0 else shown


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

    def __reduce__(self) -> tuple[Any, ...]:
        sides = {"base": self.base, "theirs": self.theirs, "yours": self.yours}
        numbers = (self.model, self.id, self.base_version, self.current_version)
        make: Any = type(self)
        return partial(make, **sides), numbers
