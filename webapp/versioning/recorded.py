"""Where changes are recorded: the model of the changes, and the models whose versions bear them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlalchemy import MetaData, inspect
from sqlalchemy.orm import Mapper, Session

from .errors import VersioningError
from .ledger import ledger_of
from .shape import has_versions, version_table


def change_model(session: Session) -> type[Any]:
    """The class of the session's changes. Raises VersioningError where none are recorded."""
    found = ledger_of(session).settings.change_model
    if found is None:
        raise VersioningError(
            "No changes are recorded here: pass change_model= to enable_versioning(), with a class"
            " mapped from ChangeRecord."
        )
    return found


def recorded_models(session: Session) -> tuple[type[Any], ...]:
    """The versioned models whose tables lie beside the session's changes, by name."""
    mapper = inspect(change_model(session))
    mappers = frozenset(mapper.registry.mappers)
    return _versioned(mappers, version_table(mapper).metadata)


@lru_cache(maxsize=16)
def _versioned(mappers: frozenset[Mapper[Any]], metadata: MetaData) -> tuple[type[Any], ...]:
    found = [
        mapper.class_
        for mapper in mappers
        if mapper.inherits is None
        and has_versions(mapper)
        and version_table(mapper).metadata is metadata
    ]
    return tuple(sorted(found, key=lambda model: (model.__name__, model.__module__)))
