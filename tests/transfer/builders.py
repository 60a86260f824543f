"""Lines and files for the tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

DAY = "2024-05-{:02}T12:00:00Z"


def line(op: str = "create", key: str = "kettle", day: int = 1, **members: Any) -> dict[str, Any]:
    """One line; `values` defaults to what a create or an update needs."""
    values = None if op == "delete" else {"name": key}
    told = {"at": DAY.format(day), "actor": "Alice", "reason": None, "op": op, "key": key}
    return {**told, "values": values, **members}


def write(path: Path, *lines: dict[str, Any] | str) -> Path:
    """A file with the lines, those given as text taken as they are."""
    texts = [one if isinstance(one, str) else json.dumps(one) for one in lines]
    path.write_text("".join(f"{text}\n" for text in texts))
    return path
