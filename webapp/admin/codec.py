"""What the pages need to know of a column type: how its values are written, and read again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Codec:
    """How the values of one column type are written and read. `read` raises ValueError.

    `kind` names the family (text, number, time, key, choice, document, binary), which decides on
    widgets and filters. `choices` are pairs of written value and label.
    """

    kind: str
    write: Callable[[Any], str]
    read: Callable[[str], Any]
    hint: str = ""
    lines: bool = False
    choices: tuple[tuple[str, str], ...] = ()
    input_type: str = "text"
