"""What belongs to a change as a whole is written once all its versions are, before its commit."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session, UOWTransaction

from .digests import write_digests
from .ledger import LEDGER, ChangeMade, ledger_of


def finish_change(session: Session) -> None:
    """Before a commit, not that of a savepoint: write what is left, then call who finishes it."""
    if session.in_nested_transaction():
        return
    session.flush()
    if LEDGER in session.info:
        _finish(session, flush=True)


def finish_again(session: Session, flush_context: UOWTransaction) -> None:
    """After a flush that came between the end of a change and its commit."""
    if ledger_of(session).finished:
        _finish(session, flush=False)  # it is under way: what is added now has a flush of its own


def _finish(session: Session, *, flush: bool) -> None:
    ledger = ledger_of(session)
    opened, finish = ledger.opened, ledger.settings.finish
    if opened is None or ledger.finishing:
        return
    ledger.finished = ledger.finishing = True
    try:
        if finish is not None:
            finish(session, ChangeMade(opened.id, opened.at, _models(opened.touched)))
            if flush:
                session.flush()
        write_digests(session)  # last, since the versions that `finish` made are in them too
    finally:
        ledger.finishing = False


def _models(touched: set[Any]) -> tuple[type[Any], ...]:
    found = (mapper.class_ for mapper in touched)
    return tuple(sorted(found, key=lambda model: (model.__name__, model.__module__)))
