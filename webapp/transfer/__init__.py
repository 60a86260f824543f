"""Histories as files: bring one in, write one out."""

from .exporting import export_history
from .importing import Report, import_history
from .lines import BadLine, TransferError

__all__ = ["BadLine", "Report", "TransferError", "export_history", "import_history"]
