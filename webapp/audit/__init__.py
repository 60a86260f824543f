"""The room of changes: who did what, when and why, across all models."""

from .pages import ENDPOINTS, init_audit

__all__ = ["ENDPOINTS", "init_audit"]
