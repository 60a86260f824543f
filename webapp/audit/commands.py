"""The command `audit enqueue`: which changes that exist already await a review."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import click
from flask import Flask
from sqlalchemy import select

from webapp import database
from webapp.admin.times import display_zone
from webapp.changes import Change
from webapp.extensions import db
from webapp.versioning import read_moment

from .due import enqueue, rules_of

MakeApp = Callable[[], Flask]
#: Changes that are asked about and written in one transaction.
BATCH = 500


@click.group()
def audit() -> None:
    """Say which changes an auditor has to look at."""


@audit.command("enqueue")
@click.option("--since", metavar="MOMENT", help="Changes from then on, like 2026-11-01; else all.")
@click.pass_obj
def enqueue_command(make_app: MakeApp, since: str | None) -> None:
    """Ask the models' review policies about changes that exist already.

    New changes are asked about as they are made. Repeat it after a policy is new, or after an
    interruption: what awaits a review or had one stays as it is, and no draw is made twice.
    """
    with make_app().app_context():
        database.create_tables()
        try:
            due, passed = _enqueue(_moment(since))
        finally:
            database.close()
    click.echo(f"{due:,} changes await a review now; a draw passed {passed:,} by.")


def _enqueue(since: datetime | None) -> tuple[int, int]:
    if not rules_of():
        raise click.ClickException(
            "No model has a review policy: set `review_policy` in its view first."
        )
    due = passed = after = 0
    while batch := _batch(since, after):
        added, left = enqueue(db.session(), batch)
        after = batch[-1].id
        db.session.commit()
        due, passed = due + added, passed + left
    return due, passed


def _batch(since: datetime | None, after: int) -> list[Change]:
    query = select(Change).where(Change.id > after).order_by(Change.id).limit(BATCH)
    if since is not None:
        query = query.where(Change.at >= since)
    return list(db.session.scalars(query))


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return read_moment(text, display_zone()).at
    except ValueError as error:
        raise click.ClickException(f"--since: {error}") from None
