"""`integrity`: findings, guards and flags on the command line, for people and whoever watches."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import click
from flask import Flask
from sqlalchemy.exc import IntegrityError

from webapp import database
from webapp.auth import events
from webapp.extensions import db
from webapp.versioning import (
    Finding,
    FlagRepair,
    GuardFault,
    ModelCheck,
    VersioningError,
    check_model,
    complete_digests,
    mend_guards,
    plan_flag_repair,
)

from . import checks, repairing, words

MakeApp = Callable[[], Flask]
#: Exit code of a check that found something; 1 says that it could not run.
FOUND = 3


@click.group("integrity")
def integrity() -> None:
    """Check that what is stored is what the application wrote."""


@integrity.command("check")
@click.option("--model", "names", multiple=True, metavar="NAME", help="This model alone; repeat.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON to the standard output.")
@click.option(
    "--most",
    type=click.IntRange(0),
    default=100,
    show_default=True,
    help="Findings to list of each kind and model; all are counted.",
)
@click.pass_obj
def check_command(make_app: MakeApp, names: tuple[str, ...], as_json: bool, most: int) -> None:
    """Look at every version of every record, and at the database's guards.

    Writes nothing. Ends with 0 when all is sound, 3 when something was found, 1 when the check
    could not run.
    """
    with make_app().app_context():
        database.check()
        database.only_read()
        found = [_check(model, most) for model in _chosen(names)]
        guards = checks.guards()
    if as_json:
        click.echo(json.dumps(_plain(found, guards), indent=2, ensure_ascii=False))
    else:
        _say(found, guards)
    if guards or any(check.faults for check in found):
        sys.exit(FOUND)


@integrity.command("mend-guards")
@click.pass_obj
def mend_guards_command(make_app: MakeApp) -> None:
    """Make anew the guards that are missing, switched off or altered, and name them.

    Check first, and find out why they did not stand: what was done meanwhile, they did not see.
    """
    with make_app().app_context():
        database.check()
        try:
            with db.engine.begin() as connection:
                mended = mend_guards(connection, db.metadata)
        except IntegrityError:
            raise click.ClickException(
                "A unique index cannot be made: rows that it forbids are there, so nothing was"
                " changed. `integrity check` names them."
            ) from None
    for each in mended:
        click.echo(f"{words.guard_told(each)}: made anew.")
    if not mended:
        click.echo("All guards stand.")


@integrity.command("repair-flags")
@click.option("--model", "name", required=True, metavar="NAME", help="The model to repair.")
@click.option("--reason", required=True, metavar="TEXT", help="Why; the event keeps it.")
@click.option("--check", is_flag=True, help="Tell what would be set, and write nothing.")
@click.pass_obj
def repair_flags_command(make_app: MakeApp, name: str, reason: str, check: bool) -> None:
    """Set the flags of a model to what the version numbers say, and touch no data.

    Only flags that differ are set; the repair is recorded among the events. Find out first why they
    differ.
    """
    with make_app().app_context():
        database.check()
        (model,) = _chosen((name,))
        try:
            if check:
                done = plan_flag_repair(db.session(), model)
            else:
                done = repairing.repair(model, reason)
        except (ValueError, repairing.RepairRefused) as error:
            raise click.ClickException(str(error)) from None
        finally:
            db.session.rollback()
    _say_repaired(done, "Nothing was written." if check else "Repaired.")


def _say_repaired(done: FlagRepair, outcome: str) -> None:
    name = done.model.__name__
    if done.count:
        click.echo(f"{repairing.counted(done)}. {outcome}")
    else:
        click.echo(f"{name}: no flag to set.")
    if done.left:
        which = repairing.named(done.left_first, done.left)
        click.echo(f"{name}: {done.left:,} left as they were: {which}. {words.LEFT}")


@integrity.command("digest")
@click.option("--model", "names", multiple=True, metavar="NAME", help="This model alone; repeat.")
@click.pass_obj
def digest_command(make_app: MakeApp, names: tuple[str, ...]) -> None:
    """Give a digest to the versions that are older than the digests, once for each model.

    Check first: what stands there now is taken for what was saved. Others wait with their saves
    meanwhile. A version without a digest is a finding from then on.
    """
    with make_app().app_context():
        database.check()
        for model in _chosen(names):
            click.echo(f"{model.__name__}: {_completed(model)}")


def _completed(model: type[Any]) -> str:
    def progress(made: int) -> None:
        if made and made % 100_000 == 0:
            click.echo(f"{model.__name__}: {made:,} digests made", err=True)

    try:
        made = complete_digests(db.session(), model, progress=progress)
        if made:
            events.record(events.DIGESTED, None, f"{model.__name__}: {made} versions")
        db.session.commit()
    except VersioningError as error:
        return str(error)
    finally:
        db.session.rollback()
    return f"{_versions(made)} got a digest." if made else "every version has its digest."


def _versions(number: int) -> str:
    return "1 version" if number == 1 else f"{number:,} versions"


def _chosen(names: tuple[str, ...]) -> list[type[Any]]:
    known = {model.__name__: model for model in checks.models()}
    for name in names:
        if name not in known:
            raise click.ClickException(
                f"There is no versioned model {name!r}: use one of {', '.join(known)}."
            )
    return [model for name, model in known.items() if not names or name in names]


def _check(model: type[Any], most: int) -> ModelCheck:
    def progress(versions: int) -> None:
        if versions >= 100_000:
            click.echo(f"{model.__name__}: {versions:,} versions checked", err=True)

    try:
        return check_model(db.session(), model, most=most, progress=progress)
    finally:
        db.session.rollback()


def _say(found: list[ModelCheck], guards: tuple[GuardFault, ...]) -> None:
    for check in found:
        numbers = f"{check.records:,} records, {check.versions:,} versions"
        click.echo(f"{check.model.__name__}: {numbers}, {_counted(check.faults)}.")
        if check.undigested:
            click.echo(f"  {words.undigested(check.undigested)}")
        for finding in check.findings:
            click.echo(
                f"  {finding.fault.value}: {check.model.__name__} {finding.id}"
                f" version {finding.version_id}: {words.told(finding)}"
            )
    for each in guards:
        click.echo(f"Guard: {words.guard_told(each)}. `integrity mend-guards` makes it anew.")
    if not guards:
        click.echo("Guards: all stand.")


def _counted(faults: int) -> str:
    return {0: "sound", 1: "1 finding"}.get(faults, f"{faults:,} findings")


def _plain(found: list[ModelCheck], guards: tuple[GuardFault, ...]) -> dict[str, Any]:
    return {
        "sound": not guards and not any(check.faults for check in found),
        "models": [
            {
                "model": check.model.__name__,
                "records": check.records,
                "versions": check.versions,
                "without_digest": check.undigested,
                "counts": {fault.value: number for fault, number in check.counts.items()},
                "findings": [_plain_finding(finding) for finding in check.findings],
            }
            for check in found
        ],
        "guards": [
            {"table": each.table, "guard": each.guard, "state": each.state} for each in guards
        ],
    }


def _plain_finding(finding: Finding) -> dict[str, Any]:
    plain = finding.id if isinstance(finding.id, int) else str(finding.id)
    return {
        "fault": finding.fault.value,
        "id": plain,
        "version": finding.version_id,
        "told": words.told(finding),
    }
