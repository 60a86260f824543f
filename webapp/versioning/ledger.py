"""What a session remembers for its transaction: the open change and the versions about to be made.

One `Ledger` hangs in ``session.info``. It holds no database state of its own: a rollback, also to a
savepoint, makes it forget what the rollback undid.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Table
from sqlalchemy.orm import InstanceState, Mapper, Session, SessionTransaction

from .types import utcnow

SETTINGS = "versioning.settings"
LEDGER = "versioning.ledger"
NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class ChangeContext:
    """Who makes a change, why and from where; None where nobody said so."""

    actor: str | None = None
    reason: str | None = None
    origin: str | None = None
    request_id: str | None = None
    at: datetime | None = None


@dataclass(frozen=True)
class Settings:
    """What `enable_versioning` was told."""

    clock: Callable[[], datetime] = utcnow
    change_model: type[Any] | None = None
    describe: Callable[[], ChangeContext] | None = None
    finish: Callable[[Session, ChangeMade], None] | None = None


@dataclass(frozen=True)
class ChangeMade:
    """A change whose transaction is about to commit: its number, its time (aware, UTC), and the
    models that it may have made versions of, base classes only, by name."""

    id: int
    at: datetime
    models: tuple[type[Any], ...]


class Sealed(NamedTuple):
    """The one version whose digest was written by the statement that inserted it and recorded its
    change: their tables, and the `seal` that the next statement breaks."""

    connection: Connection
    seal: object
    table: Table
    changes: Table


@dataclass
class OpenChange:
    """The change that this transaction has begun: every version that it makes bears its id.

    `touched` are the base mappers of the models that it may have made versions of, `linked` the
    tables of links that it may have written to, `digested` the numbers of digests written so far,
    by the table of the versions. `sealed` is the version among them that was digested at once.
    """

    id: int
    at: datetime
    opened_in: SessionTransaction
    touched: set[Mapper[Any]] = field(default_factory=set)
    linked: set[Table] = field(default_factory=set)
    digested: dict[Table, int] = field(default_factory=dict)
    sealed: Sealed | None = None


@dataclass(slots=True, eq=False)
class Step:
    """One record's next version: the row `(id, old_version)` is closed, the next one inserted.

    `copy` is False where the ORM inserts the row itself (a new object over a tombstone). `old`
    holds values of the old row that the object had not loaded. `edits` are the values that the
    object was given, None until they are final; `values` add what ``onupdate`` columns get.
    """

    obj: Any
    state: InstanceState[Any]
    mapper: Mapper[Any]
    id: Any
    old_version: int
    old_from: datetime
    op: str
    old: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    copy: bool = True
    edits: dict[str, Any] | None = None
    values: dict[str, Any] = field(init=False)


@dataclass
class LinkEdit:
    """What an object's collection of links gained and lost."""

    property: Any
    added: list[Any]
    removed: list[Any]


@dataclass
class Ledger:
    """A session's notes on the transaction under way."""

    settings: Settings
    context: ChangeContext = field(default_factory=ChangeContext)
    opened: OpenChange | None = None
    steps: dict[InstanceState[Any], Step] = field(default_factory=dict)
    in_place: dict[InstanceState[Any], Mapper[Any]] = field(default_factory=dict)
    stored: dict[InstanceState[Any], Mapping[str, Any]] = field(default_factory=dict)
    awaiting: set[InstanceState[Any]] = field(default_factory=set)
    amended: set[InstanceState[Any]] = field(default_factory=set)
    written: set[InstanceState[Any]] = field(default_factory=set)
    operations: dict[InstanceState[Any], str] = field(default_factory=dict)
    allotted: WeakKeyDictionary[InstanceState[Any], bool] = field(default_factory=WeakKeyDictionary)
    amending: bool = False
    # what belongs to the whole change was written, or is being written
    finished: bool = False
    finishing: bool = False
    # references that were set, records that were deleted, and followers that were re-pointed
    set_references: list[Any] = field(default_factory=list)
    deleted: list[Any] = field(default_factory=list)
    repointed: list[Any] = field(default_factory=list)
    linked: dict[InstanceState[Any], list[LinkEdit]] = field(default_factory=dict)

    def is_own(self, change_id: int | None) -> bool:
        """Whether this transaction made the row of that change, so that it may be amended."""
        return self.opened is not None and change_id == self.opened.id

    def forget(self) -> None:
        """Drop everything that belonged to the transaction; `context` outlives it."""
        self.opened = None
        self.amending = False
        self.finished = False
        if self.allotted:
            self.allotted.clear()
        self.forget_plan()

    def forget_plan(self) -> None:
        """Drop what was planned or written by the flush under way."""
        self.steps.clear()
        self.in_place.clear()
        self.stored.clear()
        self.awaiting.clear()
        self.amended.clear()
        self.written.clear()
        self.operations.clear()
        self.set_references.clear()
        self.deleted.clear()
        self.repointed.clear()
        self.linked.clear()


def is_enabled(session: Session) -> bool:
    """Whether `enable_versioning` was called for the session or its factory."""
    return SETTINGS in session.info


def ledger_of(session: Session) -> Ledger:
    """The session's ledger, made on first use."""
    ledger: Ledger | None = session.info.get(LEDGER)
    if ledger is None:
        ledger = session.info[LEDGER] = Ledger(session.info.get(SETTINGS) or Settings())
    return ledger
