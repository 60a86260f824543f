"""Versions of rows: an edit inserts, nothing that was saved is overwritten.

The public names. Begin reading in `versioned.py`. Importing attaches no listener;
`enable_versioning` does.
"""

from .activity import Activity, activity, count_between
from .altered import Made, comparable, made
from .blame import Blame, blame
from .change import ChangeRecord, change
from .change_digest import change_digest, change_digests
from .diff import FieldChange, diff, link_changes
from .differences import (
    Blob,
    BlobDifference,
    Difference,
    LabelDifference,
    MembersDifference,
    Move,
    NumberDifference,
    PathChange,
    PathsDifference,
    TextDifference,
    TextPart,
    TimeDifference,
    ValueDifference,
)
from .digest_completion import complete_digests
from .digests import keep_digests
from .errors import (
    BadKey,
    Clash,
    DanglingReference,
    ReadOnlyVersion,
    RecordExists,
    Referrer,
    RestoreClash,
    SelectionChanged,
    StillReferenced,
    UndoBlocked,
    UnknownChange,
    UnknownVersion,
    VersionConflict,
    VersioningError,
)
from .excerpts import excerpts
from .feed import ChangeEntry, Feed, Place, Tally, changes, tally
from .findings import Fault, Finding, ModelCheck
from .guard import guard_statements, install_guards
from .guard_check import GuardFault, guard_faults, mend_guards
from .indexes import as_of_index, as_of_order, current_index, current_unique
from .integrity import check_model
from .keys import id_of, key_columns, key_differences, key_of
from .ledger import ChangeContext, ChangeMade
from .links import link_names, linked
from .many import ManyPlan, Skipped, act_on_many, plan_many
from .masking import MASKED, hide_columns, masked_columns, shown_columns
from .merge import FieldMerge, merge_fields, merged_values
from .merge_texts import Hunk
from .moments import Reading, parse_moment, read_moment
from .queries import (
    alive_at,
    as_of,
    began_before,
    count_live,
    current,
    deleted,
    deleted_at,
    is_alive,
    live,
    newest_at,
)
from .recorded import recorded_models
from .references import (
    collected,
    floating,
    following,
    pinned,
    references_of,
    references_to,
)
from .referred import links_at, load_as_of, versions_as_of
from .relationships import Reference
from .renewal import digested_columns, drop_guards, is_guarded, made_for, renew_guards
from .repair import FlagRepair, FlagSet, plan_flag_repair, repair_flags
from .restore import Restoration, plan_restore, restorable, restore
from .retry import hold, retry_on_conflict
from .shape import VERSION_COLUMNS, data_columns, is_versioned
from .sqlite import prepare_sqlite
from .timeline import Entry, Timeline, timeline
from .types import UtcDateTime, utcnow
from .undo import LeftField, Undo, plan_undo, undo
from .undo_change import ChangeUndone, ModelUndo, plan_undo_change, undo_change
from .versioned import Operation, Versioned, enable_versioning
from .what_changed import ChangedRecord, ModelChanges, WhatChanged, what_changed

__all__ = [
    "MASKED",
    "VERSION_COLUMNS",
    "Activity",
    "BadKey",
    "Blame",
    "Blob",
    "BlobDifference",
    "ChangeContext",
    "ChangeEntry",
    "ChangeMade",
    "ChangeRecord",
    "ChangeUndone",
    "ChangedRecord",
    "Clash",
    "DanglingReference",
    "Difference",
    "Entry",
    "Fault",
    "Feed",
    "FieldChange",
    "FieldMerge",
    "Finding",
    "FlagRepair",
    "FlagSet",
    "GuardFault",
    "Hunk",
    "LabelDifference",
    "LeftField",
    "Made",
    "ManyPlan",
    "MembersDifference",
    "ModelChanges",
    "ModelCheck",
    "ModelUndo",
    "Move",
    "NumberDifference",
    "Operation",
    "PathChange",
    "PathsDifference",
    "Place",
    "ReadOnlyVersion",
    "Reading",
    "RecordExists",
    "Reference",
    "Referrer",
    "Restoration",
    "RestoreClash",
    "SelectionChanged",
    "Skipped",
    "StillReferenced",
    "Tally",
    "TextDifference",
    "TextPart",
    "TimeDifference",
    "Timeline",
    "Undo",
    "UndoBlocked",
    "UnknownChange",
    "UnknownVersion",
    "UtcDateTime",
    "ValueDifference",
    "VersionConflict",
    "Versioned",
    "VersioningError",
    "WhatChanged",
    "act_on_many",
    "activity",
    "alive_at",
    "as_of",
    "as_of_index",
    "as_of_order",
    "began_before",
    "blame",
    "change",
    "change_digest",
    "change_digests",
    "changes",
    "check_model",
    "collected",
    "comparable",
    "complete_digests",
    "count_between",
    "count_live",
    "current",
    "current_index",
    "current_unique",
    "data_columns",
    "deleted",
    "deleted_at",
    "diff",
    "digested_columns",
    "drop_guards",
    "enable_versioning",
    "excerpts",
    "floating",
    "following",
    "guard_faults",
    "guard_statements",
    "hide_columns",
    "hold",
    "id_of",
    "install_guards",
    "is_alive",
    "is_guarded",
    "is_versioned",
    "keep_digests",
    "key_columns",
    "key_differences",
    "key_of",
    "link_changes",
    "link_names",
    "linked",
    "links_at",
    "live",
    "load_as_of",
    "made",
    "made_for",
    "masked_columns",
    "mend_guards",
    "merge_fields",
    "merged_values",
    "newest_at",
    "parse_moment",
    "pinned",
    "plan_flag_repair",
    "plan_many",
    "plan_restore",
    "plan_undo",
    "plan_undo_change",
    "prepare_sqlite",
    "read_moment",
    "recorded_models",
    "references_of",
    "references_to",
    "renew_guards",
    "repair_flags",
    "restorable",
    "restore",
    "retry_on_conflict",
    "shown_columns",
    "tally",
    "timeline",
    "undo",
    "undo_change",
    "utcnow",
    "versions_as_of",
    "what_changed",
]
