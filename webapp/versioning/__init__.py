"""Versions of rows: an edit inserts, nothing that was saved is overwritten.

The public names. Begin reading in `versioned.py`. Importing attaches no listener;
`enable_versioning` does.
"""

from .change import ChangeRecord, change
from .diff import FieldChange, diff
from .errors import (
    ReadOnlyVersion,
    RecordExists,
    UnknownVersion,
    VersionConflict,
    VersioningError,
)
from .guard import guard_statements, install_guards
from .indexes import as_of_index, current_index, current_unique
from .ledger import ChangeContext
from .queries import as_of, current, live
from .restore import restore
from .shape import VERSION_COLUMNS, data_columns, is_versioned
from .sqlite import prepare_sqlite
from .timeline import Entry, Timeline, timeline
from .types import UtcDateTime, utcnow
from .versioned import Operation, Versioned, enable_versioning

__all__ = [
    "VERSION_COLUMNS",
    "ChangeContext",
    "ChangeRecord",
    "Entry",
    "FieldChange",
    "Operation",
    "ReadOnlyVersion",
    "RecordExists",
    "Timeline",
    "UnknownVersion",
    "UtcDateTime",
    "VersionConflict",
    "Versioned",
    "VersioningError",
    "as_of",
    "as_of_index",
    "change",
    "current",
    "current_index",
    "current_unique",
    "data_columns",
    "diff",
    "enable_versioning",
    "guard_statements",
    "install_guards",
    "is_versioned",
    "live",
    "prepare_sqlite",
    "restore",
    "timeline",
    "utcnow",
]
