"""Tombstones: the ids of images whose rows were purged."""

import sqlalchemy as sa

from glancepipe.db.migrations.tables import make_table

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    make_table(
        "glancepipe_tombstones",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("purged_at", sa.DateTime, nullable=False),
    )
