"""Who makes this request, and what the policy lets them do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import current_app, g, has_request_context

from . import policy
from .policy import Permission, Rules


@dataclass(frozen=True)
class Person:
    """The signed-in account as it was when the request began; `id` is None for nobody."""

    id: int | None = None
    name: str = ""
    roles: frozenset[str] = frozenset()

    def may(self, permission: str, rules: Rules = policy.NO_RULES) -> bool:
        return policy.allows(self.roles, permission, rules)

    def may_site(self, what: str) -> bool:
        return policy.allows_site(self.roles, what)


NOBODY = Person()


def person() -> Person:
    """Who makes the request; nobody outside of one."""
    found: Person = g.get("person", NOBODY) if has_request_context() else NOBODY
    return found


def views_of(model: type[Any]) -> Iterator[Any]:
    """The admin's views of a model, or of one that it inherits from."""
    for admin in current_app.extensions.get("admin", ()):
        for view in admin._views:
            if getattr(view, "model", None) in model.__mro__:
                yield view


def hidden_fields(model: type[Any]) -> frozenset[str]:
    """The fields of a model that are kept from who makes the request. Where several views show the
    model, what one of them hides is hidden everywhere. Outside of a request nothing is."""
    return _kept(model, "hidden", policy.hidden)


def read_only_fields(model: type[Any]) -> frozenset[str]:
    """The fields of a model that who makes the request may not write, the hidden ones included."""
    return _kept(model, "read_only", policy.read_only)


def _kept(model: type[Any], kind: str, ask: Any) -> frozenset[str]:
    if not has_request_context():
        return frozenset()
    known: dict[Any, frozenset[str]] = g.setdefault("kept_fields", {})
    key = (kind, model)
    if key not in known:
        rules = (getattr(view, "rules", policy.NO_RULES) for view in views_of(model))
        known[key] = frozenset[str]().union(*(ask(person().roles, each) for each in rules))
    return known[key]


def may_see(model: type[Any]) -> bool:
    """Whether a record of the model may be named: always, where no view of the admin shows it."""
    if not has_request_context():
        return True
    rules = [getattr(view, "rules", policy.NO_RULES) for view in views_of(model)]
    return not rules or any(person().may(Permission.SEE, each) for each in rules)
