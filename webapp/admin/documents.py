"""JSON as text that reads back as the same value, and nothing that a database refuses."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any


def write(value: Any) -> str:
    """Readable JSON. Non-ASCII letters stay as they are."""
    return json.dumps(
        value, ensure_ascii=False, indent=2 if _has_depth(value) else None, default=str
    )


def read(text: str, number: Callable[[str], Any] | None = None) -> Any:
    """The value. Raises ValueError for what is not JSON, and for JSON that cannot be stored.

    `number` makes the numbers of their digits, where floats would lose some.
    """
    try:
        value = json.loads(
            text, parse_constant=_refuse, parse_int=number or int, parse_float=number or float
        )
        storable = _is_storable(value)
    except RecursionError:
        raise ValueError("The JSON is nested too deeply.") from None
    except ValueError as error:
        raise ValueError(f"Not valid JSON: {error}.") from None
    if not storable:
        raise ValueError("The JSON holds a character or number that cannot be stored.")
    return value


def is_storable(text: str) -> bool:
    """Whether every database takes the text: no NUL, no lone surrogate."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def _is_storable(value: Any) -> bool:
    if isinstance(value, str):
        return is_storable(value)
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, dict):
        return all(map(_is_storable, value.keys())) and all(map(_is_storable, value.values()))
    if isinstance(value, list):
        return all(map(_is_storable, value))
    return True


def _has_depth(value: Any) -> bool:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(isinstance(part, (dict, list)) and part for part in parts) or len(parts) > 3


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
