"""The room of changes: who did what, when and why, across all models, and what auditors say."""

from .commands import audit
from .due import write_due
from .models import Act, Review
from .pages import ENDPOINTS, init_audit

__all__ = ["ENDPOINTS", "Act", "Review", "audit", "init_audit", "write_due"]
