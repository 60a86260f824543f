"""SQLAlchemy's recipe "versioned rows with a version id", told anew, as a bar in the table.

It is what a reader would write after the documentation: before a flush, take the flag from all
versions of the record, make the object transient and add it with the next number.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, Integer, event, update
from sqlalchemy.orm import Mapped, Session, attributes, make_transient, mapped_column, sessionmaker


class RecipeVersioned:
    """Mixin: the recipe's columns."""

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    version_id: Mapped[int] = mapped_column(
        Integer, primary_key=True, autoincrement=False, default=1
    )
    is_current_version: Mapped[bool] = mapped_column(Boolean, default=True)


def enable_recipe(sessions: sessionmaker[Session]) -> None:
    """Make the factory's sessions insert in place of updating."""
    event.listen(sessions, "before_flush", _insert_instead)


def _insert_instead(session: Session, flush_context: Any, instances: Any) -> None:
    for row in list(session.dirty):
        if not isinstance(row, RecipeVersioned) or not session.is_modified(row):
            continue
        if not attributes.instance_state(row).has_identity:
            continue
        model = type(row)
        session.execute(
            update(model)
            .where(model.id == row.id)
            .values(is_current_version=False)
            .execution_options(synchronize_session=False)
        )
        make_transient(row)
        row.version_id += 1
        row.is_current_version = True
        session.add(row)
