"""The commands: thin, over the same functions that the pages call.

A command gets the function that makes the application as its object (`@click.pass_obj`), so that
`--help` needs neither settings nor a database. A room adds its own by `commands.add_command`.
"""

from __future__ import annotations

import errno
import signal
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any, NoReturn

import click
from flask import Flask

from webapp import database
from webapp.accounts.commands import user
from webapp.audit import audit
from webapp.auth import demo as demo_accounts
from webapp.auth import set_up
from webapp.config import PREFIX, ConfigError
from webapp.database_commands import database_commands
from webapp.extensions import db
from webapp.integrity import checks, integrity, words
from webapp.transfer.commands import history

MakeApp = Callable[..., Flask]
NO_ADMINISTRATOR = (
    "There is no administrator yet. Open this address within an hour, once, to make the first one:"
    "\n  {address}\nor run: versioned-admin user create --role administrator"
)


class Commands(click.Group):
    """What an operator can mend ends in one line on stderr and exit code 1, not in a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ConfigError as error:
            raise click.ClickException(str(error)) from None


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="versioned-admin")
def commands() -> None:
    """A web admin in which nothing that was saved is ever overwritten.

    Settings come from the environment; the README lists them.
    """


def address(command: Callable[..., None]) -> Callable[..., None]:
    """The options of a command that serves."""
    host = click.option(
        "--host",
        envvar=PREFIX + "HOST",
        default="127.0.0.1",
        show_default=True,
        help="Listen on this address.",
    )
    port = click.option(
        "--port",
        envvar=PREFIX + "PORT",
        type=click.IntRange(0, 65535),
        default=5000,
        show_default=True,
        help="Listen on this port; 0 takes a free one.",
    )
    return host(port(command))


commands.add_command(audit)
commands.add_command(database_commands)
commands.add_command(history)
commands.add_command(user)
commands.add_command(integrity)


@commands.command()
@address
@click.pass_obj
def demo(make_app: MakeApp, host: str, port: int) -> None:
    """Make the database with demo data and serve it on this machine alone.

    Data is added to empty tables only: starting again keeps everything. Whoever opens the page may
    sign in without a password, so a database with anything but the demo is refused.
    """
    demo_accounts.check_host(host)
    run(make_app({"DEMO": True}), host, port, fill=True)


@commands.command()
@address
@click.pass_obj
def serve(make_app: MakeApp, host: str, port: int) -> None:
    """Make the tables of a new database, add no data, and serve it."""
    run(make_app(), host, port)


@commands.command("init-db")
@click.pass_obj
def init_db(make_app: MakeApp) -> None:
    """Make the tables and guards of a new database."""
    with make_app().app_context():
        database.create_tables()
        click.echo(f"The database {database.shown()} is ready.")


def run(app: Flask, host: str, port: int, *, fill: bool = False) -> None:
    """Take the port, then make the database ready, then answer, until interrupted.

    The port comes first: a second start on a busy port touches nothing.
    """
    server = listen(app, host, port)
    for request_to_stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(request_to_stop, _stop)
    try:
        with app.app_context():
            database.create_tables()
            if app.config["DEMO"]:
                demo_accounts.check_host(host)
                demo_accounts.make()
            if fill and (added := load_demo_data(app)):
                click.echo(f"Added {added} demo records.")
            path = set_up.offer()
            db.session.remove()
            _warn_of_guards()
        address = f"http://{_in_url(host)}:{bound_port(server)}"
        if path:
            site = app.config["SITE_URL"] or address
            click.echo(NO_ADMINISTRATOR.format(address=site + path))
        click.echo(f"Serving on {address}/ (stop with Ctrl+C)")
        server.run()
    finally:
        server.close()


def _warn_of_guards() -> None:
    """Say at the start which guards the database lacks; it serves all the same."""
    for each in checks.guards():
        click.echo(f"Warning: the guard {words.guard_told(each)}; check it.", err=True)
    db.session.rollback()


def _stop(*_: object) -> NoReturn:
    """Ctrl+C or a service manager: at any moment an orderly end, which is no failure."""
    raise SystemExit(0)


def listen(app: Flask, host: str, port: int) -> Any:
    """A server that holds the port but does not answer yet."""
    import waitress  # needed by the commands that serve only

    try:
        server = waitress.create_server(
            app,
            host=host,
            port=port,
            ident=None,
            # A little too much reaches the application, which has a page for it.
            max_request_body_size=4 * app.config["MAX_CONTENT_LENGTH"],
            # The application believes as many proxies as it is told, and no header else.
            clear_untrusted_proxy_headers=not app.config["PROXIES"],
        )
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            advice = "stop what listens there, or choose another with --port"
        else:
            advice = "choose another with --host and --port"
        raise ConfigError(f"Cannot listen on {host}:{port} ({error.strerror}): {advice}.") from None
    except ValueError as error:
        raise ConfigError(
            f"Cannot listen on {host}:{port} ({error}): choose another --host."
        ) from None
    return server


def bound_port(server: Any) -> int:
    """The port taken; a host name with several addresses makes a server for each."""
    one: int | None = getattr(server, "effective_port", None)
    return one if one is not None else int(server.effective_listen[0][1])


def load_demo_data(app: Flask) -> int:
    """Let each app that brings a `demo.py` fill its empty tables; the number of records added."""
    added = 0
    for name in app.config["APPS"]:
        if find_spec(f"{name}.demo"):
            added += import_module(f"{name}.demo").load(db.session)
            db.session.commit()
    return added


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host
