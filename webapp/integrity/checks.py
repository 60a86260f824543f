"""The checks as pages and commands run them: several models, one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from webapp.extensions import db
from webapp.versioning import (
    GuardFault,
    ModelCheck,
    check_model,
    guard_faults,
    recorded_models,
)


@dataclass(frozen=True)
class Overview:
    """What was found of each model, `None` where the number of versions to look at was used up."""

    checks: dict[type[Any], ModelCheck | None]
    guards: tuple[GuardFault, ...]

    @property
    def faults(self) -> int:
        return sum(check.faults for check in self.checks.values() if check is not None)

    @property
    def versions(self) -> int:
        """Versions looked at."""
        return sum(check.versions for check in self.checks.values() if check is not None)

    @property
    def undigested(self) -> int:
        """Versions looked at that are older than the digests and have none."""
        return sum(check.undigested for check in self.checks.values() if check is not None)

    @property
    def complete(self) -> bool:
        """Whether every version of every model was looked at."""
        return all(check is not None and check.checked_to is None for check in self.checks.values())


def overview(models: Iterable[type[Any]], *, most_versions: int, most: int = 0) -> Overview:
    """Check the models in turn until about `most_versions` were looked at."""
    checks: dict[type[Any], ModelCheck | None] = {}
    left = most_versions
    for model in models:
        checks[model] = None
        if left > 0:
            check = check_model(db.session(), model, most_versions=left, most=most)
            checks[model] = check
            left -= check.versions
    return Overview(checks, guards())


def guards() -> tuple[GuardFault, ...]:
    """The guards that the application's database lacks."""
    connection = db.session.connection()
    return tuple(guard_faults(connection, db.metadata))


def models() -> Iterator[type[Any]]:
    """Every model that keeps versions here, by name."""
    yield from recorded_models(db.session())
