"""Alembic's scripts: how a database becomes what ``glancepipe.db.models`` says."""
