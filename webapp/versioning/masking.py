"""What a model keeps out of diffs, and what it shows as changed but never with its value."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from enum import Enum
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import inspect
from sqlalchemy.orm import Mapper

from .errors import VersioningError
from .shape import VERSION_COLUMNS, data_columns

#: Class attributes of a model that name columns, checked when the class is mapped.
NAMING = ("__unversioned__", "__excluded__", "__masked__")


class Masked(Enum):
    """The one stand-in for a value that is not for showing."""

    MASKED = "masked"

    def __repr__(self) -> str:
        return "MASKED"

    def __str__(self) -> str:
        return "(not shown)"


MASKED: Final = Masked.MASKED

#: Which columns of a model are kept from whoever is looking now.
Hide = Callable[[type[Any]], frozenset[str]]
_hide: ContextVar[Hide | None] = ContextVar("hide_columns", default=None)


def hide_columns(hide: Hide | None) -> None:
    """From here on, in this context, diffs and blame speak of no column that ``hide(model)`` names.

    None ends it. What is written does not depend on it.
    """
    _hide.set(hide)


def shown_columns(model: type[Any]) -> tuple[str, ...]:
    """The data attributes that diffs and blame speak of: all but those in ``__excluded__``, and
    those that `hide_columns` keeps from whoever is looking."""
    return _shown(inspect(model), kept_out(model))


def kept_out(model: type[Any]) -> frozenset[str]:
    """The attributes, links too, that diffs do not speak of: those in ``__excluded__``, and those
    that `hide_columns` keeps from whoever is looking."""
    hide = _hide.get()
    excluded = frozenset(getattr(model, "__excluded__", ()))
    return excluded if hide is None else excluded | hide(model)


def masked_columns(model: type[Any]) -> frozenset[str]:
    """The data attributes whose values are never shown."""
    return frozenset(getattr(model, "__masked__", ()))


def masked(model: type[Any], name: str, value: Any) -> Any:
    """The value, or MASKED where the model says so."""
    return MASKED if name in masked_columns(model) else value


def check_names(mapper: Mapper[Any], cls: type[Any]) -> None:
    """Raise VersioningError where one of the class attributes names no data column."""
    for attribute in NAMING:
        known = set(mapper.columns.keys())
        if attribute != "__unversioned__":
            known -= VERSION_COLUMNS | {"id"}
        unknown = set(getattr(cls, attribute, ())) - known
        if unknown:
            raise VersioningError(f"{cls.__name__}.{attribute} names no column: {sorted(unknown)}")


@lru_cache(maxsize=256)
def _shown(mapper: Mapper[Any], excluded: frozenset[str]) -> tuple[str, ...]:
    return tuple(name for name in data_columns(mapper.class_) if name not in excluded)
