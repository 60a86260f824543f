"""Histories as files: bring one in, write one out."""

from .errors import BadLine, TransferError
from .exporting import export_history
from .importing import Report, import_history

__all__ = ["BadLine", "Report", "TransferError", "export_history", "import_history"]
