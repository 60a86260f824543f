"""Who may use which address: every endpoint of the application, by method and role.

`test_routes.py` walks it, and fails for an endpoint that is not here. What a role may do with the
records of a model is the same whoever made them; an account is changed by its owner (`OWN`) or by
an administrator (`OTHER`).
"""

from __future__ import annotations

NOBODY = "nobody"
VIEWER, EDITOR, AUDITOR, ADMINISTRATOR = "viewer", "editor", "auditor", "administrator"
ROLES = (NOBODY, VIEWER, EDITOR, AUDITOR, ADMINISTRATOR)

ALL = set(ROLES)
SIGNED_IN = ALL - {NOBODY}
WRITE = {EDITOR, ADMINISTRATOR}
TAKE_OUT = {EDITOR, AUDITOR, ADMINISTRATOR}
READ_EVENTS = {AUDITOR, ADMINISTRATOR}
MANAGE = {ADMINISTRATOR}
REVIEW = {AUDITOR, ADMINISTRATOR}

#: Of every view of a model: method of the view -> request -> roles.
RECORDS = {
    "index_view": {"GET": SIGNED_IN},
    "details_view": {"GET": SIGNED_IN},
    "timeline_view": {"GET": SIGNED_IN},
    "compare_view": {"GET": SIGNED_IN},
    "newest_view": {"GET": WRITE},
    "create_view": {"GET": WRITE, "POST": WRITE},
    "edit_view": {"GET": WRITE, "POST": WRITE},
    "delete_view": {"POST": WRITE},
    "restore_view": {"GET": WRITE, "POST": WRITE},
    "undo_view": {"GET": WRITE, "POST": WRITE},
    "action_view": {"POST": WRITE},
    "export": {"GET": TAKE_OUT},
    "file_view": {"GET": SIGNED_IN},
    "lookup_view": {"GET": WRITE},
}
#: Every other endpoint.
SITE = {
    "static": {"GET": ALL},
    "admin.static": {"GET": ALL},
    "health": {"GET": ALL},
    "home": {"GET": SIGNED_IN},
    "admin.index": {"GET": SIGNED_IN},
    "security.login": {"GET": ALL, "POST": ALL},
    "security.logout": {"POST": SIGNED_IN},
    "security.change_password": {"GET": SIGNED_IN, "POST": SIGNED_IN},  # own
    "security.verify": {"GET": SIGNED_IN, "POST": SIGNED_IN},  # own
    "sign_in_code": {"GET": ALL, "POST": ALL},  # after the password
    "second_step": {"GET": SIGNED_IN, "POST": SIGNED_IN},  # own
    "second_step_off": {"POST": SIGNED_IN},  # own
    "recovery_codes": {"POST": SIGNED_IN},  # own
    "sign_in_passkey": {"POST": ALL},
    "passkeys": {"GET": SIGNED_IN, "POST": SIGNED_IN},  # own
    "remove_passkey": {"POST": SIGNED_IN},  # own
    "set_up": {"GET": ALL, "POST": ALL},  # with a token from the console
    "forgotten": {"GET": ALL, "POST": ALL},
    "new_password": {"GET": ALL, "POST": ALL},  # with the token of a link: other
    "search.index_view": {"GET": SIGNED_IN},
    "integrity.index_view": {"GET": SIGNED_IN},
    "integrity.model_view": {"GET": SIGNED_IN},
    "integrity.repair_view": {"GET": MANAGE, "POST": MANAGE},
    "changes.index_view": {"GET": SIGNED_IN},
    "changes.change_view": {"GET": SIGNED_IN},
    "changes.undo_view": {"GET": WRITE, "POST": WRITE},
    "reads.index_view": {"GET": READ_EVENTS},
    "review.index_view": {"GET": REVIEW},
    "review.all_view": {"GET": REVIEW, "POST": REVIEW},
    # what was said is read by all; an auditor adds to it, and who may edit answers
    "review.change_view": {"GET": SIGNED_IN, "POST": WRITE | REVIEW},
    "mine.index_view": {"GET": SIGNED_IN},  # own
    "report.index_view": {"GET": REVIEW},
    "report.export": {"GET": REVIEW},
    "accounts.index_view": {"GET": MANAGE},
    "accounts.new_view": {"GET": MANAGE, "POST": MANAGE},
    "accounts.account_view": {"GET": MANAGE},  # own and other
    "accounts.roles_view": {"POST": MANAGE},  # own and other
    "accounts.password_view": {"POST": MANAGE},  # own and other
    "accounts.active_view": {"POST": MANAGE},  # own and other
    "accounts.link_view": {"POST": MANAGE},  # own and other
    "accounts.step_view": {"POST": MANAGE},  # own and other
    "events.index_view": {"GET": READ_EVENTS},
}


def rule_of(endpoint: str, models: set[str]) -> dict[str, set[str]] | None:
    """The table's word on an endpoint; None where it has none."""
    view, _, method = endpoint.rpartition(".")
    return RECORDS.get(method) if view in models else SITE.get(endpoint)
