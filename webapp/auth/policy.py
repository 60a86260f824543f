"""Who may do what: the one place that answers it. What nothing here grants is denied.

A role grants permissions on all models; a view may say otherwise for its model (`permissions`), and
keep fields from a role's eyes (`hidden_fields`) or hands (`read_only_fields`). An account with
several roles may do what any of them may, and a field is kept from it only if all of them do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Role(StrEnum):
    """What an account is for."""

    VIEWER = "viewer"
    EDITOR = "editor"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


class Permission(StrEnum):
    """What may be done with the records of a model."""

    SEE = "see"
    CREATE = "create"
    EDIT = "edit"
    DELETE = "delete"
    RESTORE = "restore"
    BULK = "bulk"
    EXPORT = "export"
    REVIEW = "review"


#: What belongs to no model: the events of accounts, the accounts themselves, the repair of what is
#: stored beside the data, and the log of who looked at it.
READ_EVENTS = "read events"
MANAGE_ACCOUNTS = "manage accounts"
REPAIR_FLAGS = "repair flags"
SEE_READERS = "see readers"
OF_THE_SITE = frozenset({READ_EVENTS, MANAGE_ACCOUNTS, REPAIR_FLAGS, SEE_READERS})

P = Permission
EDITING = {P.SEE, P.CREATE, P.EDIT, P.DELETE, P.RESTORE, P.BULK, P.EXPORT}
GRANTED: Mapping[str, frozenset[Permission]] = {
    Role.VIEWER: frozenset({P.SEE}),
    Role.EDITOR: frozenset(EDITING),
    Role.AUDITOR: frozenset({P.SEE, P.EXPORT, P.REVIEW}),
    Role.ADMINISTRATOR: frozenset(Permission),
}
SITE: Mapping[str, frozenset[str]] = {
    Role.AUDITOR: frozenset({READ_EVENTS, SEE_READERS}),
    Role.ADMINISTRATOR: OF_THE_SITE,
}
ABOUT = {
    Role.VIEWER: "looks at records and their history",
    Role.EDITOR: "creates, edits, deletes and restores records, one or many, and exports them",
    Role.AUDITOR: (
        "looks at everything, exports it, reviews changes, reads the events of accounts and who"
        " looked at what"
    ),
    Role.ADMINISTRATOR: "does what all others do, manages the accounts, and repairs flags",
}


@dataclass(frozen=True)
class Rules:
    """What a view says of its model, by role. Roles that it does not name keep what they have.

    Raises ValueError for a role or permission that there is not.
    """

    permissions: Mapping[str, Iterable[str]] = field(default_factory=dict)
    hidden: Mapping[str, Iterable[str]] = field(default_factory=dict)
    read_only: Mapping[str, Iterable[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        known = set(Role)
        for by_role in (self.permissions, self.hidden, self.read_only):
            if unknown := set(by_role) - known:
                raise ValueError(f"There is no role {sorted(unknown)}: use {sorted(known)}.")
            if any(isinstance(names, str) for names in by_role.values()):
                raise ValueError(f"{by_role}: give each role a list of names.")
        asked = {name for names in self.permissions.values() for name in names}
        if unknown := asked - set(Permission):
            raise ValueError(f"There is no permission {sorted(unknown)}.")


NO_RULES = Rules()


def roles_of(account: Any) -> frozenset[str]:
    """The roles of an account; none for nobody, a disabled account, or a role that there is not."""
    if account is None or not getattr(account, "is_authenticated", False) or not account.active:
        return frozenset()
    return frozenset(each.name for each in account.roles) & frozenset(Role)


def allows(roles: Iterable[str], permission: str, rules: Rules = NO_RULES) -> bool:
    """Whether one of the roles grants the permission on a model with these rules."""
    return any(permission in rules.permissions.get(role, GRANTED.get(role, ())) for role in roles)


def allows_site(roles: Iterable[str], what: str) -> bool:
    """Whether one of the roles grants what belongs to no model."""
    return any(what in SITE.get(role, ()) for role in roles)


def hidden(roles: Iterable[str], rules: Rules) -> frozenset[str]:
    """The fields that the roles may not see."""
    return _for_all(roles, rules.hidden)


def read_only(roles: Iterable[str], rules: Rules) -> frozenset[str]:
    """The fields that the roles may not write: those that they may not see among them."""
    return _for_all(roles, rules.read_only, rules.hidden)


def _for_all(roles: Iterable[str], *kept: Mapping[str, Iterable[str]]) -> frozenset[str]:
    found = [frozenset(name for names in kept for name in names.get(role, ())) for role in roles]
    return frozenset.intersection(*found) if found else frozenset()
