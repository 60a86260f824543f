"""`audit enqueue` on the command line: resumable, and harmless to repeat."""

from __future__ import annotations

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from tests.admin.conftest import Shop
from tests.admin.shop.models import Gadget
from tests.audit.builders import stock
from tests.audit.reviews import count, edit, review, rows
from webapp.audit import commands as ours
from webapp.cli import commands


def run(app: Flask, *words: str) -> Result:
    return CliRunner().invoke(commands, ["audit", "enqueue", *words], obj=lambda: app)


@pytest.fixture
def made(shop: Shop) -> list[int]:
    stock(shop)
    return [edit(shop, notes=str(n)) for n in range(5)]


def test_it_asks_about_what_is_there(app: Flask, shop: Shop, made: list[int]) -> None:
    review(app, Gadget)
    done = run(app)
    assert done.exit_code == 0, done.output
    assert done.output == "6 changes await a review now; a draw passed 0 by.\n"
    assert [row.change_id for row in rows(shop)][1:] == made
    assert {row.request_id for row in rows(shop)} == {None}


def test_repeated_it_adds_nothing(app: Flask, shop: Shop, made: list[int]) -> None:
    review(app, Gadget)
    run(app)
    assert run(app).output == "0 changes await a review now; a draw passed 0 by.\n"
    assert count(shop) == 6


def test_interrupted_it_goes_on(
    app: Flask, shop: Shop, made: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    review(app, Gadget)
    monkeypatch.setattr(ours, "BATCH", 2)
    true, calls = ours.enqueue, []

    def fails(*given: object) -> object:
        calls.append(given)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return true(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(ours, "enqueue", fails)
    assert run(app).exit_code == 1 and count(shop) == 4
    assert run(app).output.startswith("2 changes") and count(shop) == 6


def test_since_a_moment(app: Flask, shop: Shop, made: list[int]) -> None:
    review(app, Gadget)
    assert run(app, "--since", "2100-01-01").output.startswith("0 changes")
    wrong = run(app, "--since", "soon")
    assert wrong.exit_code == 1 and "--since" in wrong.output and count(shop) == 0


def test_without_a_policy_it_says_so(app: Flask, made: list[int]) -> None:
    done = run(app)
    assert done.exit_code == 1 and "No model has a review policy" in done.output
