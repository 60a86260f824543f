"""The records that a form may refer to: the live ones, and what to call one that is gone."""

from __future__ import annotations

from typing import Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Select, inspect, select

from webapp.versioning import current, is_versioned

from . import identity
from .presentation import name_of


class Target:
    """The model that a reference points at. Asks the database when a form is shown or read."""

    def __init__(self, db: SQLAlchemy, model: type[Any]) -> None:
        self.db = db
        self.model = model
        self.id_name = identity.id_name(model)

    def id_of(self, row: Any) -> Any:
        return getattr(row, self.id_name)

    def key(self, row: Any) -> str:
        return str(self.id_of(row))

    def choices(self) -> list[tuple[str, str]]:
        """Key and name of every live record, by name."""
        rows = self.db.session.scalars(self._all())
        return sorted(
            ((self.key(row), name_of(row)) for row in rows), key=lambda pair: pair[1].lower()
        )

    def live(self, key: str) -> Any | None:
        """The live record of that key; None for a key of any other shape or record."""
        with self.db.session.no_autoflush:
            value = identity.parse(self.model, key)
            if value is None:
                return None
            statement = self._all().where(identity.matches(self.model, value))
            return self.db.session.scalars(statement).first()

    def label_of_gone(self, key: str) -> str:
        """What to call a record in use that can no longer be chosen."""
        newest = identity.newest(self.db.session, self.model, key)
        return f"#{key} (unknown)" if newest is None else f"{name_of(newest)} (deleted)"

    def _all(self) -> Select[Any]:
        return current(self.model) if is_versioned(self.model) else select(self.model)

    def __repr__(self) -> str:
        return f"Target({inspect(self.model).class_.__name__})"
