"""The real histories beside the checkout, and the comparison of a database with their answers."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.transfer.datasets.models import Constituent, Runway, Vulnerability, Zone
from webapp.changes import Change
from webapp.versioning import as_of, current

FOLDER = Path(
    os.environ.get("HISTORY_DATA") or Path(__file__).resolve().parents[3] / "shared" / "data"
)
HOW_TO_GET_IT = (
    f"no real histories in {FOLDER}: put the folder beside the checkout as shared/data,"
    " or name it in HISTORY_DATA"
)


@dataclass(frozen=True)
class Dataset:
    """One history with its model. Without a `key` column, keys are ids."""

    name: str
    file: str
    model: type[Any]
    key: str | None

    @property
    def path(self) -> Path:
        return FOLDER / self.name / self.file

    @cached_property
    def columns(self) -> list[str]:
        schema = json.loads((FOLDER / self.name / "schema.json").read_text())
        return [column["name"] for column in schema["columns"]]

    @cached_property
    def answers(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((FOLDER / self.name / "answers.json").read_text())
        packed = FOLDER / self.name / "answers_keys.json.gz"
        if packed.exists():
            keys = json.loads(gzip.decompress(packed.read_bytes()))
            for moment in found["alive"]:
                moment["keys"] = keys[moment["at"]] if moment["count"] else []
        return found

    @property
    def options(self) -> list[str]:
        """How the command is told of it."""
        return ["--model", self.model.__name__, *(["--key", self.key] if self.key else [])]

    def key_of(self, row: Any) -> str:
        return str(getattr(row, self.key or "id"))

    def values_of(self, row: Any) -> dict[str, Any]:
        return {name: getattr(row, name) for name in self.columns}


SMALL = Dataset("small", "sp500_constituents.jsonl", Constituent, "symbol")
ZONES = Dataset("zones", "zones.jsonl", Zone, "key")
KEV = Dataset("kev", "kev.jsonl", Vulnerability, "cve_id")
MEDIUM = Dataset("medium", "runways.jsonl.gz", Runway, None)


class Replay:
    """Answers the questions of `answers.json` from a database, each by the core's own queries."""

    def __init__(self, session: Session, dataset: Dataset) -> None:
        self.session = session
        self.dataset = dataset
        self.model = dataset.model

    def row(self, key: str, at: str) -> dict[str, Any] | None:
        if self.dataset.key is None:
            query = as_of(self.model, datetime.fromisoformat(at), id=int(key))
        else:
            named = getattr(self.model, self.dataset.key)
            query = as_of(self.model, datetime.fromisoformat(at)).where(named == key)
        row = self.session.scalars(query).one_or_none()
        return None if row is None else self.dataset.values_of(row)

    def alive(self, at: str) -> dict[str, Any]:
        rows = {
            self.dataset.key_of(row): self.dataset.values_of(row)
            for row in self.session.scalars(as_of(self.model, datetime.fromisoformat(at)))
        }
        return {
            "count": len(rows),
            "keys": sorted(rows),
            "keys_sha256": digest(sorted(rows)),
            "rows_sha256": digest(rows),
        }

    @cached_property
    def versions(self) -> dict[str, list[dict[str, Any]]]:
        """Every change of every key, in the order of its versions."""
        found: dict[str, list[dict[str, Any]]] = {}
        query = select(self.model).order_by(self.model.id, self.model.version_id)
        for row in self.session.scalars(query.execution_options(yield_per=1_000)):
            deleted = row.version_op == "delete"
            change = {
                "at": f"{row.version_from:%Y-%m-%dT%H:%M:%SZ}",
                "op": row.version_op,
                "row_sha256": None if deleted else digest(self.dataset.values_of(row)),
            }
            found.setdefault(self.dataset.key_of(row), []).append(change)
        return found

    def totals(self) -> dict[str, int]:
        ops = Counter(change["op"] for changes in self.versions.values() for change in changes)
        alive = current(self.model).with_only_columns(func.count()).order_by(None)
        return {
            "commits_with_changes": self.session.scalar(select(func.count()).select_from(Change)),
            "changes": ops.total(),
            "creates": ops["create"],
            "updates": ops["update"],
            "deletes": ops["delete"],
            "recreates": ops["create"] - len(self.versions),
            "keys_ever": self.session.scalar(select(func.count(self.model.id.distinct()))),
            "alive_at_end": self.session.scalar(alive),
        }

    def top20(self) -> list[dict[str, Any]]:
        counts = {key: Counter(c["op"] for c in changes) for key, changes in self.versions.items()}
        top = sorted(counts.items(), key=lambda item: (-item[1].total(), item[0]))[:20]
        return [
            {
                "key": key,
                "changes": ops.total(),
                "creates": ops["create"],
                "updates": ops["update"],
                "deletes": ops["delete"],
            }
            for key, ops in top
        ]

    def every_change_sha256(self) -> str:
        whole = hashlib.sha256()
        for key, changes in sorted(self.versions.items()):
            for change in changes:
                line = [key, change["at"], change["op"], change["row_sha256"]]
                whole.update(_canonical(line) + b"\n")
        return whole.hexdigest()


def wrong(session: Session, dataset: Dataset) -> Iterator[str]:
    """Every question whose answer differs; nothing when the database knows them all."""
    replay = Replay(session, dataset)
    answers = dataset.answers
    pairs = [("totals", replay.totals(), answers["totals"])]
    pairs += [("top20", replay.top20(), answers["top20"])]
    digest_of_all = replay.every_change_sha256()
    pairs += [("every_change_sha256", digest_of_all, answers["every_change_sha256"])]
    for key, changes in answers["histories"].items():
        pairs += [(f"history of {key}", replay.versions[key], changes)]
    for ask in answers["as_of"]:
        what = f"{ask['key']} as of {ask['at']}"
        pairs += [(what, replay.row(ask["key"], ask["at"]), ask["row"])]
    for moment in answers["alive"]:
        told = {name: moment[name] for name in ("count", "keys", "keys_sha256", "rows_sha256")}
        pairs += [(f"alive at {moment['at']}", replay.alive(moment["at"]), told)]
    session.rollback()
    return (
        f"{what}: {found!r}, not {told!r}"[:500] for what, found, told in pairs if found != told
    )


def digest(value: Any) -> str:
    return hashlib.sha256(_canonical(value)).hexdigest()


def _canonical(value: Any) -> bytes:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return text.encode()
