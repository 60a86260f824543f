"""Records whose ids are made of columns (`key_of`): the ids are the keys, and the values agree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from webapp.versioning import key_columns, key_differences

from .errors import BadLine, TransferError


def id_or_column(model: type[Any], key: str | None) -> str | None:
    """The column that names the records; None where their ids do, also when all the columns are
    named that these are made of. Raises TransferError for some of them."""
    names = ",".join(key_columns(model))
    if key is None or not names:
        return key
    if key.replace(" ", "") != names:
        raise TransferError(
            f"{model.__name__} records are known by {names} together: name these, or none, and the"
            " keys are their ids."
        )
    return None


def check_made(model: type[Any], number: int, key: Any, values: Mapping[str, Any]) -> None:
    """Raise BadLine where values say otherwise than the id that is made of them."""
    unlike = key_differences(model, key, values) if key_columns(model) else ()
    if unlike:
        raise BadLine(
            number,
            f"key is {key!r}, and {', '.join(unlike)} in its values say otherwise",
            "A record keeps its key for life: correct the one or the other.",
        )
