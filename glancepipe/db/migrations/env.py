"""Alembic's environment: migrates over the connection, and in the transaction, that ``glancepipe.db.schema`` hands in."""

from typing import Any

from alembic import context

from glancepipe.db.schema import VERSION_TABLE


def _tell(*given: Any, step: Any = None, **more: Any) -> None:
    context.config.attributes["say"](f"Revision {step.up_revision_id} is done: {step.up_revision.doc}")


# The caller commits; that makes an upgrade all or nothing where the database can undo DDL (SQLite, PostgreSQL).
context.configure(
    connection=context.config.attributes["connection"], version_table=VERSION_TABLE, transactional_ddl=False, on_version_apply=_tell
)
context.run_migrations()
