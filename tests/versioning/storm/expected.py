"""The plain model: what a record's versions must be after each operation, without any database."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

FIELDS = ("name", "qty", "ratio", "note", "data")

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Plus:
    """A value that the database is to compute from the row's own: ``Thing.qty + n``."""

    n: int


@dataclass(frozen=True)
class Version:
    op: str
    values: tuple[Any, ...]
    views: int
    writer: str

    @property
    def live(self) -> bool:
        return self.op != "delete"

    def value(self, name: str) -> Any:
        return self.views if name == "views" else self.values[FIELDS.index(name)]

    def with_values(self, new: Values) -> Version:
        values = dict(zip(FIELDS, self.values, strict=True))
        values["views"] = self.views
        for name, value in new.items():
            values[name] = values[name] + value.n if isinstance(value, Plus) else value
        views = values.pop("views")
        return replace(self, values=tuple(values[name] for name in FIELDS), views=views)


#: A record's versions, oldest first.
History = tuple[Version, ...]


def same(a: Any, b: Any) -> bool:
    """To the database, ``1`` and ``true`` in JSON are not the same."""
    return repr(a) == repr(b)


def changes(row: Version, new: Values) -> dict[str, Any]:
    """The values that an edit really changes; an expression always counts."""
    return {
        name: value
        for name, value in new.items()
        if isinstance(value, Plus) or not same(row.value(name), value)
    }


def next_version(history: History, writer: str, op: str | None, new: Values) -> History:
    """One version per record and transaction: the writer's own row is amended."""
    last = history[-1]
    if last.writer == writer:
        return (*history[:-1], replace(last.with_values(new), op=op or last.op))
    return (*history, replace(last.with_values(new), op=op or "update", writer=writer))


def edited(history: History, writer: str, new: Values) -> History:
    found = changes(history[-1], new)
    if not found:
        return history
    if found.keys() == {"views"}:
        return (*history[:-1], history[-1].with_values(found))
    return next_version(history, writer, None, found)


def deleted(history: History, writer: str) -> History:
    """A tombstone; nothing at all where this transaction created the record."""
    if len(history) == 1 and history[-1].writer == writer:
        return ()
    return next_version(history, writer, "delete", {})


def created(history: History, writer: str, version: Version) -> History:
    """A first version, one after a tombstone, or the next of a record deleted just now."""
    if not history:
        return (version,)
    own = history[-1].writer == writer
    kept = history[:-1] if own else history
    alive_until_now = bool(kept) and (own or history[-1].live)
    return (*kept, replace(version, op="update" if alive_until_now else "create"))


def restored(history: History, writer: str, new: Values) -> History:
    found = changes(history[-1], new)
    if not found and history[-1].live:
        return history
    return next_version(history, writer, "restore", found)


def swept(
    history: History, writer: str, matches: Callable[[Version], bool], new: Callable[..., Values]
) -> History:
    """An ``update()`` statement: only rows whose values differ get a version."""
    last = history[-1]
    if not (last.live and matches(last)):
        return history
    values = {
        name: last.value(name) + value.n if isinstance(value, Plus) else value
        for name, value in new(last).items()
    }
    return edited(history, writer, values)
