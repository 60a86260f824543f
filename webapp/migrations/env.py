"""Alembic runs this to run, or to write, the revisions of one branch (`Branch.config`).

It works on the connection that it is given, in the transaction that is open there.
"""

from alembic import context

from webapp.migrations import operations  # noqa: F401  what revisions may say besides Alembic's own

given = context.config.attributes
context.configure(connection=given["connection"], **given["options"])
with context.begin_transaction():
    context.run_migrations()
