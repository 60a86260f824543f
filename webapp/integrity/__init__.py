"""The room of integrity: whether what is stored is what the application wrote."""

from .commands import integrity
from .pages import ENDPOINTS, init_integrity

__all__ = ["ENDPOINTS", "init_integrity", "integrity"]
