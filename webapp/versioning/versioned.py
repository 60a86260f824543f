"""The idea: an edit of a row becomes a new row, and the old one stays as it was.

A `Versioned` class has the primary key ``(id, version_id)``. Before a flush, each edited object
plans its next version (`Versioned.new_version`); when the flush begins to write, the old row is
closed and the new one inserted, and the object goes on as the new row. A deleted object plans a
tombstone: a version that says "deleted".

After SQLAlchemy's recipe "versioned rows with a version id" (examples/versioned_rows).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    Boolean,
    Identity,
    Integer,
    String,
    event,
    func,
    select,
)
from sqlalchemy.orm import (
    Mapped,
    Mapper,
    Session,
    SessionTransaction,
    UOWTransaction,
    class_mapper,
    column_property,
    mapped_column,
    scoped_session,
    sessionmaker,
)

from . import (
    bulk,
    create,
    declare,
    deletion,
    finishing,
    key_rules,
    linking,
    move,
    plan,
    repoint,
    setting,
    write,
)
from .errors import VersioningError
from .indexes import index_changes, index_deleted, index_times, name_indexes, only_one_current
from .ledger import LEDGER, SETTINGS, ChangeContext, ChangeMade, Settings, is_enabled, ledger_of
from .masking import check_names
from .relationships import tie_references
from .settle import references, refers
from .shape import version_table
from .types import UtcDateTime, utcnow


class Operation(StrEnum):
    """What a version did to its record."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    RESTORE = "restore"


class Versioned:
    """Mixin: an edit inserts a new version, a deletion a tombstone; nothing is overwritten.

    Takes effect in the sessions given to `enable_versioning`. Columns named in ``__unversioned__``
    (a counter, a last-seen time) are written in place and make no version; those in
    ``__excluded__`` (a search text, a cache) are left out of diffs; those in ``__masked__`` (a
    secret) are shown as changed, never with their value.
    """

    __unversioned__: ClassVar[tuple[str, ...]] = ()
    __excluded__: ClassVar[tuple[str, ...]] = ()
    __masked__: ClassVar[tuple[str, ...]] = ()

    # the primary key: which record, and which version of it
    id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True, sort_order=-2)
    version_id: Mapped[int] = mapped_column(
        Integer, primary_key=True, autoincrement=False, default=1, sort_order=-1
    )
    # the persisted flag; `calc_is_current_version`, added when the class is mapped, calculates it
    is_current_version: Mapped[bool] = mapped_column(Boolean, default=True, sort_order=100)
    calc_is_current_version: ClassVar[Mapped[bool]]
    # when this version was made and superseded, by what operation, as part of which change
    version_from: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow, sort_order=101)
    version_to: Mapped[datetime | None] = mapped_column(UtcDateTime, sort_order=102)
    version_op: Mapped[str] = mapped_column(String(8), default=Operation.CREATE, sort_order=103)
    change_id: Mapped[int | None] = mapped_column(BigInteger, sort_order=104)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        declare.complete_class(cls, Versioned)
        event.listen(cls, "instrument_class", declare.order_key)
        event.listen(cls, "after_mapper_constructed", _complete_mapping)
        super().__init_subclass__(**kwargs)

    def new_version(self, session: Session) -> None:
        """Plan this object's next version; the flush under way writes it.

        The hook of the recipe: a model may override it to act on the occasion, and calls this one.
        """
        plan.next_version(session, self)


def enable_versioning(
    target: Session | sessionmaker[Any] | scoped_session[Any],
    *,
    clock: Callable[[], datetime] = utcnow,
    change_model: type[Any] | None = None,
    describe: Callable[[], ChangeContext] | None = None,
    finish: Callable[[Session, ChangeMade], None] | None = None,
) -> None:
    """Make the session, or every session of the factory, keep versions. Repeating it is harmless.

    `clock` returns the present moment, aware. `change_model` is a class mapped with `ChangeRecord`;
    without one, versions bear a random change number and no actor or reason is kept. `describe` is
    asked for actor, reason and origin when a transaction makes its first version. `finish` is
    called when all versions of a change are written and its commit is next: what it writes belongs
    to the same transaction. A flush after it, by a ``before_commit`` listener say, has it called
    again.
    """
    settings = Settings(clock, change_model, describe, finish)
    if isinstance(target, Session):
        enabled = is_enabled(target)
        target.info[SETTINGS] = settings
    else:
        factory = target.session_factory if isinstance(target, scoped_session) else target
        enabled = SETTINGS in factory.kw.get("info", {})
        factory.configure(info={**factory.kw.get("info", {}), SETTINGS: settings})
    for name in ("before_insert", "before_update"):
        if not event.contains(Versioned, name, write.write_planned):
            event.listen(Versioned, name, write.write_planned, raw=True, propagate=True)
    if enabled:  # not event.contains(): a new factory may have the address of one that is gone
        return
    event.listen(target, "before_flush", plan_versions)
    event.listen(target, "after_flush", check_flush)
    event.listen(target, "after_flush_postexec", finishing.finish_again)
    event.listen(target, "before_commit", finishing.finish_change)
    event.listen(target, "after_soft_rollback", forget_rolled_back)
    event.listen(target, "after_transaction_end", forget_transaction)
    event.listen(target, "do_orm_execute", bulk.version_statement)


def plan_versions(session: Session, flush_context: UOWTransaction, instances: Any) -> None:
    """Before a flush: every deleted, edited or new object plans the row that it needs."""
    try:
        deleted = [obj for obj in session.deleted if isinstance(obj, Versioned)]
        if deleted:
            deletion.spread(session, deleted)
            deleted = [obj for obj in session.deleted if isinstance(obj, Versioned)]
        for obj in deleted:
            plan.tombstone(session, obj)
        dirty = _plan_edits(session)
        create.prepare_new(session, [obj for obj in session.new if isinstance(obj, Versioned)])
        plan.settle_new(session)
        setting.point_new(session)
    except BaseException:
        plan.undo(session)
        raise
    move.move_on(session, flush_context, dirty)


def _plan_edits(session: Session) -> list[Any]:
    """Call the hook of each edited object; returns all the session's dirty objects.

    A hook may edit others, and a reference may follow an object to its new version: they then get
    their turn.
    """
    hooked: set[int] = set()
    dirty = list(session.dirty)
    unsettled = [*session.new, *dirty]
    setting.note_references(session, unsettled)
    linking.note_links(session, unsettled)
    while due := plan.changed(session, _edited(dirty, hooked)):
        if not _may_edit_others(dirty):
            plan.next_versions(session, due)
            break
        objects: list[Any] = [state.obj() for state in due]
        hooked.update(map(id, objects))
        for obj in objects:
            obj.new_version(session)
        dirty = list(session.dirty)
        plan.follow(session, dirty)
    return dirty


def _edited(dirty: list[Any], hooked: set[int]) -> list[Versioned]:
    """Dirty objects whose hook was not called yet."""
    return [obj for obj in dirty if isinstance(obj, Versioned) and id(obj) not in hooked]


def _may_edit_others(dirty: list[Any]) -> bool:
    """Whether the objects have a hook of their own, or references that were set."""
    kinds = set(map(type, dirty))
    hooks = {getattr(kind, "new_version", Versioned.new_version) for kind in kinds}
    if hooks - {Versioned.new_version}:
        return True
    referring = {kind for kind in kinds if references(class_mapper(kind))}
    return bool(referring) and any(refers(obj) for obj in dirty if type(obj) in referring)


def check_flush(session: Session, flush_context: UOWTransaction) -> None:
    """After a flush: no row of an older transaction may have been updated in place.

    A ``before_update`` listener or a `new_version` override without a call to the original could
    lead there. Raising fails the flush, so the row stays as it was.
    """
    ledger = ledger_of(session)
    for obj in session.dirty:
        if isinstance(obj, Versioned) and plan.was_rewritten(ledger, obj):
            raise VersioningError(
                f"{type(obj).__name__} {obj.id} was about to be overwritten in place, by a"
                " before_update listener or a new_version() without the original's call. The"
                " flush was rolled back and nothing was lost: set columns before the flush, or"
                " call Versioned.new_version(self, session)."
            )
    if ledger.repointed:
        repoint.settle_followers(session)
    if ledger.deleted:
        deletion.end_links(session)
    if ledger.linked:
        linking.write_links(session)
    if ledger.set_references:
        setting.check_set(session)
    if ledger.deleted:
        deletion.check_deleted(session)
    ledger.forget_plan()


def forget_rolled_back(session: Session, previous_transaction: SessionTransaction) -> None:
    """After a rollback, also to a savepoint: drop its plans and what it allotted or opened."""
    if LEDGER not in session.info:
        return
    ledger = ledger_of(session)
    ledger.forget_plan()
    ledger.amending = False
    create.take_back(ledger)
    undone = previous_transaction
    while undone.parent is not None and not undone.nested:
        undone = undone.parent  # a failed flush rolls back all up to here
    opened = ledger.opened
    if opened is not None and any(begun is undone for begun in _lineage(opened.opened_in)):
        ledger.opened = None


def forget_transaction(session: Session, transaction: SessionTransaction) -> None:
    """At the end of a whole transaction: the next one is another change."""
    if transaction.parent is None and LEDGER in session.info:
        ledger = ledger_of(session)
        create.take_back(ledger)  # a rollback ends here before it is told of as one
        ledger.forget()


def _lineage(transaction: SessionTransaction | None) -> Iterator[SessionTransaction]:
    while transaction is not None:
        yield transaction
        transaction = transaction.parent


def _complete_mapping(mapper: Mapper[Any], cls: type[Any]) -> None:
    """Once a class is mapped: the calculated flag, and the guard against two current rows."""
    check_names(mapper, cls)
    key_rules.complete_key(mapper, cls)
    tie_references()
    if mapper.inherits is not None:
        declare.complete_part(mapper)
        return
    table = version_table(mapper)
    # `columns`, unlike `column_attrs`, does not configure the mapper: later classes may be named
    in_place = (mapper.columns[name].name for name in cls.__unversioned__)
    table.info["versioned"] = frozenset(in_place)
    newest = table.alias()
    calculated = (
        select(func.max(newest.c.version_id) == table.c.version_id)
        .where(newest.c.id == table.c.id)
        .correlate_except(newest)
        .scalar_subquery()
    )
    mapper.add_property("calc_is_current_version", column_property(calculated, deferred=True))
    only_one_current(table)
    index_deleted(table)
    index_times(table)
    name_indexes(table)
    index_changes(table.metadata)


__all__ = ["Operation", "Versioned", "enable_versioning", "is_enabled"]
