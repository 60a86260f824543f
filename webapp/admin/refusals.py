"""What the database refuses, said on the form in words: never SQL, never values."""

from __future__ import annotations

import re
from typing import Any

from flask import current_app
from sqlalchemy import inspect
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, StatementError

from webapp.versioning import VERSION_COLUMNS

from . import unique
from .presentation import sentence

# SQLSTATE classes of PostgreSQL: data exception, integrity violation, a limit exceeded.
REFUSED = ("22", "23", "54")
GENERAL = "The database refused these values. Nothing was saved: check them and save again."
MISSING = "This field is required."
OF_CHILD = "The database refused these values of a row. Nothing was saved: check them."
SQLITE = re.compile(r"^(?P<kind>UNIQUE|NOT NULL) constraint failed: (?P<columns>.+)$")


def is_refusal(error: Exception) -> bool:
    """Whether the error is about the values, not about the connection or the program."""
    if isinstance(error, (IntegrityError, DataError, OverflowError)):
        return True
    if isinstance(error, DBAPIError):
        return str(getattr(error.orig, "sqlstate", None) or "").startswith(REFUSED)
    return isinstance(error, StatementError) and isinstance(
        error.orig, (ValueError, TypeError, OverflowError)
    )


def show(error: Exception, form: Any, model: type[Any]) -> None:
    """Put the refusal on the fields that it is about, else on the form as a whole."""
    current_app.logger.info("A save of %s was refused: %s", model.__name__, type(error).__name__)
    columns, message = _explain(error, model)
    fields = [name for name, attribute in form.columns_by_field().items() if attribute in columns]
    for name in fields[:1]:
        form[name].errors = [*form[name].errors, message]
    if not fields:
        form.form_errors.append(message if columns else GENERAL)


def table_of(error: Exception) -> str | None:
    """The table whose row was refused; None where the database does not say."""
    orig = getattr(error, "orig", None)
    diag = getattr(orig, "diag", None)
    if diag is not None:
        return str(diag.table_name) if diag.table_name else None
    match = SQLITE.match(str(orig))
    return match["columns"].partition(".")[0] if match and "." in match["columns"] else None


def of_child(error: Exception, model: type[Any]) -> str:
    """What is said of a refused row among several: the fields that it is about, if known."""
    current_app.logger.info("A row of %s was refused: %s", model.__name__, type(error).__name__)
    columns, message = _explain(error, model)
    names = ", ".join(sorted(columns - set(VERSION_COLUMNS) - {"id"})).replace("_", " ")
    return f"{sentence(names)}: {message}" if names else OF_CHILD


def _explain(error: Exception, model: type[Any]) -> tuple[set[str], str]:
    """The attributes concerned (none when unknown), and what to say."""
    orig = getattr(error, "orig", None)
    diag = getattr(orig, "diag", None)
    if diag is not None:
        if diag.column_name:
            return _attributes(model, [diag.column_name]), MISSING
        return _of_constraint(model, diag.constraint_name), unique.MESSAGE
    match = SQLITE.match(str(orig))
    if match is None:
        return set(), GENERAL
    columns = [part.strip().rpartition(".")[2] for part in match["columns"].split(",")]
    message = MISSING if match["kind"] == "NOT NULL" else unique.MESSAGE
    return _attributes(model, columns), message


def _of_constraint(model: type[Any], name: str | None) -> set[str]:
    tables = inspect(model).tables
    for rule in (each for table in tables for each in (*table.indexes, *table.constraints)):
        if name is not None and rule.name == name and getattr(rule, "unique", True):
            return _attributes(model, [column.name for column in rule.columns])
    return set()


def _attributes(model: type[Any], columns: list[str]) -> set[str]:
    mapper = inspect(model)
    return {
        attr.key
        for attr in mapper.column_attrs
        if any(getattr(column, "name", None) in columns for column in attr.columns)
    }
