"""Objects move on to their new versions before the flush, when it has nothing else to do.

The ORM would look at each object again, only to find that the row is written. So where a flush is
made of planned versions alone, all objects take their new identity at once. Their rows are written
right away, and the flush has nothing left; where references follow or links change with them, a
single object leads the flush, which writes the rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import InstanceState, Mapper, Session, UOWTransaction
from sqlalchemy.orm.attributes import flag_dirty

from .ledger import Ledger, Step, ledger_of
from .plan import finish
from .relationships import referring
from .shape import comparers
from .write import write_steps

#: Where a listener to all flushes comes from that does not ask which objects were dirty.
#: Flask-Admin brings this one along, so it is there in every application with an admin.
UNCONCERNED = {"sqlalchemy_utils.aggregates"}


def move_on(session: Session, flush_context: UOWTransaction, dirty: Sequence[Any]) -> None:
    """Let the dirty objects be their planned versions, unless the ORM has to see them.

    It has to where the flush is about other objects as well, whose rows may have to be written in
    turn; where a reference or collection changed; and where somebody listens to updates.
    """
    ledger = ledger_of(session)
    steps = list(ledger.steps.values())
    if not steps or len(steps) != len(dirty) or session.new or session.deleted:
        return
    models = {step.mapper for step in steps}
    if any(map(_has_listeners, models)) or _flush_is_watched(session):
        return
    if not all(map(_only_columns, steps)):
        return
    for step in steps:
        finish(step)
    if not session.in_transaction():
        session.begin()
    _register(session, steps)
    if ledger.deleted or ledger.linked or ledger.set_references or any(map(referring, models)):
        flag_dirty(steps[0].obj)
    else:
        _write(session, flush_context, ledger)


def _write(session: Session, flush_context: UOWTransaction, ledger: Ledger) -> None:
    """Write the planned versions as the flush would, which tells its listeners, and fails alike."""
    try:
        write_steps(session, ledger)
        session.dispatch.after_flush(session, flush_context)
        session.dispatch.after_flush_postexec(session, flush_context)
    except BaseException:
        # private, and guarded by a test: what a flush does that fails
        session._autobegin_t()._begin().rollback(_capture_exception=True)
        raise


def _register(session: Session, steps: Sequence[Step]) -> None:
    """The session knows the objects by their new keys, and as written.

    As `Session._register_persistent` does, which reads each key from its object: of many, that
    takes longer than to write them. Private as well, and guarded by a test. A rollback, also to a
    savepoint, gives the objects their old identity back and expires them.
    """
    transaction = session._transaction
    assert transaction is not None
    known, switches = session.identity_map, transaction._key_switches
    for step in steps:
        state, key = step.state, step.state.key
        assert key is not None
        id, version = key[1]
        new = key[0], (id, version + 1), key[2]
        known.safe_discard(state)
        switches[state] = (switches[state][0] if state in switches else key), new
        state.key = new
        known.replace(state)
    InstanceState._commit_all_states(((each.state, each.obj.__dict__) for each in steps), known)
    session._register_altered([step.state for step in steps])


def _only_columns(step: Step) -> bool:
    """Whether nothing but columns was set: what was edited, and what may equal its old value."""
    touched = step.state.committed_state
    if step.edits is not None and len(touched) == len(step.edits):
        return True
    return touched.keys() <= comparers(step.mapper).keys()


def _has_listeners(mapper: Mapper[Any]) -> bool:
    """Whether somebody else than this package listens to updates of the mapper's objects."""
    return len(mapper.dispatch.before_update) > 1 or len(mapper.dispatch.after_update) > 0


def _flush_is_watched(session: Session) -> bool:
    """Whether somebody else than this package may look at the flush's dirty objects."""
    listeners = session.dispatch.after_flush
    return sum(each.__module__ not in UNCONCERNED for each in listeners) > 1
