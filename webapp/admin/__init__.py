"""Flask-Admin over versioned models: `register`, `VersionedModelView` and `init_admin`."""

from .registry import register
from .site import init_admin
from .view import VersionedModelView

__all__ = ["VersionedModelView", "init_admin", "register"]
