"""The records that a form may refer to: the live ones, and what to call one that is gone."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import g
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Select, inspect, select

from webapp.auth import who
from webapp.versioning import (
    Operation,
    current,
    data_columns,
    is_versioned,
    masked_columns,
    newest_at,
)

from . import identity, search
from .presentation import name_of

#: Records that a form lists. Of more, the first are offered; any other is named by its number.
MOST = 500
#: Records that a look-up answers with.
FOUND = 20
#: Keys in one statement.
MOST_KEYS = 5_000


@dataclass(frozen=True)
class Choices:
    """Pairs of key and name, and whether there are no others."""

    pairs: tuple[tuple[str, str], ...]
    is_all: bool


NO_CHOICES = Choices((), is_all=True)


@dataclass(frozen=True)
class LookedUp:
    """How a reference is looked up that is never listed: by which columns, how many at once, the
    hint in its empty field, and from how many characters on."""

    fields: tuple[str, ...]
    size: int
    placeholder: str = ""
    least: int = 1


class Target:
    """The model that a reference points at. Asks the database when a form is shown or read."""

    def __init__(self, db: SQLAlchemy, model: type[Any], looked_up: LookedUp | None = None) -> None:
        self.db = db
        self.model = model
        self.looked_up = looked_up
        self.id_name = identity.id_name(model)

    def id_of(self, row: Any) -> Any:
        return getattr(row, self.id_name)

    def key(self, row: Any) -> str:
        return str(self.id_of(row))

    def choices(self) -> Choices:
        """The live records by name, the first `MOST` of them where there are more.

        One statement, and one a request: a form is read beside its twin, as it was rendered.
        """
        known: dict[Any, Choices] = g.setdefault("reference_choices", {})
        key = (self.model, self.looked_up)
        if key not in known:
            known[key] = self._choices()
        return known[key]

    def _choices(self) -> Choices:
        by_name = [column for column in (self._name_column(),) if column is not None]
        statement = self._all().order_by(*by_name, getattr(self.model, self.id_name))
        most = self.looked_up.size if self.looked_up else MOST
        rows = list(self.db.session.scalars(statement.limit(most + 1)))
        pairs = [(self.key(row), self.name_of(row)) for row in rows[:most]]
        pairs.sort(key=lambda pair: pair[1].lower())
        return Choices(tuple(pairs), is_all=len(rows) <= most and self.looked_up is None)

    def search(self, typed: str) -> list[tuple[str, str]]:
        """Key and name of what is found, see there."""
        return [(self.key(row), self.name_of(row)) for row in self.found(typed)]

    def found(self, typed: str) -> list[Any]:
        """The live records that hold every word typed in one of their texts, the first `FOUND` by
        name, and before them the one whose key it is."""
        size = self.looked_up.size if self.looked_up else FOUND
        exact = self.live(typed.removeprefix("#"))
        if exact is None and typed.startswith("#"):  # of a key that is a text
            exact = self.live(typed)
        columns = [getattr(self.model, name) for name in self._searched_names()]
        words = search.terms(typed)[: search.MOST_TERMS]
        if not columns or not words:
            return [] if exact is None else [exact]
        statement = self._all().where(*(search.condition(columns, word) for word in words))
        by = (columns[0], getattr(self.model, self.id_name))
        rows = list(self.db.session.scalars(statement.order_by(*by).limit(size)))
        found = rows if exact is None else [exact, *(row for row in rows if row is not exact)]
        return found[:size]

    def name_of(self, row: Any) -> str:
        """What to call a record; its number alone where the person may not see it."""
        return called(row, self.id_of(row))

    def _name_column(self) -> Any | None:
        """The column by which the database sorts records by name: the first short text."""
        texts = self._text_names()
        return getattr(self.model, texts[0]) if texts else None

    def _text_names(self) -> list[str]:
        mapper = inspect(self.model)
        names = data_columns(self.model) if is_versioned(self.model) else mapper.columns.keys()
        return [name for name in self._seen(names) if search.is_text(mapper.columns[name])]

    def _searched_names(self) -> list[str]:
        return self._seen(self.looked_up.fields) if self.looked_up else self._text_names()

    def _seen(self, names: Iterable[str]) -> list[str]:
        """Those of the columns whose values the person may see, or find out by a search."""
        kept = masked_columns(self.model) | who.hidden_fields(self.model)
        return [name for name in names if name not in kept] if who.may_see(self.model) else []

    def live(self, key: str) -> Any | None:
        """The live record of that key; None for a key of any other shape or record."""
        with self.db.session.no_autoflush:
            value = identity.parse(self.model, key)
            if value is None:
                return None
            statement = self._all().where(identity.matches(self.model, value))
            return self.db.session.scalars(statement).first()

    def living(self, keys: Collection[str]) -> dict[str, Any]:
        """The live records of those keys, by key; one statement for `MOST_KEYS`."""
        parsed = (identity.parse(self.model, key) for key in keys)
        ids = [value for value in parsed if value is not None]
        found: dict[str, Any] = {}
        with self.db.session.no_autoflush:
            for begin in range(0, len(ids), MOST_KEYS):
                among = identity.among(self.model, ids[begin : begin + MOST_KEYS])
                for row in self.db.session.scalars(self._all().where(among)):
                    found[self.key(row)] = row
        return found

    def labels(self, keys: Collection[str]) -> dict[str, str]:
        """What to call the records of those keys, whether or not there are any: one query."""
        parsed = {key: identity.parse(self.model, key) for key in keys}
        ids = {value for value in parsed.values() if value is not None}
        names = self.names(ids) if ids else {}
        return {key: names.get(value, f"#{key} (unknown)") for key, value in parsed.items()}

    def label_of_gone(self, key: str) -> str:
        """What to call a record in use that can no longer be chosen."""
        value = identity.parse(self.model, key)
        if value is None:
            return f"#{key} (unknown)"
        known = self._learnt()
        return known[value] if value in known else self.names([value])[value]

    def learn(self, keys: Collection[str]) -> None:
        """Look up, in one statement for this request, what the form will call these records in use
        where it does not list them."""
        choices = self.choices()
        listed = dict(choices.pairs) if choices.is_all else {}
        wanted = {identity.parse(self.model, key) for key in keys if key not in listed}
        missing = wanted - {None} - self._learnt().keys()
        if missing:
            self._learnt().update(self.names(missing))

    def _learnt(self) -> dict[Any, str]:
        known: dict[type[Any], dict[Any, str]] = g.setdefault("reference_labels", {})
        return known.setdefault(self.model, {})

    def names(self, ids: Collection[Any], when: datetime | None = None) -> dict[Any, str]:
        """What to call the records of those ids, also deleted and unknown ones: one query.

        They are called as they are now, or as they were at that moment.
        """
        statement = select(self.model).where(identity.among(self.model, ids))
        if is_versioned(self.model):
            model: Any = self.model
            now = model.is_current_version
            statement = statement.where(now if when is None else newest_at(model, when))
        found = {self.id_of(row): row for row in self.db.session.scalars(statement)}
        return {id: called(found.get(id), id) for id in ids}

    def _all(self) -> Select[Any]:
        return current(self.model) if is_versioned(self.model) else select(self.model)


def called(row: Any | None, id: Any) -> str:
    """What to call a record, as far as it may be seen; None stands for one that is not there."""
    if row is None:
        return f"#{id} (unknown)"
    if not who.may_see(type(row)):
        return f"#{id}"
    is_deleted = is_versioned(type(row)) and row.version_op == Operation.DELETE
    return f"{name_of(row)} (deleted)" if is_deleted else name_of(row)
