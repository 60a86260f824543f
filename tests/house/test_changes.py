"""What a request and a command say about the change that they make."""

from __future__ import annotations

import getpass

from flask import Flask, g

from webapp import changes


def test_a_request_is_anonymous_until_somebody_is_named(app: Flask) -> None:
    with app.test_request_context():
        context = changes.describe()
        assert (context.actor, context.reason, context.origin) == ("anonymous", None, "web")


def test_a_view_names_the_person_and_the_reason(app: Flask) -> None:
    with app.test_request_context():
        g.actor, g.reason = "alice", "a new price"
        context = changes.describe()
        assert (context.actor, context.reason) == ("alice", "a new price")


def test_one_request_has_one_id_and_the_next_another(app: Flask) -> None:
    ids = []
    for _ in range(2):
        with app.test_request_context():
            ids.append(changes.describe().request_id)
            assert changes.describe().request_id == ids[-1]
    assert ids[0] != ids[1]


def test_a_command_is_the_user_who_runs_it() -> None:
    context = changes.describe()
    assert (context.actor, context.origin) == (getpass.getuser(), "command")
