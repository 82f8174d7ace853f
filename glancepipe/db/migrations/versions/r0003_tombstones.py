"""Tombstones: the ids of images whose rows were purged."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "glancepipe_tombstones",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("purged_at", sa.DateTime, nullable=False),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
    )
