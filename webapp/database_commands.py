"""`database`: the schema's way from one version of the models to the next, on the command line."""

from __future__ import annotations

import sys
from collections.abc import Callable

import click
from flask import Flask

from webapp import database, migrations
from webapp.extensions import db

MakeApp = Callable[[], Flask]
#: Exit code of a check that found something; 1 says that it could not run.
FOUND = 3


@click.group("database")
def database_commands() -> None:
    """Bring the database's tables to what the models say, and check that they are."""


@database_commands.command()
@click.pass_obj
def upgrade(make_app: MakeApp) -> None:
    """Run the revisions that the database lacks: all of them, or none.

    Repeating it is harmless, also at once from several machines. Back up first, and stop what
    serves the older version. Ends with 0 when all is done.
    """
    with make_app().app_context():
        done = database.upgrade()
        for line in done:
            click.echo(line)
        newest = "is at the newest revision" if done else "was at the newest revision already"
        click.echo(f"The database {database.shown()} {newest}.")
        _warn(database.differences())


@database_commands.command()
@click.pass_obj
def check(make_app: MakeApp) -> None:
    """Compare the database with the revisions, the models and their guards, and write nothing.

    Ends with 0 when all fits, 3 when something differs, 1 when the check could not run.
    """
    with make_app().app_context():
        database.check()
        found = database.differences()
        if not found:
            click.echo(f"The database {database.shown()} is what the models say.")
            return
    for each in found:
        click.echo(f"{each[0].upper()}{each[1:]}.")
    sys.exit(FOUND)


@database_commands.command()
@click.option("--app", "package", required=True, metavar="PACKAGE", help="Whose models changed.")
@click.option(
    "-m", "--message", required=True, metavar="TEXT", help="What it does, in a few words."
)
@click.option(
    "--lose",
    multiple=True,
    metavar="TABLE.COLUMN",
    help="Lose what versions hold in this column; repeat.",
)
@click.option("--empty", is_flag=True, help="Write none of the operations.")
@click.pass_obj
def revision(
    make_app: MakeApp, package: str, message: str, lose: tuple[str, ...], empty: bool
) -> None:
    """Write the next revision of an app into its folder migrations/.

    It holds what the models have and the database, which is at the newest revision, has not. Read
    it before it is run. What would alter what old versions say is refused.
    """
    app = make_app()
    with app.app_context():
        database.check()
        branch = migrations.branch_of(package, app.config["APPS"])
        with db.engine.begin() as connection:
            path = migrations.write_revision(connection, branch, message, lose=lose, empty=empty)
    if path is None:
        click.echo("The models and the database agree: there is nothing to revise.")
    else:
        click.echo(f"Wrote {path}. Read it, then run: versioned-admin database upgrade")


@database_commands.command()
@click.pass_obj
def history(make_app: MakeApp) -> None:
    """List the revisions, and where the database stands."""
    with make_app().app_context():
        database.check()
        database.only_read()
        with db.engine.connect() as connection:
            for branch in database.branches():
                stamp = branch.stamp(connection) if branch.revisions else None
                click.echo(f"{branch.package}:" + " no revisions" * (not branch.revisions))
                for each in branch.revisions:
                    here = "  <- the database" if each.revision == stamp else ""
                    click.echo(f"  {each.revision}  {each.doc}{here}")


def _warn(found: list[str]) -> None:
    for each in found:
        click.echo(f"Warning: {each}. See: versioned-admin database check", err=True)
