"""Brings a database from one version of the models to the next, by revisions that Alembic runs.

The software's own tables and each app have revisions of their own, numbered one after the other,
and a table that says where the database stands: apps come and go without knowing of each other. An
app without revisions is brought no further than to tables that are missing.
"""

from .alone import alone
from .branches import SOFTWARE, Branch, branch_of, branches
from .differences import differences
from .position import Unfit, make_tables, position
from .upgrading import UpgradeFailed, upgrade
from .writing import write_revision

__all__ = [
    "SOFTWARE",
    "Branch",
    "Unfit",
    "UpgradeFailed",
    "alone",
    "branch_of",
    "branches",
    "differences",
    "make_tables",
    "position",
    "upgrade",
    "write_revision",
]
