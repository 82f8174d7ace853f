"""Alembic's environment: migrates over the connection, and in the transaction, that ``glancepipe.db.schema`` hands in."""

from alembic import context

from glancepipe.db.schema import VERSION_TABLE

# The caller commits; that makes an upgrade all or nothing where the database can undo DDL (SQLite, PostgreSQL).
context.configure(connection=context.config.attributes["connection"], version_table=VERSION_TABLE, transactional_ddl=False)
context.run_migrations()
