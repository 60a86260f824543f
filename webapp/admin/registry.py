"""Which view shows which model: `@register(Product)`, as in Django."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

V = TypeVar("V", bound=type[Any])


@dataclass(frozen=True)
class Registration:
    """A model, its view, and what the view is made with (`name`, `category`, `endpoint`)."""

    model: type[Any]
    view: type[Any]
    options: dict[str, Any] = field(default_factory=dict)


_registrations: dict[type[Any], Registration] = {}


def register(*models: type[Any], **options: Any) -> Callable[[V], V]:
    """Show the models through the decorated view, in the order of registration.

    `options` go to Flask-Admin's view: `name`, `category`, `endpoint`. Registering a model again
    replaces its view and keeps its place.
    """

    def keep(view: V) -> V:
        for model in models:
            _registrations[model] = Registration(model, view, options)
        return view

    return keep


def registrations() -> tuple[Registration, ...]:
    return tuple(_registrations.values())
