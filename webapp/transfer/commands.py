"""`history import` and `history export`: histories as files, from the command line."""

from __future__ import annotations

import gzip
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import click
from flask import Flask
from sqlalchemy.orm import Session

from webapp import database
from webapp.changes import Change
from webapp.extensions import Base, db
from webapp.versioning import enable_versioning, is_versioned

from .errors import TransferError
from .exporting import export_history
from .importing import import_history

MakeApp = Callable[[], Flask]
#: A line of progress after so many lines of the file.
EVERY = 10_000


@click.group("history")
def history() -> None:
    """Bring the history of a model's records in from a file, or write it to one.

    A file holds one line of JSON for what one change did to one record, oldest first:

    \b
    {"at": "2024-05-31T13:45:00Z", "actor": "Alice", "reason": "New price list",
     "op": "update", "key": "KET-1700", "values": {"price": "34.90"}}

    op is create, update or delete (with null for the values). Files ending in .gz are packed.
    """


def _of_model(command: Callable[..., None]) -> Callable[..., None]:
    model = click.option(
        "--model", "name", required=True, metavar="NAME", help="The model, such as Product."
    )
    key = click.option(
        "--key",
        metavar="COLUMN",
        help="The column that holds the keys; ids are allotted. Without it, the keys are ids.",
    )
    return model(key(command))


@history.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_of_model
@click.option("--check", is_flag=True, help="Check the whole file and write nothing.")
@click.pass_obj
def import_command(make_app: MakeApp, file: Path, name: str, key: str | None, check: bool) -> None:
    """Import FILE with its times, actors and reasons.

    The whole file is checked first: a line that does not fit is named, and nothing is imported.
    Every change is one transaction. After an interruption, the same command goes on where it
    stopped; once all is imported it does nothing.
    """
    with _opened(make_app, name) as (session, model):
        report = import_history(
            session,
            model,
            file,
            key=key,
            change_model=Change,
            write=not check,
            progress=_Progress(),
        )
    known = f", {report.known:,} lines were there already" if report.known else ""
    did = "would be imported" if check else "imported"
    click.echo(f"{report.lines:,} lines read: {report.changes:,} changes {did}{known}.")


@history.command("export")
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
@_of_model
@click.pass_obj
def export_command(make_app: MakeApp, file: Path, name: str, key: str | None) -> None:
    """Write the history of all records to FILE, or to the standard output when it is -."""
    lines = 0
    with _opened(make_app, name) as (session, model), _written(file) as out:
        database.only_read()  # editors go on saving while a long history is written
        for line in export_history(session, model, key=key, change_model=Change):
            out.write(line.encode())
            lines += 1
    click.echo(f"{lines:,} lines written.", err=str(file) == "-")


@contextmanager
def _opened(make_app: MakeApp, name: str) -> Iterator[tuple[Session, type[Any]]]:
    """A session that records what it is told and nothing of the person at the command line."""
    try:
        with make_app().app_context():
            database.create_tables()
            model = _model(name)
            with Session(db.engine) as session:
                enable_versioning(session, change_model=Change)
                yield session, model
    except TransferError as error:
        raise click.ClickException(str(error)) from None


def _model(name: str) -> type[Any]:
    known = {
        mapper.class_.__name__: mapper.class_
        for mapper in Base.registry.mappers
        if is_versioned(mapper.class_)
    }
    if name not in known:
        raise TransferError(
            f"There is no versioned model {name!r}: use one of {', '.join(sorted(known))}, or name"
            " its package in the setting APPS."
        )
    return known[name]


@contextmanager
def _written(file: Path) -> Iterator[BinaryIO | gzip.GzipFile]:
    """The file, which appears under its name when it is complete; `-` is the standard output."""
    if str(file) == "-":
        yield sys.stdout.buffer
        return
    part = file.with_name(f"{file.name}.part")
    try:
        with part.open("wb") as raw:
            if file.suffix == ".gz":  # without a time inside, so that equal histories pack alike
                with gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as packed:
                    yield packed
            else:
                yield raw
        os.replace(part, file)
    except OSError as error:
        raise TransferError(
            f"{file} cannot be written ({error.strerror}): choose another place."
        ) from None
    finally:
        part.unlink(missing_ok=True)


class _Progress:
    """Says on the standard error how far a long file has come."""

    def __init__(self) -> None:
        self._next = EVERY
        self._doing = ""

    def __call__(self, doing: str, done: int, total: int) -> None:
        if doing != self._doing:
            self._doing, self._next = doing, EVERY
        if done >= self._next:
            of = f" of {total:,}" if total else ""
            click.echo(f"{done:,}{of} lines {doing}", err=True)
            self._next = done - done % EVERY + EVERY
