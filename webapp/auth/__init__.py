"""Accounts, roles, and the gate that every request passes."""

from __future__ import annotations

from flask import Flask

from . import demo, gate, passkey_pages, recovery, security, set_up, step_pages, throttle
from .gate import allow

__all__ = ["allow", "init_accounts", "init_gate"]


def init_gate(app: Flask) -> None:
    """Close the application: from here on, what no rule opens is refused. It comes before what
    looks into a request, so that whoever is signed out is told that first."""
    gate.init_app(app)


def init_accounts(app: Flask) -> None:
    """Give the closed application its accounts. Needs the database and the forms' protection."""
    throttle.init_app(app)
    security.init_app(app)
    demo.init_app(app)
    set_up.init_app(app)
    recovery.init_app(app)
    step_pages.init_app(app)
    passkey_pages.init_app(app)
