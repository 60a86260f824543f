"""A view of ours over a model without versions does what Flask-Admin's own does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from inspect import isfunction
from typing import Any, TypeVar

from flask_admin.contrib.sqla import ModelView

V = TypeVar("V", bound=type[ModelView])

#: Hooks that are better than the stock ones over any model.
KEPT = frozenset({"_run_view"})


def stock_over_plain(view: V) -> V:
    """Class decorator: each hook of the class and its bases asks which kind of model it is over.

    Only what Flask-Admin calls is concerned; whatever else our hooks call, they alone call.
    """
    for cls in _ours(view):
        for name, hook in list(vars(cls).items()):
            stock = getattr(ModelView, name, None)
            if isfunction(hook) and isfunction(stock) and name not in {"__init__", *KEPT}:
                setattr(cls, name, _either(hook, stock))
    return view


def make_plain(view: ModelView, of: type[ModelView]) -> None:
    """Give a new view over a model without versions the stock settings and addresses.

    What its class or its caller has set stays.
    """
    ours = set(_ours(of))
    for name in {name for cls in ours for name in vars(cls)}:
        giver = next((cls for cls in type(view).__mro__ if name in vars(cls)), None)
        if giver in ours and name not in vars(view) and _is_setting(name, vars(giver)[name]):
            setattr(view, name, getattr(ModelView, name))
    stock = {name for _, name, _ in ModelView._urls}
    added = {name for _, name, _ in of._urls} - stock
    kept = [each for each in type(view)._urls if each[1] not in added]
    known = {name for _, name, _ in kept}
    view._urls = [*kept, *(each for each in ModelView._urls if each[1] not in known)]
    view._default_view = "index_view"


def drop_actions(view: Any, of: type[ModelView]) -> None:
    """Take away the bulk actions that only records with versions have."""
    for cls in _ours(of):
        for name, method in vars(cls).items():
            if hasattr(method, "_action") and not hasattr(ModelView, name):
                dropped = method._action[0]
                view._actions = [each for each in view._actions if each[0] != dropped]
                view._actions_data.pop(dropped, None)


def _ours(view: type[ModelView]) -> Iterator[type[ModelView]]:
    """The class and its bases below Flask-Admin's."""
    return (cls for cls in view.__mro__ if issubclass(cls, ModelView) and cls is not ModelView)


def _is_setting(name: str, value: Any) -> bool:
    """Whether it is a value of ours in the place of a stock one, not a method."""
    is_value = isinstance(value, type) or not (callable(value) or hasattr(value, "__get__"))
    return is_value and not name.startswith("__") and hasattr(ModelView, name)


def _either(ours: Callable[..., Any], stock: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(ours)
    def hook(self: Any, *args: Any, **kwargs: Any) -> Any:
        return (ours if self.keeps_versions else stock)(self, *args, **kwargs)

    return hook
